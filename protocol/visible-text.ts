/** Text whose every character shows: what a reader would not see is named. Pure. */

/** `hidden` parts are names of characters that do not show, or that turn what stands beside them. */
export interface TextPart {
  kind: 'shown' | 'hidden';
  text: string;
}

/**
 * Controls, bidi and zero-width characters, odd blanks, half characters and what is none, and letters and signs that are
 * drawn as nothing: the braille blank, the null notehead, the Khitan filler. A line feed is named where it ends the text.
 */
const hiddenPattern =
  /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}|\p{Default_Ignorable_Code_Point}|\p{Noncharacter_Code_Point}|[\u2800\u{1d159}\u{16fe4}]|\n$/u;
const eachHidden = new RegExp(hiddenPattern, 'gu');

const known: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' };

const nameOf = (char: string): string =>
  known[char] ?? `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The parts of `text` in order. Characters of `layout` stand as they are: tabs and line feeds in what has many lines. */
export function visibleParts(text: string, layout = ''): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: char, index } of text.matchAll(eachHidden)) {
    if (layout.includes(char)) continue;
    if (index > from) parts.push({ kind: 'shown', text: text.slice(from, index) });
    parts.push({ kind: 'hidden', text: nameOf(char) });
    from = index + char.length;
  }
  if (from < text.length) parts.push({ kind: 'shown', text: text.slice(from) });
  return parts;
}

export const hasHidden = (text: string): boolean => hiddenPattern.test(text);

/** One line of at most `most` characters, with the names in brackets, line feeds too: for places that take nothing but text. */
export function visibleLine(text: string, most = Number.POSITIVE_INFINITY): string {
  // No character becomes less than one: one more than fits is enough to know that it does not fit.
  const head = Number.isFinite(most) ? [...text.slice(0, 2 * (most + 1))].slice(0, most + 1).join('') : text;
  const named = visibleParts(head)
    .map(({ kind, text: part }) => (kind === 'shown' ? part.replaceAll('\n', '[\\n]') : `[${part}]`))
    .join('');
  const chars = [...named];
  return chars.length > most ? `${chars.slice(0, most - 1).join('')}…` : named;
}
