/** Text to the letter: what does not show is a red chip with its name. */
import { visibleParts } from '#protocol/visible-text.ts';

export function ExactText({ text }: { text: string }) {
  return visibleParts(text).map(({ kind, text: part }, index) =>
    kind === 'shown' ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never move
      <span key={index} className="mx-px rounded-1 bg-problem-tint px-1 text-problem">
        {part}
      </span>
    ),
  );
}
