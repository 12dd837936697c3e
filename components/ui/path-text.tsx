/** A path, branch or other long word in mono, broken where a reader would break it. */
import { Fragment } from 'react';

/** Breaks after separators; a part longer than the line still breaks anywhere. */
export function PathText({ text }: { text: string }) {
  const parts = text.split(/(?<=[/_.-])/);
  return (
    <span className="mono-xs [overflow-wrap:anywhere]">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, never reordered
        <Fragment key={index}>
          {part}
          <wbr />
        </Fragment>
      ))}
    </span>
  );
}
