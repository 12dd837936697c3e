/**
 * The terminals of one runner: opens and closes them, passes their output on in order and remembers which input was
 * written. Knows the link only as something that may or may not take a message now.
 */
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import type { ClientId, SessionId, TerminalId } from '#protocol/id.ts';
import type { FromRunner, TerminalState } from '#protocol/runner-message.ts';
import { encodeFrame, type InputFrame } from '#protocol/terminal-frame.ts';
import { type Isolation, wrapProgram } from './sandbox/index.ts';
import { openTerminal, type ScreenSnapshot, type Terminal } from './terminal/index.ts';

export interface Link {
  readonly isWritable: boolean;
  send(message: FromRunner): boolean;
  sendFrame(frame: Uint8Array): boolean;
}

interface OpenRequest {
  terminalId: TerminalId;
  name: string;
  command: string[] | null;
  cols: number;
  rows: number;
}

interface Entry {
  terminal: Terminal;
  /** Next output offset to send on the current link; null until the server said what it wants. */
  next: number | null;
  /** Sizes that took effect while what is still kept was printed, oldest first; sent when `next` reaches their offset. */
  resizes: Resize[];
  /** Number of the last resize sent on the current link. */
  resized: number;
  /** Last input number written, per client. */
  written: Map<ClientId, number>;
}

interface Resize {
  /** Counts up from 1 per terminal. */
  n: number;
  offset: number;
  cols: number;
  rows: number;
}

/** Clients whose input numbers are remembered per terminal. */
const maxClients = 200;
/** How long a program gets between SIGHUP and SIGKILL, in ms. */
const closeGraceMs = 1_500;

export interface TerminalSetOptions {
  isolation: Isolation;
  sessionId: SessionId;
  link: Link;
  state: (fact: Pick<NewEvent, 'type' | 'payload'>) => void;
  log: (line: string) => void;
}

