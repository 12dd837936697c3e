/** How xterm.js packs a cell and its colours into numbers. Source: its src/common/buffer/Constants.ts, version 6.0.0. */
import type { CoreExtended, CoreLine } from '#protocol/xterm-core.ts';

/** Content: 21 bits of code point, one bit for text of several code points, two bits of width. */
const codeMask = 0x1fffff;
const combinedFlag = 0x200000;
const hasContentMask = 0x3fffff;
const widthShift = 22;

/** The colour in `fg`, `bg` and underline: two bits of mode over 24 bits of value. */
export const colourMask = 0x3ffffff;
export const modeMask = 0x3000000;
export const mode256 = 0x2000000;

export const fgFlag = {
  inverse: 0x4000000,
  bold: 0x8000000,
  underline: 0x10000000,
  blink: 0x20000000,
  invisible: 0x40000000,
  strikethrough: 0x80000000,
} as const;

export const bgFlag = {
  italic: 0x4000000,
  dim: 0x8000000,
  extended: 0x10000000,
  protected: 0x20000000,
  overline: 0x40000000,
} as const;

/** Underline style 1 to 5 (single, double, curly, dotted, dashed); 0 is none. */
export const underlineStyle = (ext: number): number => (ext >>> 26) & 7;

/** Reads one line's cells in place, without copying them. */
export class Cells {
  readonly #line: CoreLine;

  constructor(line: CoreLine) {
    this.#line = line;
  }

  #content(x: number): number {
    return this.#line._data[x * 3] ?? 0;
  }

  hasText(x: number): boolean {
    return (this.#content(x) & hasContentMask) !== 0;
  }

  width(x: number): number {
    return this.#content(x) >>> widthShift;
  }

  fg(x: number): number {
    return this.#line._data[x * 3 + 1] ?? 0;
  }

  bg(x: number): number {
    return this.#line._data[x * 3 + 2] ?? 0;
  }

  /** Null unless the cell has underline style, underline colour or a link. */
  extended(x: number): CoreExtended | null {
    return this.bg(x) & bgFlag.extended ? (this.#line._extendedAttrs[x] ?? null) : null;
  }

  text(x: number): string {
    const content = this.#content(x);
    if (content & combinedFlag) return this.#line._combined[x] ?? '';
    return content & codeMask ? String.fromCodePoint(content & codeMask) : '';
  }

  /** Text of the cells from `x` on that have the look of the first and hold one simple, narrow character each. */
  simpleRun(x: number, end: number): string {
    const data = this.#line._data;
    const fg = data[x * 3 + 1];
    const bg = data[x * 3 + 2];
    const codes: number[] = [];
    for (let at = x * 3; at < end * 3 && data[at + 1] === fg && data[at + 2] === bg; at += 3) {
      const code = (data[at] ?? 0) ^ (1 << widthShift);
      // Combined and wide cells are far above, blanks are 0; marks begin at 0x300.
      if (code === 0 || code >= 0x300) break;
      codes.push(code);
    }
    return String.fromCharCode(...codes);
  }

  /** First code point; 0 for a blank. */
  code(x: number): number {
    const content = this.#content(x);
    return content & combinedFlag ? (this.#line._combined[x]?.codePointAt(0) ?? 0) : content & codeMask;
  }

  /** The right half of the wide character before it. */
  isSecondHalf(x: number): boolean {
    return x > 0 && !this.hasText(x) && this.width(x) === 0 && this.width(x - 1) === 2;
  }

  /** Blank as an erase leaves it: a background colour and nothing else. */
  isErased(x: number): boolean {
    return !this.hasText(x) && this.fg(x) === 0 && (this.bg(x) & ~colourMask) === 0;
  }

  /** Blank with more than a background, as overwriting half of a wide character leaves it. */
  isStained(x: number): boolean {
    return !this.hasText(x) && !this.isErased(x) && !this.isSecondHalf(x);
  }
}
