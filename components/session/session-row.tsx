/** One session in the list: two lines when it needs someone or works, one when it rests. */
import Link from 'next/link';
import type { Present } from '#components/api/api.ts';
import { AvatarRow } from '#components/person/avatar-row.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatAge } from '#components/ui/format.ts';
import { paceOf, useNow } from '#components/ui/use-now.ts';
import { ActivityLine, useActivity } from './activity.tsx';
import { commandText } from './badge.ts';
import { peopleOf } from './people.ts';
import { isOpenTerminal, placeOf, type SessionView } from './session-facts.ts';
import { StateBadge } from './state-badge.tsx';
import { TerminalMark } from './terminal-mark.tsx';

export interface SessionRowProps {
  view: SessionView;
  isTwoLine: boolean;
  isSelected: boolean;
  isPeeked: boolean;
  present: readonly Present[] | undefined;
  me: string | null;
  onFocus: () => void;
}

/** Columns of rows and their heads: title, terminals, state, people, age. */
export const rowColumns =
  'grid-cols-[minmax(150px,200px)_minmax(0,1fr)_84px_56px] full:grid-cols-[236px_184px_minmax(0,1fr)_116px_56px]';

export function SessionRow({ view, isTwoLine, isSelected, isPeeked, present, me, onFocus }: SessionRowProps) {
  return (
    <div
      className={classNames(
        'relative items-center gap-x-5 border-line border-b px-4 hover:bg-hover max-wide:flex max-wide:flex-col max-wide:items-stretch max-wide:gap-1.5 max-wide:py-3 wide:grid',
        rowColumns,
        isTwoLine ? 'wide:h-(--h-row-2)' : 'wide:h-(--h-row)',
        isSelected && 'bg-active hover:bg-active wide:outline-1 wide:outline-accent-solid wide:-outline-offset-1',
      )}
    >
      <span className="flex min-w-0 items-baseline gap-2 wide:flex-col wide:gap-px">
        <Link
          href={`/sessions/${view.id}`}
          prefetch={false}
          data-row={view.id}
          onFocus={onFocus}
          aria-keyshortcuts="Space"
          aria-describedby={`state-${view.id}`}
          {...(isPeeked && { 'aria-controls': `peek-${view.id}` })}
          className={classNames(
            'max-w-full truncate outline-none after:absolute after:inset-0 max-wide:flex-1 max-wide:font-medium max-wide:text-[15px]',
            isTwoLine && 'font-medium',
          )}
        >
          {view.name}
        </Link>
        {isTwoLine && (
          <span className="max-w-full truncate text-ink-3 text-xs leading-4 max-wide:hidden">{placeOf(view)}</span>
        )}
        <span className="num flex-none text-ink-3 text-xs wide:hidden">
          <Age at={view.createdAt} />
        </span>
      </span>
      <Terminals view={view} isTwoLine={isTwoLine} className="hidden full:flex" />
      <span id={`state-${view.id}`} className="flex min-w-0 flex-col gap-px">
        <StateBadge view={view} />
        {isTwoLine && <ActivityLine view={view} />}
      </span>
      <span className="relative flex items-center gap-2 max-wide:text-xs wide:w-fit">
        <Terminals view={view} isTwoLine={false} className="flex min-w-0 flex-1 text-ink-3 wide:hidden" />
        <AvatarRow people={peopleOf(view, present)} members={view.members.map((member) => member.personId)} me={me} />
      </span>
      <span className="num text-right text-ink-3 max-wide:hidden">
        <Age at={view.createdAt} />
      </span>
    </div>
  );
}

function Age({ at }: { at: string }) {
  const coarse = useNow('coarse');
  const now = useNow(paceOf(at, coarse));
  return now === 0 ? '' : formatAge(now - Date.parse(at));
}

interface AgentCellProps {
  agent: SessionView['turns']['agents'][number];
  count: number;
  isTwoLine: boolean;
  className: string;
}

function AgentCell({ agent, count, isTwoLine, className }: AgentCellProps) {
  return (
    <span className={classNames('min-w-0 gap-2', isTwoLine ? 'items-start' : 'items-center', className)}>
      <TerminalMark name={agent.name} />
      <span className="flex min-w-0 flex-col gap-px">
        <span className={classNames('truncate', !isTwoLine && 'text-ink-2')}>
          {agent.name}
          {count > 1 && <span className="num text-ink-3"> +{count - 1}</span>}
        </span>
        {isTwoLine && (
          <span className="truncate text-ink-3 text-xs leading-4">
            {agent.harness}
            {agent.model !== null && `, ${agent.model}`}
          </span>
        )}
      </span>
    </span>
  );
}

function Terminals({ view, isTwoLine, className }: { view: SessionView; isTwoLine: boolean; className: string }) {
  const open = view.terminals.filter(isOpenTerminal);
  const shown = open.at(-1) ?? view.terminals.at(-1);
  const activity = useActivity(view.id);
  const { agents, turn } = view.turns;
  const agent = agents.find(({ name }) => name === turn?.agent) ?? agents[0];
  if (agent) return <AgentCell agent={agent} count={agents.length} isTwoLine={isTwoLine} className={className} />;
  if (!shown) return <span className={classNames('text-ink-3', className)}>no terminal</span>;
  const more = Math.max(0, open.length - 1);
  const detail = shown.command ? commandText(shown.command) : activity?.program || 'login shell';
  return (
    <span className={classNames('min-w-0 gap-2', isTwoLine ? 'items-start' : 'items-center', className)}>
      <TerminalMark name={shown.name} isClosed={shown.closed !== null} />
      <span className="flex min-w-0 flex-col gap-px">
        <span className={classNames('truncate', !isTwoLine && 'text-ink-2')}>
          {shown.name}
          {more > 0 && <span className="num text-ink-3"> +{more}</span>}
        </span>
        {isTwoLine && <span className="truncate text-ink-3 text-xs leading-4">{shown.closed ? 'closed' : detail}</span>}
      </span>
    </span>
  );
}
