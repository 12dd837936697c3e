/** Text to the letter: what does not show is a red chip with its name. */
import { visibleParts } from '#protocol/visible-text.ts';

export interface ExactTextProps {
  text: string;
  /** Characters that stand as they are; `\t\n` for what has lines of its own. */
  layout?: string;
  /** How what shows is set. */
  set?: (text: string) => string;
}

const asItIs = (text: string): string => text;

export function ExactText({ text, layout = '', set = asItIs }: ExactTextProps) {
  return visibleParts(text, layout).map(({ kind, text: part }, index) =>
    kind === 'shown' ? (
      set(part)
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never move
      <span key={index} className="mx-px rounded-1 bg-problem-tint px-1 text-problem">
        {part}
      </span>
    ),
  );
}
