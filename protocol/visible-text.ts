/** Text whose every character shows: what a reader would not see is named. Pure. */

/** `hidden` parts are names of characters that do not show, or that turn what stands beside them. */
export interface TextPart {
  kind: 'shown' | 'hidden';
  text: string;
}

/** Controls, bidi and zero-width characters, odd blanks, half characters. A line feed is named and kept. */
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\p{Default_Ignorable_Code_Point}/u;

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

export const hasHidden = (text: string): boolean => hidden.test(text) || text.endsWith('\n');

/** On one line, with the names in brackets: for places that take nothing but text. */
export const visibleLine = (text: string): string =>
  visibleParts(text.replace(/\s*\n\s*/g, ' '))
    .map(({ kind, text: part }) => (kind === 'hidden' ? `[${part}]` : part))
    .join('');
