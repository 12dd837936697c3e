/**
 * The terminals of one runner: opens and closes them, passes their output on in order and remembers which input was
 * written. Knows the link only as something that may or may not take a message now.
 */
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import type { ClientId, SessionId, TerminalId } from '#protocol/id.ts';
import type { FromRunner, TerminalState } from '#protocol/runner-message.ts';
import { encodeFrame, type InputFrame } from '#protocol/terminal-frame.ts';
import type { Sandbox } from './sandbox/index.ts';
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
  /** What the log says was started; absent: the command. */
  shown?: string[];
  /** Added to the environment of an agent's program; absent for whatever people start. */
  env?: Readonly<Record<string, string>>;
  /** Folder of the agent whose program it is. */
  home?: string;
}

interface Entry {
  terminal: Terminal;
  /** An agent works in it: keys are prompts. */
  isAgents: boolean;
  /** Next output offset to send on the current link; null until the server said what it wants. */
  next: number | null;
  /** Sizes that took effect while what is still kept was printed, oldest first; sent when `next` reaches their offset. */
  resizes: Resize[];
  /** Number of the last resize sent on the current link. */
  resized: number;
  /** Last input number written, per client. */
  written: Map<ClientId, number>;
  /** First input number that the program had no room for, per client: what comes after it must not overtake it. */
  dropped: Map<ClientId, number>;
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
/** Sizes remembered per terminal; a program that prints nothing would keep every one of them for ever. */
const maxResizes = 1_000;
/** Terminals of one session, ended ones included whose output is not stored yet; a hello names no more. */
const maxTerminals = 200;
/** How long a program gets between SIGHUP and SIGKILL, in ms. */
const closeGraceMs = 1_500;

export interface TerminalSetOptions {
  sandbox: Sandbox;
  /** What programs that people start are given beside what every program gets. */
  environment: () => Promise<Record<string, string>>;
  sessionId: SessionId;
  link: Link;
  /** Resolves when a program may be started. */
  going: () => Promise<void>;
  state: (fact: Pick<NewEvent, 'type' | 'payload'>) => void;
  /** Keys of a person reached a program that is no agent. */
  onTyped: () => void;
  log: (line: string) => void;
}

export class TerminalSet {
  readonly #entries = new Map<TerminalId, Entry>();
  readonly #options: TerminalSetOptions;
  #cwd: string | null = null;
  #waiting: (() => void)[] = [];
  #isClosing = false;

  constructor(options: TerminalSetOptions) {
    this.#options = options;
  }

