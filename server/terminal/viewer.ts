/**
 * One attached viewer: how far it was sent and has drawn, when it lags and needs a fresh screen. Knows a socket only as
 * something to send on; what it may do is the feed's business.
 */
import type { ClientId } from '#protocol/id.ts';
import { encodeFrame, type OutputFrame } from '#protocol/terminal-frame.ts';
import type { ToViewer } from '#protocol/viewer-message.ts';
import type { Person } from '#server/auth/index.ts';
import type { StoredOutput } from './recording-store.ts';
import type { Screen } from './screen.ts';
import type { OutputTail } from './tail.ts';

/** The part of a WebSocket that a viewer sends on. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, done?: () => void): void;
}

/** A viewer further behind than this gets a fresh screen instead of the bytes between. */
const maxBehindBytes = 1024 * 1024;
/** Output that may be on its way to a viewer before it has to say what it drew. */
const windowBytes = 1024 * 1024;

export class Viewer {
  readonly person: Person;
  /** Clients that typed through this viewer; their acks go back to it. */
  readonly clients = new Set<ClientId>();
  readonly #socket: ViewerSocket;
  /** Absolute index of the next tail entry; null: a screen has to be sent first. */
  #next: number | null = null;
  #sentTo = 0;
  #drawn = 0;

  constructor(options: { person: Person; socket: ViewerSocket }) {
    this.person = options.person;
    this.#socket = options.socket;
  }

  get needsScreen(): boolean {
    return this.#next === null;
  }

  /** Everything sent is drawn, so a screen sent now overtakes nothing. */
  get isDrained(): boolean {
    return this.#drawn >= this.#sentTo && this.#socket.bufferedAmount === 0;
  }

  tell(message: ToViewer): void {
    this.#socket.send(JSON.stringify(message));
  }

  drawn(offset: number): void {
    this.#drawn = Math.max(this.#drawn, offset);
  }

  /** It holds everything up to `offset` already and goes on from there, if the tail still can. */
  resume(tail: OutputTail, offset: number): void {
    this.#next = tail.indexAfter(offset);
    this.#sentTo = offset;
    this.#drawn = offset;
  }

  /** Its screen is no longer known to be whole; the next one makes it so. */
  desynchronise(): void {
    this.#next = null;
  }

  /** Sends a screen; output after it follows from the tail. */
  show(tail: OutputTail, screen: Screen): void {
    this.#socket.send(encodeFrame({ kind: 'snapshot', request: 0, ...screen }));
    this.#next = tail.indexAfter(screen.offset) ?? tail.next;
    this.#sentTo = Math.max(this.#sentTo, screen.offset);
  }

  /**
   * Sends the last known screen of a terminal that nothing carries now, and the output after it, piece by piece as they
   * leave the process. A live one will need a new screen, and cuts this short.
   */
  async showStored(screen: Screen, output: StoredOutput[]): Promise<void> {
    const { terminalId } = screen;
    let { cols, rows } = screen;
    let n = 0;
    this.#next = null;
    this.#socket.send(encodeFrame({ kind: 'snapshot', request: 0, ...screen }));
    for (const piece of output) {
      const { offset, data } = piece;
      if (piece.cols !== cols || piece.rows !== rows) {
        ({ cols, rows } = piece);
        this.tell({ type: 'resized', n: ++n, offset, cols, rows });
      }
      await this.#sendOut({ kind: 'output', terminalId, offset, data });
      if (this.#next !== null) return;
    }
  }

  /** Sends what is due and fits; `onRoom` is called when a send has left the process. */
  pump(tail: OutputTail, onRoom: () => void): void {
    if (this.#next === null) return;
    if (tail.isEvicted(this.#next) || tail.end - this.#sentTo > windowBytes + maxBehindBytes) {
      this.#next = null;
      return;
    }
    while (this.#sentTo - this.#drawn < windowBytes && this.#socket.bufferedAmount < windowBytes) {
      const entry = tail.at(this.#next);
      if (!entry) return;
      this.#next++;
      if (entry.kind === 'output') {
        this.#sentTo = Math.max(this.#sentTo, entry.end);
        this.#socket.send(entry.raw, onRoom);
      } else {
        const { n, offset, cols, rows } = entry;
        this.tell({ type: 'resized', n, offset, cols, rows });
      }
    }
  }

  #sendOut(frame: OutputFrame): Promise<void> {
    return new Promise((resolve) => this.#socket.send(encodeFrame(frame), () => resolve()));
  }
}
