/**
 * One program on a terminal: its bytes by offset, its true screen, its size and its end. Knows neither the link the
 * bytes travel on nor the sandbox the program was wrapped in.
 */
import type { TerminalId } from '#protocol/id.ts';
import { maxOutputBytes } from '#protocol/terminal-frame.ts';
import { Activity } from './activity.ts';
import type { Emulator } from './emulator.ts';
import { OutputRing } from './output-ring.ts';
import { Pty, type PtyExit } from './pty.ts';
import { ReplyLimit } from './reply-limit.ts';
import { ScreenFeed } from './screen-feed.ts';

export interface TerminalOptions {
  terminalId: TerminalId;
  /** Program and arguments as they are executed, sandbox launcher included. */
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  cols: number;
  rows: number;
  /** Output as it arrives, in order, at most `maxOutputBytes` at a time. The bytes stay valid and never change. */
  onOutput: (output: { offset: number; data: Uint8Array }) => void;
  /** The size changed after `offset` bytes of output. `n` counts the resizes of this terminal from 1. */
  onResized: (resized: { n: number; offset: number; cols: number; rows: number }) => void;
  /** Called once, after the last `onOutput`. */
  onExit: (exit: PtyExit) => void;
  /** Last line with text (at most 400 characters, no control characters) and the foreground program; at most once a second, on change. */
  onActivity: (activity: { line: string; program: string }) => void;
  /** Milliseconds that only grow; real time when absent. */
  now?: () => number;
}

export interface ScreenSnapshot {
  /** Output applied, in bytes, and resizes applied; what comes after both is the tail. */
  offset: number;
  resizes: number;
  cols: number;
  rows: number;
  /** Bytes that draw the screen on a reset emulator of that size. */
  data: Uint8Array;
}

/** What `terminal screen` prints; `cursor` counts from 0. */
export interface ScreenText {
  offset: number;
  cols: number;
  rows: number;
  cursor: { x: number; y: number };
  lines: string[];
}

export interface Terminal {
  readonly terminalId: TerminalId;
  /** Pid of the launched process as this machine sees it. */
  readonly pid: number;
  /** Oldest byte `read` still has, and the end of output so far. */
  readonly start: number;
  readonly end: number;
  readonly cols: number;
  readonly rows: number;
  readonly isRunning: boolean;
  /** Resolves after `onExit`. */
  readonly ended: Promise<void>;
  /** Sends keys. False: the program has not read the keys it has, and these were dropped. */
  write(data: Uint8Array): boolean;
  /** Changes the size of PTY and screen; the same size again does nothing. */
  resize(cols: number, rows: number): void;
  /** Kept output from `from`, at most `max` (≤ `maxOutputBytes`) bytes; empty when there is none. */
  read(from: number, max?: number): Uint8Array;
  /** Output before `offset` is stored and may be forgotten. */
  recorded(offset: number): void;
  /** The true screen after everything that was output so far. */
  snapshot(): Promise<ScreenSnapshot>;
  screen(): Promise<ScreenText>;
  kill(signal: NodeJS.Signals): void;
  /** Frees the screen and ends the program if it still runs. */
  dispose(): void;
}

class PtyTerminal implements Terminal {
  readonly terminalId: TerminalId;
  readonly ended: Promise<void>;
  cols: number;
  rows: number;
  isRunning = true;
  readonly #options: TerminalOptions;
  readonly #pty: Pty;
  readonly #ring = new OutputRing();
  readonly #feed: ScreenFeed;
  readonly #activity: Activity;
  readonly #emulator: Promise<Emulator>;
  #arrived: Uint8Array[] = [];
  #resizes = 0;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.terminalId = options.terminalId;
    this.cols = options.cols;
    this.rows = options.rows;
    const now = options.now ?? (() => performance.now());
    let resolveEnded = () => {};
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.#pty = new Pty({
      ...options,
      onData: (data) => this.#collect(data),
      onExit: (exit) => {
        this.#flush();
        this.isRunning = false;
        options.onExit(exit);
        resolveEnded();
      },
    });
    this.#feed = new ScreenFeed({
      now,
      onPause: (isPaused) => this.#pty.setPaused(isPaused),
      onApplied: () => this.#activity.changed(),
    });
    this.#activity = new Activity({ now, onActivity: options.onActivity, program: () => this.#pty.program });
    this.#emulator = this.#load(now);
  }

  /** The emulator is loaded beside the program's start, so that neither waits for the other. */
  async #load(now: () => number): Promise<Emulator> {
    const { cols, rows } = this.#options;
    const limit = new ReplyLimit({ now, send: (bytes) => void this.#pty.write(bytes) });
    const { Emulator } = await import('./emulator.ts');
    const emulator = new Emulator({ cols, rows, onReply: (text) => limit.reply(text) });
    this.#feed.start(emulator);
    this.#activity.start(() => emulator.lastLine());
    return emulator;
  }

  get pid(): number {
    return this.#pty.pid;
  }

  get start(): number {
    return this.#ring.start;
  }

  get end(): number {
    return this.#ring.end;
  }

  write(data: Uint8Array): boolean {
    return this.#pty.write(data);
  }

  resize(cols: number, rows: number): void {
    if (!this.isRunning || (cols === this.cols && rows === this.rows)) return;
    this.#flush();
    this.cols = cols;
    this.rows = rows;
    this.#pty.resize(cols, rows);
    this.#feed.resize(cols, rows);
    this.#resizes++;
    this.#options.onResized({ n: this.#resizes, offset: this.end, cols, rows });
  }

  read(from: number, max: number = maxOutputBytes): Uint8Array {
    return this.#ring.read(from, Math.min(max, maxOutputBytes));
  }

  recorded(offset: number): void {
    this.#ring.release(offset);
  }

  async snapshot(): Promise<ScreenSnapshot> {
    this.#flush();
    const emulator = await this.#emulator;
    await this.#feed.settled();
    const { offset, resizes, cols, rows } = emulator;
    return { offset, resizes, cols, rows, data: emulator.draw() };
  }

  async screen(): Promise<ScreenText> {
    this.#flush();
    const emulator = await this.#emulator;
    await this.#feed.settled();
    const { offset, cols, rows, cursor } = emulator;
    return { offset, cols, rows, cursor, lines: emulator.lines() };
  }

  kill(signal: NodeJS.Signals): void {
    this.#pty.kill(signal);
  }

  dispose(): void {
    this.kill('SIGKILL');
    this.#activity.stop();
    void this.#emulator.then((emulator) => emulator.dispose());
  }

  /** One turn of the event loop reads many small pieces; they are passed on together, in that same turn. */
  #collect(data: Uint8Array): void {
    this.#arrived.push(data);
    if (this.#arrived.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const arrived = this.#arrived;
    if (arrived.length === 0) return;
    this.#arrived = [];
    let at = this.#ring.end;
    for (const data of arrived) this.#ring.append(data);
    while (at < this.#ring.end) {
      const data = this.#ring.read(at, maxOutputBytes);
      this.#options.onOutput({ offset: at, data });
      this.#feed.write(data);
      at += data.length;
    }
  }
}

/**
 * Starts a program on a new terminal. Output reaches `onOutput` in the turn it arrived in; the screen follows.
 * Throws AppError `launch.failed` when the PTY cannot be made.
 */
export function openTerminal(options: TerminalOptions): Terminal {
  return new PtyTerminal(options);
}
