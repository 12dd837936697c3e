/** Runs at most so many pieces of work at once, and keeps a bounded number waiting. */

export class Lane {
  #free: number;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];

  constructor(options: { atOnce: number; waiting: number }) {
    this.#free = options.atOnce;
    this.#most = options.waiting;
  }

  /** Null when too many wait already; then `work` is not run. */
  async run<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#most) return null;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
