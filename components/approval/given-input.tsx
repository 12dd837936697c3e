/** What a tool is given, to the letter: a change line by line, or its arguments. */
import { classNames } from '#components/ui/class-name.ts';
import { ExactText } from '#components/ui/exact-text.tsx';
import type { ToolInput } from '#protocol/turn-event.ts';

export function GivenInput({ input }: { input: ToolInput | null }) {
  if (!input || input.text === '') return null;
  const isChange = /^(?:---|\+\+\+) /.test(input.text);
  return (
    <section aria-label={isChange ? 'Exact change' : 'Exact input'}>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="mono-xs max-h-96 overflow-auto whitespace-pre-wrap rounded-2 border border-line bg-well py-2 [overflow-wrap:anywhere]"
      >
        {input.text.split('\n').map((line, index) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text never move
            key={index}
            className={classNames(
              'block min-h-[1lh] px-3',
              isChange && line.startsWith('+') && 'bg-(--add-line)',
              isChange && line.startsWith('-') && 'bg-(--del-line)',
            )}
          >
            <ExactText text={line} />
          </span>
        ))}
      </pre>
      {input.left > 0 && (
        <p className="pt-1 text-needs text-xs">{input.left.toLocaleString('en')} more characters are not shown.</p>
      )}
    </section>
  );
}
