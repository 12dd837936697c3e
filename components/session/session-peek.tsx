/** A look into a session without leaving the list: what happened last, what its terminal shows, what can be done. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { failureOf } from '#components/api/failure.ts';
import { QuestionCard, useQuestion } from '#components/approval/session-questions.tsx';
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

export interface SessionPeekProps {
  view: SessionView;
  me: string | null;
  /** Somebody writes about what is asked, or no longer. */
  onWrite?: (isWriting: boolean) => void;
}

export function SessionPeek({ view, me, onWrite = () => undefined }: SessionPeekProps) {
  const terminal = shownTerminal(view);
  const question = useQuestion(view);
  const isWriting = question !== null && question.deciding.mode !== 'plain';
  const tell = useEffectEvent(onWrite);
  useEffect(() => {
    if (!isWriting) return;
    tell(true);
    return () => tell(false);
  }, [isWriting]);
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
          question !== null && 'max-wide:-order-1',
        )}
      >
        {question === null ? (
          <>
            {terminal && (
              <ScreenText view={view} terminal={terminal} fit={7} className="rounded-2 border border-line px-3 py-2" />
            )}
            <Terminals terminals={view.terminals} />
          </>
        ) : (
          <QuestionCard question={question} scope="list" />
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
