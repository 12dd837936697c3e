/** Numbered keystrokes of one attached keyboard: which are not acknowledged yet and may be sent again. Knows no socket. */
import { type ClientId, type IdSource, newId } from '#protocol/id.ts';

export interface InputItem {
  n: number;
  data: Uint8Array;
  /** When it was typed, ms. */
  at: number;
}

/** Input older than this is not sent again after a reconnect: the person has seen that nothing happened. */
const resendWithinMs = 10_000;

export class InputQueue {
  #clientId: ClientId;
  #next = 1;
  #items: InputItem[] = [];
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

  add(data: Uint8Array): InputItem {
    const item = { n: this.#next++, data, at: this.#ids.now() };
    this.#items.push(item);
    return item;
  }

  /** Everything up to `n` arrived, or was refused for good. */
  settle(n: number): void {
    this.#items = this.#items.filter((item) => item.n > n);
  }

  /**
   * What to send again on a new connection: all unacknowledged items in order, when they are young and `isDriver`.
   * Otherwise none, and the numbers start anew under a new client id, so that what was given up can never arrive late.
   */
  resend(isDriver: boolean): { items: readonly InputItem[]; givenUp: number } {
    const oldest = this.oldestAt;
    if (oldest === null) return { items: [], givenUp: 0 };
    if (isDriver && this.#ids.now() - oldest <= resendWithinMs) return { items: this.#items, givenUp: 0 };
    const givenUp = this.#items.length;
    this.#items = [];
    this.#next = 1;
    this.#clientId = newId('client', this.#ids);
    return { items: [], givenUp };
  }
}
