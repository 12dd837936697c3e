/** What stands at the right of an item's line: how it ended and how long it took, or what it waits for. */

import { ExactText } from '#components/ui/exact-text.tsx';
import { formatDuration, formatNoun } from '#components/ui/format.ts';
import { useNow } from '#components/ui/use-now.ts';
import { visibleLine } from '#protocol/visible-text.ts';
import { lineCounts } from './diff-text.tsx';
import { itemDuration } from './item-title.ts';
import type { ItemRow, Verdict } from './timeline-row.ts';

export function ItemOutcome({ row }: { row: ItemRow }) {
  const { end, heldSince, item } = row;
  const took = item.kind === 'reasoning' ? null : itemDuration(row);
  const ended = end && <Ended row={row} end={end} />;
  return (
    <span className="num min-w-0 max-w-[62%] truncate text-ink-3 text-xs">
      {heldSince !== null
        ? // A question tells it itself, below.
          row.question === null && <Since at={heldSince} words="waits for a verdict" className="text-needs" />
        : (ended ?? <Since at={row.at} className="text-working" />)}
      {took !== null && ended !== null && `, ${took}`}
    </span>
  );
}

/** Words and how long it goes on, from the first second. */
function Since({ at, words, className }: { at: string; words?: string; className: string }) {
  const now = useNow('fine');
  const ms = now - Date.parse(at);
  const elapsed = now === 0 || ms < 1_000 ? null : formatDuration(ms);
  return <span className={className}>{[words, elapsed].filter(Boolean).join(', ')}</span>;
}

/** "denied by push-asks: not on main". */
export const denialWords = ({ rule, reasons }: Verdict): string =>
  `denied by ${rule}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;

function Ended({ row, end }: { row: ItemRow; end: NonNullable<ItemRow['end']> }) {
  const { item, verdict } = row;
  if (end.status === 'denied') {
    const words = verdict?.verdict === 'deny' ? denialWords(verdict) : 'denied';
    return (
      <span title={visibleLine(words)} className="text-problem">
        <ExactText text={words} />
      </span>
    );
  }
  if (end.status === 'interrupted') return 'interrupted';
  if (end.exitCode !== null && end.exitCode !== 0) return <span className="text-problem">exit {end.exitCode}</span>;
  if (end.status === 'failed') return <span className="text-problem">failed</span>;
  if (verdict?.command) return 'ran another command';
  if (item.kind === 'edit') return <Changed text={end.text ?? ''} />;
  if (item.kind === 'reasoning' || item.kind === 'notice') return null;
  const lines = end.text ? end.text.replace(/\n$/, '').split('\n').length : 0;
  return lines === 0 ? 'done' : formatNoun(lines, 'line');
}

function Changed({ text }: { text: string }) {
  const { added, removed } = lineCounts(text);
  if (added + removed === 0) return 'done';
  return (
    <>
      <span className="text-done">+{added}</span> <span className="text-problem">−{removed}</span>
    </>
  );
}
