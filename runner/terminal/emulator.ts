/**
 * The true screen of one program: an emulator that applies output and resizes in order, answers the program's
 * queries and can say what it shows. Knows no PTY, no link and no viewer.
 */
import serialize from '@xterm/addon-serialize';
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { scrollbackLines } from '#protocol/terminal-frame.ts';
import { coreOf, type XtermCore } from './xterm-core.ts';

export interface EmulatorOptions {
  cols: number;
  rows: number;
  /** Bytes the terminal sends to its program in answer to a query. */
  onReply: (text: string) => void;
}

export class Emulator {
  readonly #terminal: headless.Terminal;
  readonly #core: XtermCore;
  readonly #serialize = new serialize.SerializeAddon();
  #offset = 0;
  #resizes = 0;

  constructor(options: EmulatorOptions) {
    const { cols, rows } = options;
    this.#terminal = new headless.Terminal({
      cols,
      rows,
      scrollback: scrollbackLines,
      allowProposedApi: true,
      logLevel: 'off',
      windowOptions: { getWinSizeChars: true },
    });
    this.#terminal.loadAddon(new unicode11.Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    this.#terminal.loadAddon(this.#serialize as unknown as headless.ITerminalAddon);
    this.#terminal.onData(options.onReply);
    this.#core = coreOf(this.#terminal);
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

  /** Applies output at once. */
  write(data: Uint8Array): void {
    this.#core._inputHandler.parse(data);
    this.#offset += data.length;
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    this.#resizes++;
  }

  /** Bytes that draw this screen on a reset emulator of the same size. */
  draw(): Uint8Array {
    return new TextEncoder().encode(this.#serialize.serialize());
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

  dispose(): void {
    this.#terminal.dispose();
  }
}
