/**
 * Numbered keystrokes of one attached keyboard: which are not acknowledged yet and may be sent again, and which wait to go
 * together in one message. Knows no socket.
 */

import { type ClientId, type IdSource, newId } from '#protocol/id.ts';
import { maxInputBytes } from '#protocol/terminal-frame.ts';

export interface InputItem {
  n: number;
  data: Uint8Array;
  /** When it was typed, ms. */
  at: number;
  /** It was on an earlier connection too, and may have arrived by that. */
  isResent: boolean;
}

/** Input older than this is not sent again after a reconnect: the person has seen that nothing happened. */
const resendWithinMs = 10_000;

/** Messages on their way at most. A wheel or a held key is faster than a slow link: what comes meanwhile goes together. */
const maxOnTheirWay = 16;

export class InputQueue {
  #clientId: ClientId;
  #next = 1;
  #items: InputItem[] = [];
  #waiting: Uint8Array[] = [];
  readonly #ids: IdSource;

  constructor(ids: IdSource) {
    this.#ids = ids;
    this.#clientId = newId('client', ids);
  }

  get clientId(): ClientId {
    return this.#clientId;
  }

  /** When the oldest unacknowledged item was typed, ms; null when everything arrived. */
  get oldestAt(): number | null {
    return this.#items[0]?.at ?? null;
  }

  /** Takes what was typed; returns what is to be sent now. */
  add(data: Uint8Array): InputItem | null {
    this.#waiting.push(data);
    return this.#send();
  }

  /** Everything up to `n` arrived, or was refused for good. Returns what is to be sent now. */
  settle(n: number): InputItem | null {
    this.#items = this.#items.filter((item) => item.n > n);
    return this.#send();
  }

  /** Whether input up to `n` may have arrived though `n` was refused now. */
  isInDoubt(n: number): boolean {
    return this.#items.some((item) => item.n < n || (item.n === n && item.isResent));
  }

  /**
   * What to send again on a new connection: all unacknowledged items in order, when they are young and `isDriver`.
   * Otherwise none, and the numbers start anew under a new client id, so that what was given up can never arrive late.
   */
  resend(isDriver: boolean): { items: readonly InputItem[]; givenUp: number } {
    const oldest = this.oldestAt;
    if (oldest === null) return { items: [], givenUp: 0 };
    if (isDriver && this.#ids.now() - oldest <= resendWithinMs) {
      for (const item of this.#items) item.isResent = true;
      return { items: this.#items, givenUp: 0 };
    }
    const givenUp = this.#items.length + this.#waiting.length;
    this.#items = [];
    this.#waiting = [];
    this.#next = 1;
    this.#clientId = newId('client', this.#ids);
    return { items: [], givenUp };
  }

  #send(): InputItem | null {
    if (this.#items.length >= maxOnTheirWay || this.#waiting.length === 0) return null;
    const item = { n: this.#next++, data: joined(this.#takeMessage()), at: this.#ids.now(), isResent: false };
    this.#items.push(item);
    return item;
  }

  /** As much of what waits as fits into one message. */
  #takeMessage(): Uint8Array[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]?.length ?? 0;
      if (bytes > maxInputBytes) break;
    }
    return this.#waiting.splice(0, count);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0]) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
