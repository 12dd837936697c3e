/** What an item's line opens to: the whole command, the verdict on it, and its output, diff or thoughts. */
import { CopyButton } from '#components/ui/copy-button.tsx';
import { ExactText } from '#components/ui/exact-text.tsx';
import { Markdown } from '#components/ui/markdown.tsx';
import { allowedBy } from '#protocol/action-view.ts';
import { adviceOn } from '#protocol/egress-text.ts';
import { DiffText } from './diff-text.tsx';
import { denialWords } from './item-outcome.tsx';
import { useItemText } from './item-texts.tsx';
import { itemTitle } from './item-title.ts';
import type { ItemRow, Verdict } from './timeline-row.ts';

/** Lines of output that are shown. */
const maxLines = 400;

const blockClass = 'mono-xs whitespace-pre-wrap rounded-2 bg-well px-3 py-2 [overflow-wrap:anywhere]';

export interface ItemDetailProps {
  row: ItemRow;
  /** Names by person's id. */
  names: ReadonlyMap<string, string>;
}

export function ItemDetail({ row, names }: ItemDetailProps) {
  const live = useItemText(row.key);
  const { item, end, verdict } = row;
  const text = end?.text ?? live;
  const { subject, isCode } = itemTitle(row);
  return (
    <div className="mt-0.5 mb-1.5 ml-[18px] flex flex-col gap-1.5">
      {isCode && subject !== '' && (
        <pre className={blockClass}>
          <ExactText text={item.command ?? subject} />
        </pre>
      )}
      {verdict && <VerdictLine verdict={verdict} names={names} isHeld={row.heldSince !== null} />}
      {text === '' ? (
        <p className="text-ink-3 text-xs">{end === null ? 'nothing yet' : 'no output'}</p>
      ) : (
        <Text text={text} kind={item.kind} isOpen={end === null} />
      )}
    </div>
  );
}

interface VerdictLineProps extends Pick<ItemDetailProps, 'names'> {
  verdict: Verdict;
  isHeld: boolean;
}

export function VerdictLine({ verdict, names, isHeld }: VerdictLineProps) {
  const { command, rule, allowedBy: by } = verdict;
  if (rule.startsWith(`${allowedBy}:`)) {
    const who = by === null ? 'earlier' : `by ${names.get(by) ?? 'someone'}`;
    return <p className="text-ink-2 text-xs">Allowed for this session {who}</p>;
  }
  if (verdict.verdict === 'allow') {
    return command === null ? null : (
      <p className="text-ink-2 text-xs">
        Allowed by {verdict.rule} as{' '}
        <code>
          <ExactText text={command} />
        </code>
      </p>
    );
  }
  const advice = verdict.verdict === 'deny' ? adviceOn(rule) : null;
  const asked = `asked by ${verdict.rule}${verdict.reasons.length > 0 ? `: ${verdict.reasons.join('; ')}` : ''}`;
  return (
    <p
      className={`text-xs first-letter:uppercase ${verdict.verdict === 'deny' ? 'text-problem' : isHeld ? 'text-needs' : 'text-ink-2'}`}
    >
      <ExactText text={verdict.verdict === 'deny' ? denialWords(verdict) : isHeld ? `a person is ${asked}` : asked} />
      {advice !== null && <span className="text-ink-2">. What to do: {advice}</span>}
    </p>
  );
}

function Text({ text, kind, isOpen }: { text: string; kind: ItemRow['item']['kind']; isOpen: boolean }) {
  if (kind === 'reasoning') {
    return (
      <div className="text-ink-2">
        <Markdown text={text} isOpen={isOpen} />
      </div>
    );
  }
  const lines = text.split('\n');
  const shown = lines.slice(-maxLines).join('\n');
  return (
    <>
      {lines.length > maxLines && (
        <p className="text-ink-3 text-xs">
          the last {maxLines} of {lines.length} lines
        </p>
      )}
      <div className="relative">
        {kind === 'edit' ? (
          <DiffText text={shown} />
        ) : (
          <pre className={`${blockClass} max-h-96 overflow-auto`}>
            <ExactText text={shown} layout={'\t\n'} />
          </pre>
        )}
        <span className="absolute top-0.5 right-0.5 max-wide:hidden">
          <CopyButton text={text} label="Copy the output" />
        </span>
      </div>
    </>
  );
}
