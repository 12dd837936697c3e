/**
 * Shows an emulator's screen in a window of any size by rewriting the rows that changed. Nothing of the program's output
 * reaches the real terminal but characters and their styles. Pure but for what it remembers to have drawn.
 */
import type { IBuffer, IBufferCell } from '@xterm/headless';
import { printable } from '../io.ts';
import type { Size } from '../terminal/size.ts';
import type { LocalModes, ProgramModes, Seating } from './local-mode.ts';
import { drawRow } from './row.ts';

/** What is to be shown. */
export interface Picture extends Size {
  buffer: IBuffer;
  modes: ProgramModes;
}

/** Words of ours over or below the program's screen. */
export interface Captions {
  /** Shown in the last row of the window, over whatever is there. */
  notice: string | null;
  /** Shown only where a row is free. */
  hint: string;
}

const move = (x: number, y: number): string => `\x1b[${y + 1};${x + 1}H`;

/** The first row or column to show of `full`, so that `at` is in view; moves no further than it has to. */
function scrollTo(at: number, before: number, full: number, room: number): number {
  const least = Math.max(0, at - room + 1);
  return Math.min(Math.max(Math.min(before, at), least), Math.max(0, full - room));
}

const caption = (text: string, cols: number, style: string): string =>
  `${style}${printable(text).slice(0, cols).padEnd(cols)}\x1b[0m`;

export class Painter {
  #window: Size;
  /** Rows of the window as drawn last; empty: unknown. */
  #drawn: string[] = [];
  #top = 0;
  #left = 0;
  #scratch: IBufferCell | undefined;
  readonly #modes: LocalModes;

  constructor(window: Size, modes: LocalModes) {
    this.#window = window;
    this.#modes = modes;
  }

  get window(): Size {
    return this.#window;
  }

  resize(window: Size): void {
    this.#window = window;
    this.forget();
  }

  /** Nothing is known of what the window shows. */
  forget(): void {
    this.#drawn = [];
    this.#modes.forget();
  }

  /** What has to be written so that the window shows `picture`. */
  paint(picture: Picture, captions: Captions, seating: Seating): string {
    const { cols, rows } = this.#window;
    const { buffer } = picture;
    const x = Math.min(buffer.cursorX, picture.cols - 1);
    this.#top = scrollTo(buffer.cursorY, this.#top, picture.rows, rows);
    this.#left = scrollTo(x, this.#left, picture.cols, cols);
    const clear = this.#drawn.length === 0 ? '\x1b[0m\x1b[2J' : '';
    const wanted = this.#rows(picture, captions);
    const changed = wanted.map((row, y) => (row === this.#drawn[y] ? '' : move(0, y) + row)).join('');
    this.#drawn = wanted;
    const isHidden = picture.modes.isCursorHidden;
    const cursor = move(x - this.#left, buffer.cursorY - this.#top) + (isHidden ? '' : '\x1b[?25h');
    return `\x1b[?2026h\x1b[?25l${clear}${changed}${this.#modes.follow(picture.modes, seating)}${cursor}\x1b[?2026l`;
  }

  #rows({ buffer, ...remote }: Picture, { notice, hint }: Captions): string[] {
    const { cols, rows } = this.#window;
    this.#scratch ??= buffer.getNullCell();
    const scratch = this.#scratch;
    const drawn = Array.from({ length: rows }, (_, y) => {
      const line = this.#top + y < remote.rows ? buffer.getLine(buffer.baseY + this.#top + y) : undefined;
      return line ? drawRow(line, scratch, this.#left, cols) : '\x1b[K';
    });
    if (notice !== null) drawn[rows - 1] = caption(notice, cols, '\x1b[0;7m');
    else if (rows > remote.rows) drawn[rows - 1] = caption(hint, cols, '\x1b[0;2m');
    return drawn;
  }
}
