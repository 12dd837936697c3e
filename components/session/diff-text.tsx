/** A unified diff as text: removed and added lines on their colours. */
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';

const isAdded = (line: string): boolean => line.startsWith('+') && !line.startsWith('+++');
const isRemoved = (line: string): boolean => line.startsWith('-') && !line.startsWith('---');

export function lineCounts(text: string): { added: number; removed: number } {
  const lines = text.split('\n');
  return { added: lines.filter(isAdded).length, removed: lines.filter(isRemoved).length };
}

export function DiffText({ text }: { text: string }) {
  return (
    <pre className="mono-xs max-h-96 overflow-auto rounded-2 bg-well py-2">
      {text.split('\n').map((line, index) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text never move
          key={index}
          className={classNames(
            'block min-h-[1lh] px-3',
            isAdded(line) && 'bg-(--add-line)',
            isRemoved(line) && 'bg-(--del-line)',
            /^(@@|\+\+\+|---)/.test(line) && 'text-ink-3',
          )}
        >
          <ExactText text={line} layout={'\t'} />
        </span>
      ))}
    </pre>
  );
}
