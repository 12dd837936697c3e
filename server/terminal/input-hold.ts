/**
 * Input of one terminal that its runner has not acknowledged yet: sent again on a new link, so that a link that broke
 * costs no key. The runner writes each number once, so sending again is harmless. Knows no link.
 */
import type { ClientId } from '#protocol/id.ts';
import type { InputFrame } from '#protocol/terminal-frame.ts';

/** Held for one terminal at most, in bytes. */
const maxBytes = 1024 * 1024;
/** Input older than this is given up when the runner comes back: whoever typed it has seen that nothing happened, in ms. */
const maxAgeMs = 10_000;

interface Held {
  clientId: ClientId;
  n: number;
  raw: Uint8Array;
  at: number;
  /** It was put on a link: whether it arrived is not known until it is acknowledged. */
  isSent: boolean;
}

export class InputHold {
  #items: Held[] = [];
  #bytes = 0;

  /**
   * `isSent`: a link takes it now. False when there is no room: then the input must not be sent either, or later input
   * would overtake it.
   */
  add(input: Pick<InputFrame, 'clientId' | 'n'>, raw: Uint8Array, now: number, isSent: boolean): boolean {
    const { clientId, n } = input;
    if (this.#items.some((item) => item.clientId === clientId && item.n === n)) return true;
    if (this.#bytes + raw.length > maxBytes) return false;
    this.#items.push({ clientId, n, raw, at: now, isSent });
    this.#bytes += raw.length;
    return true;
  }

  /** Everything of this client up to `n` reached the program. */
  settle(clientId: ClientId, n: number): void {
    this.#keep((item) => item.clientId !== clientId || item.n > n);
  }

  /** These clients have gone; they send again themselves when they come back. */
  forget(clients: ReadonlySet<ClientId>): void {
    this.#keep((item) => !clients.has(item.clientId));
  }

  /**
   * What to send on a new link, in order; what is too old is given up, all or nothing of each client, never with a hole.
   * `givenUp` surely did not arrive. Of a client with input that may have arrived nothing is said: it gives up itself.
   */
  resend(now: number): { raws: Uint8Array[]; givenUp: { clientId: ClientId; n: number }[] } {
    const clientsOf = (items: Held[]) => new Set(items.map((item) => item.clientId));
    const late = clientsOf(this.#items.filter((item) => now - item.at > maxAgeMs));
    const inDoubt = clientsOf(this.#items.filter((item) => item.isSent));
    const givenUp = this.#items
      .filter((item) => late.has(item.clientId) && !inDoubt.has(item.clientId))
      .map(({ clientId, n }) => ({ clientId, n }));
    this.forget(late);
    for (const item of this.#items) item.isSent = true;
    return { raws: this.#items.map((item) => item.raw), givenUp };
  }

  #keep(isKept: (item: Held) => boolean): void {
    this.#items = this.#items.filter(isKept);
    this.#bytes = this.#items.reduce((sum, item) => sum + item.raw.length, 0);
  }
}