export class TerminalSet {
  readonly #entries = new Map<TerminalId, Entry>();
  readonly #options: TerminalSetOptions;
  #cwd: string | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: TerminalSetOptions) {
    this.#options = options;
  }

  /** The checkout is there: programs start in `cwd` from now on. */
  enter(cwd: string): void {
    this.#cwd = cwd;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Starts a program (null: the login shell) and states `terminal.opened`. Waits for the checkout. Idempotent by id. */
  async open(request: OpenRequest): Promise<void> {
    if (this.#cwd === null) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#entries.has(request.terminalId)) return;
    const { terminalId, name, command, cols, rows } = request;
    const program = await wrapProgram(this.#options.isolation, { command, cwd: this.#cwd ?? '/', env: process.env });
    if (this.#entries.has(terminalId)) return;
    const terminal = await openTerminal({
      ...program,
      terminalId,
      cols,
      rows,
      onOutput: (output) => this.#output(terminalId, output),
      onResized: (resized) => this.#resized(terminalId, resized),
      onExit: (exit) => this.#exited(terminalId, exit),
      onActivity: (activity) => void this.#options.link.send({ type: 'activity', terminalId, ...activity }),
    });
    const entry: Entry = { terminal, next: 0, resizes: [], resized: 0, written: new Map() };
    this.#entries.set(terminalId, entry);
    this.#options.state({ type: 'terminal.opened', payload: { terminalId, name, command, cols, rows } });
    this.pump();
  }

  async close(terminalId: TerminalId): Promise<void> {
    await this.#end(this.#running(terminalId));
  }

  async closeAll(): Promise<void> {
    const running = [...this.#entries.values()].filter((entry) => entry.terminal.isRunning);
    await Promise.all(running.map((entry) => this.#end(entry)));
  }

  resize(terminalId: TerminalId, cols: number, rows: number): void {
    const entry = this.#entries.get(terminalId);
    if (entry?.terminal.isRunning) entry.terminal.resize(cols, rows);
  }

  /** Writes input once per client and number, then acknowledges it; repeats are only acknowledged. */
  input(frame: InputFrame): void {
    const entry = this.#entries.get(frame.terminalId);
    if (!entry?.terminal.isRunning) return;
    const last = entry.written.get(frame.clientId) ?? 0;
    if (frame.n > last) {
      if (!entry.terminal.write(frame.data)) return;
      entry.written.delete(frame.clientId);
      entry.written.set(frame.clientId, frame.n);
      const oldest = entry.written.keys().next().value;
      if (entry.written.size > maxClients && oldest) entry.written.delete(oldest);
    }
    const { terminalId, clientId } = frame;
    this.#options.link.send({ type: 'input-acked', terminalId, clientId, n: Math.max(last, frame.n) });
  }

  async snapshot(terminalId: TerminalId): Promise<ScreenSnapshot> {
    const entry = this.#entries.get(terminalId);
    if (!entry) throw new AppError({ code: 'terminal.not-found', message: 'this terminal is gone' });
    return entry.terminal.snapshot();
  }

  /** Stored output may be forgotten; a finished terminal whose output is all stored is disposed of. */
  recorded(terminalId: TerminalId, offset: number): void {
    const entry = this.#entries.get(terminalId);
    if (!entry) return;
    entry.terminal.recorded(offset);
    if (!entry.terminal.isRunning && offset >= entry.terminal.end) {
      entry.terminal.dispose();
      this.#entries.delete(terminalId);
    }
  }

  states(): TerminalState[] {
    return [...this.#entries.entries()].map(([terminalId, { terminal }]) => ({
      terminalId,
      start: terminal.start,
      end: terminal.end,
      cols: terminal.cols,
      rows: terminal.rows,
      isRunning: terminal.isRunning,
    }));
  }

  /** The link is gone; nothing is sent until `resume`. */
  unlink(): void {
    for (const entry of this.#entries.values()) entry.next = null;
  }

  /** Goes on from the offsets the server has; terminals it does not name start at their oldest kept byte. */
  resume(wanted: { terminalId: TerminalId; offset: number }[]): void {
    const offsets = new Map(wanted.map(({ terminalId, offset }) => [terminalId, offset]));
    for (const [terminalId, entry] of this.#entries) {
      const next = offsets.get(terminalId) ?? entry.terminal.start;
      entry.next = next;
      entry.resized = entry.resizes.findLast((resize) => resize.offset < next)?.n ?? 0;
    }
    this.pump();
  }

  /** Sends what is due for every terminal while the link takes it. */
  pump(): void {
    for (const [terminalId, entry] of this.#entries) this.#pumpOne(terminalId, entry);
  }

  #pumpOne(terminalId: TerminalId, entry: Entry): void {
    const { link } = this.#options;
    while (entry.next !== null && link.isWritable) {
      const { terminal } = entry;
      const at = entry.next;
      if (at < terminal.start) {
        link.send({ type: 'gap', terminalId, offset: terminal.start });
        entry.next = terminal.start;
        continue;
      }
      const resize = entry.resizes.find(({ n }) => n > entry.resized);
      if (resize && resize.offset <= at) {
        link.send({ type: 'resized', terminalId, ...resize });
        entry.resized = resize.n;
        continue;
      }
      const data = terminal.read(at, resize ? resize.offset - at : undefined);
      if (data.length === 0) return;
      link.sendFrame(encodeFrame({ kind: 'output', terminalId, offset: at, data }));
      entry.next = at + data.length;
    }
  }

  #output(terminalId: TerminalId, output: { offset: number; data: Uint8Array }): void {
    const entry = this.#entries.get(terminalId);
    if (!entry) return;
    const { link } = this.#options;
    const isInOrder = entry.next === output.offset && entry.resized === (entry.resizes.at(-1)?.n ?? 0);
    if (isInOrder && link.isWritable) {
      link.sendFrame(encodeFrame({ kind: 'output', terminalId, ...output }));
      entry.next = output.offset + output.data.length;
    } else {
      this.#pumpOne(terminalId, entry);
    }
  }

  #resized(terminalId: TerminalId, resized: Resize): void {
    const entry = this.#entries.get(terminalId);
    if (!entry) return;
    const { start } = entry.terminal;
    entry.resizes = [...entry.resizes.filter((resize) => resize.offset >= start), resized];
    this.#pumpOne(terminalId, entry);
  }

  #exited(terminalId: TerminalId, exit: { exitCode: number | null; signal: number | null }): void {
    this.#options.state({ type: 'terminal.closed', payload: { terminalId, ...exit, reason: null } });
  }

  #running(terminalId: TerminalId): Entry {
    const entry = this.#entries.get(terminalId);
    if (!entry) throw new AppError({ code: 'terminal.not-found', message: 'this terminal is gone' });
    if (!entry.terminal.isRunning) throw new AppError({ code: 'terminal.closed', message: 'its program has ended' });
    return entry;
  }

  async #end(entry: Entry): Promise<void> {
    entry.terminal.kill('SIGHUP');
    const timer = setTimeout(() => entry.terminal.kill('SIGKILL'), closeGraceMs);
    await entry.terminal.ended;
    clearTimeout(timer);
  }
}
