/**
 * One terminal's connection: output into an emulator, numbered keystrokes out, resumed by itself after a loss.
 * Knows no React and no page; the socket, the clock and the emulator are passed in.
 */
import type { IdSource, PersonId, TerminalId } from '#protocol/id.ts';
import { decodeFrame, encodeFrame, maxInputBytes } from '#protocol/terminal-frame.ts';
import { type Emulator, TerminalReplica } from '#protocol/terminal-replica.ts';
import { type FromViewer, type ToViewer, toViewerSchema } from '#protocol/viewer-message.ts';
import type { Clock } from './clock.ts';
import { DrawReport } from './draw-report.ts';
import { type InputItem, InputQueue } from './input-queue.ts';
import { firstLink, type Link, type LinkInput, nextLink } from './link.ts';

export type Seat = Extract<ToViewer, { type: 'state' }>;

/** Everything a screen needs to know about a terminal besides its bytes. */
export interface SocketState {
  link: Link;
  /** Who drives, watches and asks; kept while the link is down, null before the first attach. */
  seat: Seat | null;
  /** The last keystroke that was not sent or not accepted, and why. */
  refusal: { at: number; why: string } | null;
  /** False until the first screen arrived. */
  hasScreen: boolean;
}

/** An opening or open connection. */
export interface Socket {
  readonly isOpen: boolean;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** What a connection tells; nothing after `closed`. */
export interface SocketEvents {
  opened(): void;
  /** A string, or an ArrayBuffer for a binary message. */
  received(data: unknown): void;
  closed(code: number, reason: string): void;
}

export interface SocketOptions {
  terminalId: TerminalId;
  emulator: Emulator;
  /** Opens a connection. `after`: the offset that is drawn already; null asks for a snapshot. */
  open(after: number | null, events: SocketEvents): Socket;
  clock: Clock;
  ids: IdSource;
  /** In [0, 1). */
  random(): number;
  onState(state: SocketState): void;
  /** The emulator has drawn everything up to this offset. */
  onDrawn?(offset: number): void;
}

/** Input without any answer for this long means that the link is dead though it looks open. */
const deadAfterMs = 6_000;

const lastKeysLost = 'The last keys may not have arrived';

export class TerminalSocket {
  #state: SocketState = { link: firstLink, seat: null, refusal: null, hasScreen: false };
  #socket: Socket | null = null;
  #cancelTimer: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;
  #size: { cols: number; rows: number } | null = null;
  #attached = false;
  #needsScreen = true;
  readonly #options: SocketOptions;
  readonly #replica: TerminalReplica;
  readonly #input: InputQueue;
  readonly #report: DrawReport;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#input = new InputQueue(options.ids);
    this.#report = new DrawReport(options.clock, (offset) => this.#say({ type: 'drawn', offset }));
    this.#replica = new TerminalReplica({
      emulator: options.emulator,
      from: null,
      onDrawn: (offset) => {
        this.#report.drawn(offset);
        options.onDrawn?.(offset);
      },
    });
  }

  get state(): SocketState {
    return this.#state;
  }

  start(): void {
    this.#dial();
  }

  /** Ends the connection for good; no callback follows. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelWatch?.();
    this.#report.stop();
    this.#drop();
  }

  /** Tries at once: after a stop, while waiting, or to replace a link that may be dead. */
  retry(): void {
    if (this.#state.link.kind === 'open') this.#lose(1006, '');
    this.#cancelTimer?.();
    this.#move({ type: 'retry' });
    this.#dial();
  }

  /** Sends what was typed or pasted. Nothing is accepted while the link is down or by somebody else's wheel. */
  type(data: Uint8Array): void {
    if (data.length > maxInputBytes) return this.#refuse(`Paste too large, the limit is ${maxInputBytes / 1024} KiB`);
    if (this.#state.link.kind !== 'open' || !this.#attached) return this.#refuse('Not connected, key not sent');
    if (this.#state.seat?.closed) return this.#refuse('This terminal is closed');
    this.#sendInput(this.#input.add(data));
  }

  /** The size of this window in cells; the server applies it while this person drives. */
  resize(cols: number, rows: number): void {
    if (this.#size?.cols === cols && this.#size.rows === rows) return;
    this.#size = { cols, rows };
    this.#say({ type: 'size', cols, rows });
  }

  take(): void {
    this.#say({ type: 'take' });
  }

  request(): void {
    this.#say({ type: 'request' });
  }

  /** Hands the wheel to a person, or to nobody. */
  give(to: PersonId | null): void {
    this.#say({ type: 'give', to });
  }

  #set(change: Partial<SocketState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onState(this.#state);
  }

  #move(input: LinkInput): void {
    this.#set({ link: nextLink(this.#state.link, input) });
  }

  #refuse(why: string): void {
    this.#set({ refusal: { at: this.#options.clock.now(), why } });
  }

  #say(message: FromViewer): void {
    if (this.#socket?.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #sendInput(item: InputItem | null): void {
    if (!item) return;
    const { terminalId } = this.#options;
    this.#socket?.send(
      encodeFrame({ kind: 'input', terminalId, clientId: this.#input.clientId, n: item.n, data: item.data }),
    );
    this.#expectAnswer();
  }

  #dial(): void {
    if (this.#socket) return;
    this.#attached = false;
    const after = this.#needsScreen ? null : this.#replica.end;
    /** What a connection says after it was dropped is not heard. */
    const heard = (listen: () => void) => {
      if (this.#socket === socket) listen();
    };
    const socket: Socket = this.#options.open(after, {
      opened: () => heard(() => this.#opened()),
      received: (data) => heard(() => this.#receive(data)),
      closed: (code, reason) => heard(() => this.#lose(code, reason)),
    });
    this.#socket = socket;
  }

  #opened(): void {
    this.#report.restart();
    this.#move({ type: 'opened', now: this.#options.clock.now() });
    if (this.#size) this.#say({ type: 'size', ...this.#size });
  }

  #drop(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  #lose(code: number, reason: string): void {
    this.#drop();
    const { clock, random } = this.#options;
    this.#move({ type: 'closed', now: clock.now(), code, reason, random: random() });
    const { link } = this.#state;
    if (link.kind !== 'waiting') return;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.after(link.retryAt - clock.now(), () => {
      this.#move({ type: 'retry' });
      this.#dial();
    });
  }

  #expectAnswer(): void {
    this.#cancelWatch ??= this.#options.clock.after(deadAfterMs, () => this.#watch());
  }

  #watch(): void {
    this.#cancelWatch = null;
    const oldest = this.#input.oldestAt;
    if (oldest === null || this.#state.link.kind !== 'open') return;
    const left = oldest + deadAfterMs - this.#options.clock.now();
    if (left > 0) this.#cancelWatch = this.#options.clock.after(left, () => this.#watch());
    else this.#lose(1006, '');
  }

  #receive(data: unknown): void {
    try {
      if (typeof data === 'string') this.#hear(toViewerSchema.parse(JSON.parse(data)));
      else if (data instanceof ArrayBuffer) this.#draw(new Uint8Array(data));
    } catch {
      // Whatever does not parse was made by another version of the server: the person is told, nothing is guessed.
      this.#lose(4400, '');
    }
  }

  #draw(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'snapshot') {
      this.#needsScreen = false;
      this.#replica.restore(frame);
      this.#set({ hasScreen: true });
    } else if (frame.kind === 'output' && !this.#needsScreen && this.#replica.output(frame)) {
      this.#needsScreen = true;
      this.#lose(1006, '');
    }
  }

  #hear(message: ToViewer): void {
    switch (message.type) {
      case 'state':
        this.#set({ seat: message });
        if (!this.#attached) this.#attach(message);
        return;
      case 'resized':
        return this.#replica.resized(message);
      case 'input-acked':
        return this.#sendInput(this.#input.settle(message.n));
      case 'input-refused': {
        const isInDoubt = this.#input.isInDoubt(message.n);
        this.#sendInput(this.#input.settle(message.n));
        if (message.why) return this.#refuse(`The session is ${message.why}: key not sent`);
        if (message.drives !== null) return this.#refuse(`${message.drives} drives, key not sent`);
        return this.#refuse(isInDoubt ? lastKeysLost : 'Key not sent');
      }
    }
  }

  #attach(seat: Seat): void {
    this.#attached = true;
    const { items, givenUp } = this.#input.resend(seat.driver?.personId === seat.you.personId);
    // What was sent again has the whole time to be answered, and must not wait for ever without an answer either.
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    for (const item of items) this.#sendInput(item);
    if (givenUp > 0) this.#refuse(lastKeysLost);
  }
}
