/** A look into a session without leaving the list: what happened last, what its terminal shows, what can be done. */
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { QuestionCard, waitingIn } from '#components/approval/session-questions.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { namesOf } from './event-names.ts';
import { lastRows } from './last-rows.ts';
import { ScreenText, shownTerminal } from './screen-text.tsx';
import { SessionActions } from './session-actions.tsx';
import { isOpenTerminal, placeOf, type SessionView, type TerminalView } from './session-facts.ts';
import { TerminalMark } from './terminal-mark.tsx';
import { outcomeWords } from './terminal-outcome.ts';
import { RowView } from './timeline-row-view.tsx';
import { TimelineRows } from './timeline-rows.ts';

const shownRows = 6;
const shownTerminals = 4;

export function SessionPeek({ view, me }: { view: SessionView; me: string | null }) {
  const terminal = shownTerminal(view);
  const waiting = waitingIn(view);
  return (
    <section
      id={`peek-${view.id}`}
      aria-label={`Peek into ${view.name}`}
      className="animate-[peek-open_var(--move)_var(--ease-out)] grid-cols-[minmax(0,1fr)_minmax(0,1.28fr)] border-line border-b bg-bg wide:grid max-wide:flex max-wide:flex-col"
    >
      <div className="flex min-w-0 flex-col border-line py-3 pr-5 pl-4 wide:border-r">
        <LastEvents view={view} me={me} />
      </div>
      <div
        className={classNames(
          'flex min-w-0 flex-col gap-2 py-3 pr-4 pl-5 max-wide:pl-4',
          // What is to be decided comes first where one thing stands below the other.
          waiting.length > 0 && 'max-wide:-order-1',
        )}
      >
        {waiting[0] === undefined ? (
          <>
            {terminal && (
              <ScreenText view={view} terminal={terminal} fit={7} className="rounded-2 border border-line px-3 py-2" />
            )}
            <Terminals terminals={view.terminals} />
          </>
        ) : (
          <QuestionCard key={waiting[0]} id={waiting[0]} more={waiting.length - 1} scope="list" />
        )}
        <div className="mt-auto flex items-center gap-2 pt-1">
          <span className="min-w-0 flex-1 truncate text-ink-3 text-xs">{placeOf(view)}</span>
          <SessionActions view={view} />
        </div>
      </div>
    </section>
  );
}

function LastEvents({ view, me }: { view: SessionView; me: string | null }) {
  const { data, error } = useQuery(useTRPC().session.get.queryOptions({ session: view.id }));
  if (error) return <p className="text-problem text-xs">{failureOf(error).message}</p>;
  if (!data) return null;
  const names = namesOf(data.events, data.view.members);
  const people = { names: names.people, members: data.view.members.map((member) => member.personId), me };
  return (
    // The end is what counts: of a long answer its last lines are seen.
    <section aria-label="Last events" className="-my-1.5 flex max-h-72 flex-col justify-end overflow-hidden">
      {lastRows(new TimelineRows().of(data.events), shownRows).map((row) => (
        <div key={row.key} className="flex-none">
          <RowView row={row} names={names} people={people} turnsBefore={0} />
        </div>
      ))}
    </section>
  );
}

function Terminals({ terminals }: { terminals: readonly TerminalView[] }) {
  const open = terminals.filter(isOpenTerminal);
  const shown = (open.length > 0 ? open : terminals).slice(-shownTerminals);
  if (shown.length === 0) return <p className="text-ink-2">No terminal was opened yet.</p>;
  return (
    <ul aria-label="Terminals" className="flex flex-wrap gap-x-4 gap-y-1">
      {shown.map((terminal) => (
        <li key={terminal.terminalId} className="flex items-center gap-2">
          <TerminalMark name={terminal.name} isClosed={terminal.closed !== null} />
          <span>{terminal.name}</span>
          {terminal.closed && <span className="text-ink-3 text-xs">{outcomeWords(terminal.closed)}</span>}
        </li>
      ))}
    </ul>
  );
}
