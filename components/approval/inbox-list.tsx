/** The left side of the inbox: what waits, riskiest first, and what was decided. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useRef } from 'react';
import type { Approval } from '#components/api/api.ts';
import { TerminalMark } from '#components/session/terminal-mark.tsx';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { formatClock } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { actionText } from '#protocol/action-text.ts';
import { visibleLine } from '#protocol/visible-text.ts';
import { effectSentence, riskOf } from './approval-facts.ts';
import { Held, VerdictMark } from './verdict-mark.tsx';

export interface InboxListProps {
  pending: readonly Approval[];
  decided: readonly Approval[];
  shown: string | null;
  selected: ReadonlyMap<string, Approval>;
  onShow: (id: string) => void;
  onSelect: (approval: Approval) => void;
}

/** Height of a row before it was drawn, px. */
const estimateSize = () => 79;

/** Only the rows near the window are drawn: a thousand may wait. */
function useWindow(pending: readonly Approval[], shown: string | null) {
  const list = useRef<HTMLDivElement>(null);
  const getItemKey = useCallback((index: number) => pending[index]?.id ?? index, [pending]);
  const virtual = useVirtualizer({
    count: pending.length,
    getScrollElement: () => list.current,
    getItemKey,
    estimateSize,
    overscan: 6,
  });
  const at = shown === null ? -1 : pending.findIndex(({ id }) => id === shown);
  const seen = useRef<string | null>(null);
  // Once, when it is shown: while somebody scrolls elsewhere its place may change again and again.
  useEffect(() => {
    if (seen.current === shown) return;
    const row = list.current?.querySelector(`[data-decided="${shown}"]`);
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
    else row?.scrollIntoView({ block: 'nearest' });
    if (at >= 0 || row) seen.current = shown;
  }, [virtual, at, shown]);
  return { list, virtual };
}

export function InboxList({ pending, decided, shown, selected, onShow, onSelect }: InboxListProps) {
  const { list, virtual } = useWindow(pending, shown);
  return (
    <div ref={list} className="min-h-0 flex-1 overflow-y-auto">
      <ul aria-label="Waiting" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const approval = pending[index];
          return approval ? (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-posinset={index + 1}
              aria-setsize={pending.length}
              className="absolute top-0 left-0 w-full border-line border-b"
              style={{ transform: `translateY(${start}px)` }}
            >
              <WaitingRow approval={approval} isShown={approval.id === shown} onShow={() => onShow(approval.id)} />
              {approval.status === 'pending' && (
                <Select
                  approval={approval}
                  isSelected={selected.has(approval.id)}
                  isFaint={selected.size === 0}
                  onSelect={onSelect}
                />
              )}
            </li>
          ) : null;
        })}
      </ul>
      {decided.length > 0 && <h2 className="px-4 pt-4 pb-1 font-medium text-2xs text-ink-3">Decided</h2>}
      <ul aria-label="Decided">
        {decided.map((approval) => (
          <li key={approval.id} data-decided={approval.id}>
            <DecidedRow approval={approval} isShown={approval.id === shown} onShow={() => onShow(approval.id)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface SelectProps {
  approval: Approval;
  isSelected: boolean;
  /** Nothing is selected, so it stays in the background. */
  isFaint: boolean;
  onSelect: (approval: Approval) => void;
}

/** The label is as large as a finger. */
function Select({ approval, isSelected, isFaint, onSelect }: SelectProps) {
  return (
    <label className="absolute right-2 bottom-1 flex size-8 items-center justify-center max-wide:right-1 max-wide:bottom-0 max-wide:size-11">
      <input
        type="checkbox"
        aria-label={`Select ${visibleLine(actionText(approval))}`}
        checked={isSelected}
        onChange={() => onSelect(approval)}
        className={classNames(
          'size-3.5 accent-(--accent-solid) max-wide:size-5',
          isFaint && 'opacity-50 focus-visible:opacity-100 hover:opacity-100',
        )}
      />
    </label>
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
          <ExactText text={actionText(approval)} />
        </span>
        <span className="flex gap-3 text-xs">
          <span
            className={classNames(
              'min-w-0 flex-1 truncate',
              approval.status === 'unknown' ? 'text-problem' : 'text-ink-2',
            )}
          >
            {approval.status === 'unknown' ? 'may have happened, look' : effectSentence(approval)}
          </span>
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
        <ExactText text={edit ?? actionText(approval)} />
      </span>
      <span className="flex-none text-ink-3 text-xs">
        {[decidedBy, ...how, decidedAt !== null && now > 0 ? formatClock(decidedAt, now) : '']
          .filter(Boolean)
          .join(', ')}
      </span>
    </button>
  );
}
