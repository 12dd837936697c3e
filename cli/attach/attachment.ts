/**
 * One attached client: keeps its display fed and its keys delivered through losses of the connection, and says how it
 * ended. Knows neither windows nor pipes.
 */
import { AppError } from '#protocol/error.ts';
import { type ClientId, type IdSource, newId, type TerminalId } from '#protocol/id.ts';
import { isAtLeast } from '#protocol/role.ts';
import { encodeFrame, type OutputFrame, type SnapshotFrame } from '#protocol/terminal-frame.ts';
import type { ToViewer } from '#protocol/viewer-message.ts';
import type { Address } from '../api/address.ts';
import type { Size } from '../terminal/size.ts';
import type { Clock } from './clock.ts';
import { DrawReport } from './draw-report.ts';
import { Keyboard } from './keyboard.ts';
import { TerminalLink } from './link.ts';

export type Seat = Extract<ToViewer, { type: 'state' }>;
type Resized = Extract<ToViewer, { type: 'resized' }>;

export type Frame = OutputFrame | SnapshotFrame;

/** Where output is shown. */
export interface Display {
  /** Output offset up to which everything was taken; null: nothing can be told before the first screen. */
  readonly end: number | null;
  /** `redial`: bytes before these are missing; a new connection from `resumeAt` on brings them. */
  take(frame: Frame): 'taken' | 'redial';
  resized(marker: Resized): void;
  /** Where the next connection should go on; null: with a screen. */
  resumeAt(): number | null;
}

export interface AttachmentOptions {
  terminalId: TerminalId;
  ids: IdSource;
  clock: Clock;
  find(): Promise<Address>;
  /** Created with the function to call when output up to an offset is shown. */
  display(onShown: (offset: number) => void): Display;
  /** False: nothing is sent but what flow control needs. */
  types: boolean;
  /** Takes the wheel from whoever has it. */
  takes: boolean;
  /** Keys that waited longer than this for a connection are given up, in ms. */
  staleMs: number;
  onSeat(seat: Seat): void;
  /** Keys that did not arrive; `drives` names who drives, null when they were lost or given up. */
  onDropped(drives: string | null): void;
  /** Keys that did not arrive because the session takes none: it is paused, as `why` says. */
  onPaused(why: string): void;
  /** There is room for more input. */
  onRoom(): void;
  onLost(): void;
  /** Its program has ended; the last output may still be on its way. */
  onClosed(closed: NonNullable<Seat['closed']>): void;
  onRefused(cause: unknown): void;
}

export class Attachment {
  readonly display: Display;
  #seat: Seat | null = null;
  #size: Size | null = null;
  #isAttached = false;
  /** `wanted`: to be asked for on the next state; `asked`: on its way. */
  #wheel: 'none' | 'wanted' | 'asked';
  readonly #clientId: ClientId;
  readonly #keyboard: Keyboard;
  readonly #link: TerminalLink;
  readonly #report: DrawReport;
  readonly #options: AttachmentOptions;

  constructor(options: AttachmentOptions) {
    this.#options = options;
    const { clock, terminalId, find, ids } = options;
    this.#wheel = options.takes ? 'wanted' : 'none';
    this.#clientId = newId('client', ids);
    this.#keyboard = new Keyboard({
      clock,
      send: (n, data) => this.#link.send(encodeFrame({ kind: 'input', terminalId, clientId: this.#clientId, n, data })),
      onRoom: () => options.onRoom(),
      staleMs: options.staleMs,
    });
    this.#report = new DrawReport(clock, (offset) => this.#link.say({ type: 'drawn', offset }));
    this.display = options.display((offset) => this.#report.shown(offset));
    this.#link = new TerminalLink({
      ...{ terminalId, clock, find },
      after: () => this.display.resumeAt(),
      onOpen: () => this.#opened(),
      onMessage: (message) => this.#hear(message),
      onFrame: (frame) => {
        if (frame.kind !== 'input' && this.display.take(frame) === 'redial') this.redial();
      },
      onLost: () => {
        this.#detached();
        options.onLost();
      },
      onRefused: (cause) => options.onRefused(cause),
    });
  }

  /** Null until the first connection. */
  get seat(): Seat | null {
    return this.#seat;
  }

  get pendingBytes(): number {
    return this.#keyboard.pendingBytes;
  }

  get isDriver(): boolean {
    return this.#seat !== null && this.#seat.driver?.personId === this.#seat.you.personId;
  }

  start(): void {
    this.#link.start();
  }

  stop(): void {
    this.#keyboard.stop();
    this.#report.stop();
    this.#link.close();
  }

  type(data: Uint8Array): void {
    if (this.#options.types) this.#keyboard.type(data);
  }

  /** Leaves this connection for one that goes on where the display stands. */
  redial(): void {
    this.#detached();
    this.#link.redial();
  }

  /** The size of this window; the server applies it while this person drives. */
  resize(size: Size): void {
    this.#size = size;
    if (this.#options.types && this.#isAttached) this.#link.say({ type: 'size', ...size });
  }

  #opened(): void {
    this.#isAttached = true;
    this.#report.restart();
    if (this.#size) this.resize(this.#size);
  }

  #detached(): void {
    this.#isAttached = false;
    if (this.#wheel === 'asked') this.#wheel = 'wanted';
    this.#keyboard.setReady(false);
  }

  #hear(message: ToViewer): void {
    switch (message.type) {
      case 'state':
        return this.#sit(message);
      case 'resized':
        return this.display.resized(message);
      case 'input-acked':
        return this.#keyboard.acked(message.n);
      case 'input-refused':
        this.#keyboard.drop();
        if (message.why) return this.#options.onPaused(message.why);
        return this.#options.onDropped(message.drives ?? this.#seat?.driver?.name ?? 'somebody else');
    }
  }

  #sit(seat: Seat): void {
    const wasClosed = this.#seat?.closed ?? null;
    this.#seat = seat;
    this.#options.onSeat(seat);
    if (seat.closed) {
      this.#keyboard.setReady(false);
      if (!wasClosed) this.#options.onClosed(seat.closed);
      return;
    }
    if (this.#wheel !== 'none') this.#reach(seat);
    const isReady = seat.isLive && this.#wheel === 'none';
    if (this.#keyboard.setReady(isReady) > 0) this.#options.onDropped(null);
  }

  /** Asks once a connection; the answer is a state in which this person drives. */
  #reach(seat: Seat): void {
    if (this.isDriver) {
      this.#wheel = 'none';
    } else if (!isAtLeast(seat.you.role, 'editor')) {
      const cause = new AppError({ code: 'auth.forbidden', message: 'editors and owners drive; you are neither' });
      this.#options.onRefused(cause);
    } else if (this.#wheel === 'wanted') {
      this.#wheel = 'asked';
      this.#link.say({ type: 'take' });
    }
  }
}
