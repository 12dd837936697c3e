/** One item of a turn: a message as prose, everything else as one line that opens. */
import { Brain, ChevronRight, FilePen, Info, type LucideIcon, SquareTerminal, Wrench } from 'lucide-react';
import { memo, useState } from 'react';
import { classNames } from '#components/ui/class-name.ts';
import { Icon } from '#components/ui/icon.tsx';
import { Markdown } from '#components/ui/markdown.tsx';
import { ItemDetail } from './item-detail.tsx';
import { ItemOutcome } from './item-outcome.tsx';
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

export const ItemRow = memo(function ItemRow({ row }: { row: Item }) {
  const { kind } = row.item;
  const style = { paddingLeft: indent.agent + row.depth * indent.nested };
  return (
    <div style={style} className={kind === 'message' ? 'py-1 text-md' : 'py-px'}>
      {kind === 'message' ? <Message row={row} /> : <FoldedItem row={row} icon={icons[kind]} />}
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

function FoldedItem({ row, icon }: { row: Item; icon: LucideIcon }) {
  const [isOpen, setOpen] = useState(false);
  const { verb, subject, isCode } = itemTitle(row);
  return (
    <>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="focus-inside -ml-1.5 flex h-6 w-[calc(100%+6px)] items-center gap-1.5 rounded-1 px-1.5 text-left text-ink-2 hover:bg-hover hover:text-ink max-wide:h-11"
      >
        <Icon
          icon={ChevronRight}
          size={12}
          className={classNames('text-ink-3 transition-[rotate] duration-(--fast)', isOpen && 'rotate-90')}
        />
        <Icon icon={icon} size={13} className="text-ink-3" />
        {verb !== '' && <span className="flex-none">{verb}</span>}
        <span title={subject} className={classNames('min-w-0 flex-1 truncate', isCode ? 'mono-xs' : 'text-ink-3')}>
          {subject}
        </span>
        <ItemOutcome row={row} />
      </button>
      {isOpen && <ItemDetail row={row} />}
    </>
  );
}
