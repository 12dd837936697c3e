/** The left side of the inbox: what waits, riskiest first, and what was decided. */
import type { Approval } from '#components/api/api.ts';
import { TerminalMark } from '#components/session/terminal-mark.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { Held, VerdictMark } from './approval-detail.tsx';
import { effectSentence, riskOf, subjectOf } from './approval-facts.ts';
import { ExactText } from './exact-text.tsx';

export interface InboxListProps {
  pending: readonly Approval[];
  decided: readonly Approval[];
  shown: string | null;
  selected: ReadonlySet<string>;
  onShow: (id: string) => void;
  onSelect: (id: string) => void;
}

export function InboxList({ pending, decided, shown, selected, onShow, onSelect }: InboxListProps) {
  return (
    <>
      <ul aria-label="Waiting">
        {pending.map((approval) => (
          <li key={approval.id} className="relative border-line border-b">
            <WaitingRow approval={approval} isShown={approval.id === shown} onShow={() => onShow(approval.id)} />
            <input
              type="checkbox"
              aria-label={`Select ${subjectOf(approval)}`}
              checked={selected.has(approval.id)}
              onChange={() => onSelect(approval.id)}
              className={classNames(
                'absolute right-4 bottom-3 size-3.5 accent-(--accent-solid) max-wide:size-5',
                selected.size === 0 && 'opacity-40 focus-visible:opacity-100 hover:opacity-100',
              )}
            />
          </li>
        ))}
      </ul>
      {decided.length > 0 && <h2 className="px-4 pt-4 pb-1 font-medium text-2xs text-ink-3">Decided</h2>}
      <ul aria-label="Decided">
        {decided.map((approval) => (
          <li key={approval.id}>
            <DecidedRow approval={approval} isShown={approval.id === shown} onShow={() => onShow(approval.id)} />
          </li>
        ))}
      </ul>
    </>
  );
}

interface RowProps {
  approval: Approval;
  isShown: boolean;
  onShow: () => void;
}

function WaitingRow({ approval, isShown, onShow }: RowProps) {
  return (
    <button
      type="button"
      aria-current={isShown}
      onClick={onShow}
      className={classNames(
        'focus-inside flex w-full gap-3 px-4 py-2.5 text-left hover:bg-hover',
        isShown && 'bg-active outline-1 outline-accent-solid -outline-offset-1 hover:bg-active',
      )}
    >
      <Risk level={riskOf(approval)} />
      <span className="flex min-w-0 flex-1 flex-col gap-[3px]">
        <span className="mono truncate leading-5">
          <ExactText text={subjectOf(approval)} />
        </span>
        <span className="flex gap-3 text-xs">
          <span className="min-w-0 flex-1 truncate text-ink-2">{effectSentence(approval)}</span>
          <span className="num flex-none text-ink-3">
            <Held at={approval.requestedAt} />
          </span>
        </span>
        <span className="flex min-w-0 items-center gap-2 pr-8 text-ink-3 text-xs">
          <TerminalMark name={approval.agent} />
          <span className="truncate">
            {approval.sessionName}, {approval.agent}
          </span>
        </span>
      </span>
    </button>
  );
}

/** Three bars; the colour is not the only sign. */
function Risk({ level }: { level: 1 | 2 | 3 }) {
  return (
    <span
      role="img"
      aria-label={`risk ${level} of 3`}
      className="flex flex-none flex-col-reverse gap-0.5 self-start pt-1.5"
    >
      {[1, 2, 3].map((bar) => (
        <span
          key={bar}
          className={classNames(
            'h-1 w-2 rounded-[1px]',
            bar > level ? 'bg-line-strong' : level === 3 ? 'bg-problem-solid' : 'bg-needs-solid',
          )}
        />
      ))}
    </span>
  );
}

function DecidedRow({ approval, isShown, onShow }: RowProps) {
  const now = useNow('coarse');
  const { status, decidedBy, decidedAt, edit, forSession } = approval;
  const how = [edit === null ? '' : 'edited', forSession ? 'for session' : ''].filter((word) => word !== '');
  return (
    <button
      type="button"
      aria-current={isShown}
      onClick={onShow}
      className={classNames(
        'focus-inside flex h-[30px] w-full items-center gap-2 px-4 text-left hover:bg-hover max-wide:h-11',
        isShown && 'bg-active',
      )}
    >
      <VerdictMark status={status} />
      <span className="mono-xs min-w-0 flex-1 truncate text-ink-2">
        <ExactText text={edit ?? subjectOf(approval)} />
      </span>
      <span className="flex-none text-ink-3 text-xs">
        {[decidedBy, ...how, decidedAt !== null && now > 0 ? formatClock(decidedAt, now) : '']
          .filter(Boolean)
          .join(', ')}
      </span>
    </button>
  );
}
