/** Bounds what a terminal answers its program, so that a flood of queries cannot become a flood of keys. */

const windowMs = 100;
/** Bytes of replies in one window; a program that asks for more gets silence, as from a terminal that is slow. */
const maxWindowBytes = 4 * 1024;

export interface ReplyLimitOptions {
  now: () => number;
  send: (bytes: Uint8Array) => void;
}

export class ReplyLimit {
  readonly #options: ReplyLimitOptions;
  #windowStart = Number.NEGATIVE_INFINITY;
  #sent = 0;

  constructor(options: ReplyLimitOptions) {
    this.#options = options;
  }

  /** Sends a whole reply or none of it. */
  reply(text: string): void {
    const at = this.#options.now();
    if (at - this.#windowStart >= windowMs) {
      this.#windowStart = at;
      this.#sent = 0;
    }
    const bytes = new TextEncoder().encode(text);
    if (this.#sent + bytes.length > maxWindowBytes) return;
    this.#sent += bytes.length;
    this.#options.send(bytes);
  }
}