  /** The checkout is there: programs start in `cwd` from now on. */
  enter(cwd: string): void {
    this.#cwd = cwd;
    for (const go of this.#waiting.splice(0)) go();
  }

  /**
   * Starts a program (null: the login shell) and states `terminal.opened`. Waits for the checkout. Idempotent by id.
   * Throws `session.not-running` once the terminals are being closed, `rate.exceeded` above 200 terminals.
   */
  async open(request: OpenRequest): Promise<void> {
    if (this.#cwd === null) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#entries.has(request.terminalId)) return;
    const { terminalId, name, command, cols, rows } = request;
    const program = await this.#options.sandbox.wrap({
      ...{ command, cwd: this.#cwd ?? '/' },
      more: request.env ?? (await this.#options.environment()),
      ...(request.home !== undefined && { home: request.home }),
    });
    await this.#options.going();
    if (this.#entries.has(terminalId)) return;
    this.#checkRoom();
    const terminal = openTerminal({
      ...program,
      terminalId,
      cols,
      rows,
      onOutput: (output) => this.#output(terminalId, output),
      onResized: (resized) => this.#resized(terminalId, resized),
      onExit: (exit) => this.#exited(terminalId, exit),
      onActivity: (activity) => void this.#options.link.send({ type: 'activity', terminalId, ...activity }),
    });
    const isAgents = request.env !== undefined;
    const entry = { terminal, isAgents, next: 0, resizes: [], resized: 0, written: new Map(), dropped: new Map() };
    this.#entries.set(terminalId, entry);
    this.#options.state({
      type: 'terminal.opened',
      payload: { terminalId, name, command: request.shown ?? command, cols, rows },
    });
    this.pump();
  }

  /** The terminal while its output is not all stored. */
  get(terminalId: TerminalId): Terminal | null {
    return this.#entries.get(terminalId)?.terminal ?? null;
  }

  async close(terminalId: TerminalId): Promise<void> {
    await this.#end(this.#running(terminalId));
  }

  /** Ends every program; none can be opened any more. */
  async closeAll(): Promise<void> {
    this.#isClosing = true;
    const running = [...this.#entries.values()].filter((entry) => entry.terminal.isRunning);
    await Promise.all(running.map((entry) => this.#end(entry)));
  }

  resize(terminalId: TerminalId, cols: number, rows: number): void {
    const entry = this.#entries.get(terminalId);
    if (entry?.terminal.isRunning) entry.terminal.resize(cols, rows);
  }

  /**
   * Writes input once per client and number, then acknowledges it; repeats are only acknowledged. Input that the program
   * has no room for is dropped with all that follows it, until it is sent again: there is never a hole.
   */
  input(frame: InputFrame): void {
    const entry = this.#entries.get(frame.terminalId);
    if (!entry?.terminal.isRunning) return;
    const { terminalId, clientId, n } = frame;
    const last = entry.written.get(clientId) ?? 0;
    if (n > last) {
      if (n > (entry.dropped.get(clientId) ?? n)) return;
      if (!entry.terminal.write(frame.data)) return remember(entry.dropped, clientId, n);
      entry.dropped.delete(clientId);
      remember(entry.written, clientId, n);
      if (!entry.isAgents) this.#options.onTyped();
    }
    this.#options.link.send({ type: 'input-acked', terminalId, clientId, n: Math.max(last, n) });
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
    entry.resizes = entry.resizes.filter((resize) => resize.offset >= offset);
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

  /** Sends what is due while the link takes it, terminals in turn: a flood in one does not hold up the others. */
  pump(): void {
    for (let isBusy = true; isBusy && this.#options.link.isWritable; ) {
      isBusy = false;
      for (const [terminalId, entry] of this.#entries) isBusy = this.#sendNext(terminalId, entry) || isBusy;
    }
  }

  #pumpOne(terminalId: TerminalId, entry: Entry): void {
    while (this.#sendNext(terminalId, entry));
  }

  /** Sends the next marker or piece of output; false when there is none or the link takes no more. */
  #sendNext(terminalId: TerminalId, entry: Entry): boolean {
    const { link } = this.#options;
    const { terminal, next: at } = entry;
    if (at === null || !link.isWritable) return false;
    if (at < terminal.start) {
      link.send({ type: 'gap', terminalId, offset: terminal.start });
      entry.next = terminal.start;
      return true;
    }
    const resize = nextResize(entry);
    if (resize && resize.offset <= at) {
      link.send({ type: 'resized', terminalId, ...resize });
      entry.resized = resize.n;
      return true;
    }
    const data = terminal.read(at, resize ? resize.offset - at : undefined);
    if (data.length === 0) return false;
    link.sendFrame(encodeFrame({ kind: 'output', terminalId, offset: at, data }));
    entry.next = at + data.length;
    return true;
  }

  #output(terminalId: TerminalId, output: { offset: number; data: Uint8Array }): void {
    const entry = this.#entries.get(terminalId);
    if (!entry) return;
    const { link } = this.#options;
    const isInOrder = entry.next === output.offset && nextResize(entry) === undefined;
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
    entry.resizes = [...entry.resizes.filter((resize) => resize.offset >= start), resized].slice(-maxResizes);
    this.#pumpOne(terminalId, entry);
  }

  #exited(terminalId: TerminalId, exit: { exitCode: number | null; signal: number | null }): void {
    this.#options.state({ type: 'terminal.closed', payload: { terminalId, ...exit, reason: null } });
  }

  #checkRoom(): void {
    if (this.#isClosing) throw new AppError({ code: 'session.not-running', message: 'the session is being stopped' });
    if (this.#entries.size < maxTerminals) return;
    throw new AppError({ code: 'rate.exceeded', message: `at most ${maxTerminals} terminals: close one first` });
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

/** The first size change that the current link was not told; the numbers are consecutive. */
function nextResize({ resizes, resized }: Entry): Resize | undefined {
  const oldest = resizes[0];
  return oldest && resizes[Math.max(0, resized + 1 - oldest.n)];
}

/** The clients heard last are kept. */
function remember(numbers: Map<ClientId, number>, clientId: ClientId, n: number): void {
  numbers.delete(clientId);
  numbers.set(clientId, n);
  const oldest = numbers.keys().next().value;
  if (numbers.size > maxClients && oldest) numbers.delete(oldest);
}
