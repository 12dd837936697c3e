/** Bounds what one socket may send: a token bucket per kind of message. Time is passed in and may be set back. */

export interface RateLimit {
  /** Tokens regained per second; a message costs one, input costs one per byte besides. */
  perSecond: number;
  /** Tokens that may be saved up. */
  burst: number;
}

export class TokenBucket {
  readonly #limit: RateLimit;
  #tokens: number;
  #at: number;

  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  /** Takes `cost` tokens; false when they are not there. */
  take(cost: number, now: number): boolean {
    const elapsedMs = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + (elapsedMs / 1000) * this.#limit.perSecond);
    this.#at = now;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
