/** One item of a turn: a message as prose, everything else as one line that opens. */
import { Brain, FilePen, Info, type LucideIcon, SquareTerminal, Wrench } from 'lucide-react';
import { memo, useState } from 'react';
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import { Markdown } from '#components/ui/markdown.tsx';
import { visibleLine } from '#protocol/visible-text.ts';
import { FoldButton } from './fold-button.tsx';
import { ItemDetail } from './item-detail.tsx';
import { ItemOutcome } from './item-outcome.tsx';
import { ItemQuestion } from './item-question-view.tsx';
import { useItemText } from './item-texts.tsx';
import { itemTitle } from './item-title.ts';
import type { ItemRow as Item } from './timeline-row.ts';

const icons: Record<Exclude<Item['item']['kind'], 'message'>, LucideIcon> = {
  reasoning: Brain,
  command: SquareTerminal,
  edit: FilePen,
  tool: Wrench,
  notice: Info,
};

/** Indent of what an agent says and of each step of nesting, px. */
const indent = { agent: 26, nested: 18 };

export interface ItemRowProps {
  row: Item;
  /** Names by person's id. */
  names: ReadonlyMap<string, string>;
}

export const ItemRow = memo(function ItemRow({ row, names }: ItemRowProps) {
  const { kind } = row.item;
  const style = { paddingLeft: indent.agent + row.depth * indent.nested };
  return (
    <div style={style} className={kind === 'message' ? 'py-1 text-md' : 'py-px'}>
      {kind === 'message' ? <Message row={row} /> : <FoldedItem row={row} names={names} icon={icons[kind]} />}
    </div>
  );
});

function Message({ row: { end, key } }: { row: Item }) {
  const live = useItemText(key);
  return (
    <>
      <Markdown text={end?.text ?? live} isOpen={end === null} />
      {end !== null && end.status !== 'completed' && <p className="mt-0.5 text-ink-3 text-xs">{end.status}</p>}
    </>
  );
}

function FoldedItem({ row, names, icon }: ItemRowProps & { icon: LucideIcon }) {
  const [isOpen, setOpen] = useState(false);
  const { verb, subject, isCode } = itemTitle(row);
  return (
    <>
      <FoldButton icon={icon} isOpen={isOpen} onClick={() => setOpen(!isOpen)}>
        {verb !== '' && <span className="flex-none">{verb}</span>}
        <span
          title={visibleLine(subject)}
          className={classNames(
            'flex-1 truncate',
            // However much is said of how it ended, what it is about is read first.
            subject === '' ? 'min-w-0' : 'min-w-[34%]',
            isCode ? 'mono-xs' : 'text-ink-3',
          )}
        >
          <ExactText text={subject} />
        </span>
        <ItemOutcome row={row} />
      </FoldButton>
      {row.question && <ItemQuestion question={row.question} item={row.item} names={names} />}
      {isOpen && <ItemDetail row={row} names={names} />}
    </>
  );
}
