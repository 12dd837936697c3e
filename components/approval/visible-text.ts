/** Text whose every character shows: what a reader would not see is named. Pure. */

/** `hidden` parts are names of characters that do not show, or that turn what stands beside them. */
export interface TextPart {
  kind: 'shown' | 'hidden';
  text: string;
}

/** Controls, bidi and zero-width characters, odd blanks, half characters. A line feed is named and kept. */
const hidden =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u0009\u000b-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\p{Surrogate}]/u;

const known: Readonly<Record<string, string>> = { '\t': '\\t', '\r': '\\r', '\0': '\\0' };

const nameOf = (char: string): string =>
  known[char] ?? `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The parts of `text` in order. A line feed at its very end is named, because nobody would see it. */
export function visibleParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let shown = '';
  const flush = () => {
    if (shown !== '') parts.push({ kind: 'shown', text: shown });
    shown = '';
  };
  const chars = [...text];
  for (const [index, char] of chars.entries()) {
    const isLast = char === '\n' && index === chars.length - 1;
    if (!isLast && !hidden.test(char)) {
      shown += char;
      continue;
    }
    flush();
    parts.push({ kind: 'hidden', text: isLast ? '\\n' : nameOf(char) });
  }
  flush();
  return parts;
}

export const hasHidden = (text: string): boolean => visibleParts(text).some(({ kind }) => kind === 'hidden');
