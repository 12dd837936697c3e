/**
 * The true screen of one program: an emulator that applies output and resizes in order, answers the program's
 * queries and can say what it shows. Knows no PTY, no link and no viewer.
 */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { scrollbackLines } from '#protocol/terminal-frame.ts';
import type { CoreCharset, XtermCore } from '#protocol/xterm-core.ts';
import { charsetLetters, drawScreen } from './draw/index.ts';
import { answerQueries } from './query-answer.ts';
import { planSkim } from './skim.ts';
import { Unfinished } from './unfinished.ts';

export interface EmulatorOptions {
  cols: number;
  rows: number;
  /** Bytes the terminal sends to its program in answer to a query. */
  onReply: (text: string) => void;
}

/** Less than this is drawn as fast as it is looked through. */
const minSkimBytes = 16 * 1024;
const carriageReturn = new Uint8Array([0x0d]);

/** Window reports that are answered; nothing may change the window. */
const windowOptions = {
  getWinState: true,
  getWinPosition: true,
  getWinSizePixels: true,
  getCellSizePixels: true,
  getWinSizeChars: true,
  getScreenSizeChars: true,
  getIconTitle: true,
  getWinTitle: true,
};

export class Emulator {
  readonly #terminal: headless.Terminal;
  readonly #exact: ExactEmulator;
  readonly #letters: ReadonlyMap<CoreCharset, string>;
  readonly #unfinished = new Unfinished();
  #offset = 0;
  #resizes = 0;

  constructor(options: EmulatorOptions) {
    const { cols, rows, onReply } = options;
    this.#terminal = new headless.Terminal({
      cols,
      rows,
      scrollback: scrollbackLines,
      allowProposedApi: true,
      logLevel: 'off',
      windowOptions,
    });
    this.#terminal.loadAddon(new unicode11.Unicode11Addon());
    this.#exact = exactEmulator(this.#terminal);
    this.#letters = charsetLetters(this.#exact.core);
    this.#terminal.onData(onReply);
    answerQueries(this.#terminal, onReply);
  }

  /** Bytes of output applied so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Resizes applied so far. */
  get resizes(): number {
    return this.#resizes;
  }

  get cols(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  get core(): XtermCore {
    return this.#exact.core;
  }

  /** Applies output at once. */
  write(data: Uint8Array): void {
    this.#exact.apply(data);
    this.#unfinished.parsed(data, this.core._inputHandler._parser.currentState);
    this.#offset += data.length;
  }

  /**
   * Applies the beginning of `data` without drawing what would scroll away unseen; returns how many bytes of it are
   * dealt with. What is shown after the rest was written is the same, cell by cell.
   */
  skim(data: Uint8Array): number {
    if (!this.#canSkim()) return 0;
    const plan = planSkim(data, scrollbackLines + 2 * this.rows);
    if (plan === null || plan.cut < minSkimBytes) return 0;
    this.#exact.apply(plan.colours);
    this.#exact.apply(carriageReturn);
    this.#offset += plan.cut;
    return plan.cut;
  }

  /** Every line feed at the bottom scrolls the whole screen, and nothing is under way that began before. */
  #canSkim(): boolean {
    const { buffers, _inputHandler: input } = this.core;
    const { active, normal } = buffers;
    const isWhole = active === normal && active.scrollTop === 0 && active.scrollBottom === this.rows - 1;
    const isBetween = input._parser.currentState === 0 && this.#exact.held.length === 0;
    return isWhole && isBetween && input._curAttrData.extended.urlId === 0;
  }

  resize(cols: number, rows: number): void {
    this.#exact.resize(cols, rows);
    this.#resizes++;
  }

  /** Bytes that bring a reset emulator of the same size into this state. */
  draw(): Uint8Array {
    const { bytes } = this.#unfinished;
    return drawScreen(this.core, this.#letters, bytes.length > 0 ? bytes : this.#exact.held);
  }

  get cursor(): { x: number; y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { x: Math.min(cursorX, this.cols - 1), y: cursorY };
  }

  /** The visible rows as text, without trailing blanks. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    const line = (row: number) => active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    return Array.from({ length: this.rows }, (_, row) => line(row));
  }

  /** The last visible line with text, whole: one that was too long for a row is on several. */
  lastLine(): string {
    const { active } = this.#terminal.buffer;
    const row = this.lines().findLastIndex((text) => text.trim() !== '');
    let text = '';
    for (let at = active.baseY + row; row >= 0 && at >= 0; at--) {
      const line = active.getLine(at);
      text = (line?.translateToString(text === '') ?? '') + text;
      if (!line?.isWrapped) break;
    }
    return text;
  }

  dispose(): void {
    this.#terminal.dispose();
  }
}
