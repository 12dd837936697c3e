/** Draws the cells of one line with a cursor that stands in that line. Knows nothing of lines above and below. */
import type { CoreLine, XtermCore } from '#protocol/xterm-core.ts';
import { Cells, colourMask } from './cell.ts';
import { type Pen, plainInk } from './pen.ts';

/** What a row holds before it is drawn: blanks of one background, except for the first `dirty` cells. */
export interface Ground {
  bg: number;
  dirty: number;
}

export const cleanGround: Ground = { bg: 0, dirty: 0 };

/** Breaks a character off from the one before it, so that it does not join it. Terminals ignore it otherwise. */
const apart = '\0';
const wideBlank = '\u3000';

export class RowPainter {
  readonly #core: XtermCore;
  readonly #cols: number;
  readonly #write: (text: string) => void;
  readonly pen: Pen;
  /** Column of the cursor; `cols` after the last column was written. */
  x = 0;

  constructor(core: XtermCore, pen: Pen, write: (text: string) => void) {
    this.#core = core;
    this.#cols = core.cols;
    this.#write = write;
    this.pen = pen;
  }

  moveTo(x: number): void {
    if (x === this.x) return;
    if (x > this.x) this.#write(x - this.x === 1 ? '\x1b[C' : `\x1b[${x - this.x}C`);
    else this.#write(x === 0 ? '\r' : `\x1b[${x + 1}G`);
    this.x = x;
  }

  #print(text: string, width: number): void {
    this.#write(text);
    this.x += width;
  }

  /** Draws the line; every cell ends as it is in the source. The cursor stays behind the last thing drawn. */
  paint(line: CoreLine, ground: Ground): void {
    const cells = new Cells(line);
    let end = this.#cols;
    while (end > 1 && cells.isStained(end - 1)) end--;
    this.#paintRange(cells, 0, end, ground);
    if (end === this.#cols) return;
    for (let x = this.#cols - 1; x >= end; x--) this.#stainFromLeft(cells, x);
    // The last of them spoiled the cell before it. That one is not stained, except in a row that is nothing else.
    const spoiled = cells.isSecondHalf(end - 1) ? end - 2 : end - 1;
    if (cells.isStained(spoiled)) this.#blankRun(cells, spoiled, end, () => true);
    else this.#paintRange(cells, spoiled, end, { ...ground, dirty: end });
  }

  /** From left to right. */
  #paintRange(cells: Cells, from: number, end: number, ground: Ground): void {
    let { dirty } = ground;
    for (let x = from; x < end; ) {
      if (cells.hasText(x)) {
        x += this.#printRun(cells, x, end);
      } else if (cells.isStained(x)) {
        this.#stainFromRight(cells, x);
        dirty = Math.max(dirty, x + 2);
        x++;
      } else {
        const mustErase = (at: number) => at < dirty || (cells.bg(at) & colourMask) !== ground.bg;
        x += this.#blankRun(cells, x, end, mustErase);
      }
    }
  }

  /** Prints from `x` as long as cells have text; returns how many columns that took. */
  #printRun(cells: Cells, from: number, end: number): number {
    this.moveTo(from);
    let x = from;
    while (x < end && cells.hasText(x)) {
      this.dipInto(cells, x);
      const run = cells.extended(x) === null ? cells.simpleRun(x, end) : '';
      if (run === '') this.#printCell(cells, x);
      else this.#print(run, run.length);
      x += run.length || cells.width(x);
    }
    return x - from;
  }

  #printCell(cells: Cells, x: number): void {
    const code = cells.code(x);
    const isMark = code >= 0x300 && this.#core.unicodeService._providers['11']?.wcwidth(code) === 0;
    this.#print(isMark ? apart + cells.text(x) : cells.text(x), cells.width(x));
  }

  /** Erases or skips equal blanks from `x`; returns how many. */
  #blankRun(cells: Cells, from: number, end: number, isErasing: (x: number) => boolean): number {
    const bg = cells.bg(from) & colourMask;
    const mustErase = isErasing(from);
    const isAlike = (x: number) =>
      !cells.hasText(x) && !cells.isStained(x) && (cells.bg(x) & colourMask) === bg && isErasing(x) === mustErase;
    let length = 1;
    while (from + length < end && isAlike(from + length)) length++;
    if (!mustErase) return length;
    this.moveTo(from);
    if ((this.pen.ink.bg & colourMask) !== bg) this.pen.set({ ...plainInk, bg });
    this.#write(length === 1 ? '\x1b[X' : `\x1b[${length}X`);
    return length;
  }

  /** Takes the ink of a cell. */
  dipInto(cells: Cells, x: number): void {
    const fg = cells.fg(x);
    const bg = cells.bg(x);
    if (!this.pen.isSet(fg, bg)) this.pen.set(this.pen.inkOf(fg, bg, cells.extended(x)));
  }

  /** Overwriting the right half of a wide character leaves its left half blank in the pen's colours. */
  #stainFromRight(cells: Cells, x: number): void {
    this.moveTo(x);
    this.dipInto(cells, x);
    this.#print(wideBlank, 2);
    this.moveTo(x + 1);
    this.#print(' ', 1);
  }

  /** The same the other way round: spoils the cell before `x` instead of the one behind it. */
  #stainFromLeft(cells: Cells, x: number): void {
    this.moveTo(x - 1);
    this.dipInto(cells, x);
    this.#print(wideBlank, 2);
    this.moveTo(x - 1);
    this.#print(' ', 1);
  }

  /**
   * Goes on in the next row as its continuation, so that both are one line to a resize. Returns what that row holds
   * then; `isScrolling` says that it is a new one.
   */
  wrap(line: CoreLine, next: CoreLine, isScrolling: boolean): Ground {
    const cells = new Cells(line);
    const last = this.#cols - 1;
    if (!cells.hasText(last) && !cells.isSecondHalf(last)) return this.#wrapEarly(cells, last, isScrolling);
    if (this.x !== this.#cols) this.#reprintLast(cells);
    this.pen.set(plainInk);
    this.#write(' \r');
    this.x = 0;
    return { bg: 0, dirty: new Cells(next).hasText(0) ? 0 : 1 };
  }

  /** A wide character that does not fit leaves the last column blank in the pen's colours. */
  #wrapEarly(cells: Cells, last: number, isScrolling: boolean): Ground {
    this.moveTo(last);
    this.dipInto(cells, last);
    this.#write(`${wideBlank}\r`);
    this.x = 0;
    return { bg: isScrolling ? this.pen.ink.bg & colourMask : 0, dirty: 2 };
  }

  #reprintLast(cells: Cells): void {
    const last = this.#cols - 1;
    const x = cells.isSecondHalf(last) ? last - 1 : last;
    this.moveTo(x);
    this.#printRun(cells, x, this.#cols);
  }
}
