/** When a thing that grows grew last: a file that a command writes, the bytes that a provider has sent. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, in ms. */
const lookMs = 3;

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

export class Growth {
  readonly #size: () => number;
  readonly #timer: NodeJS.Timeout;
  size: number;
  /** On the monotonic clock, in ms. */
  lastAt = performance.now();

  constructor(size: () => number) {
    this.#size = size;
    this.size = size();
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  #look(): void {
    const size = this.#size();
    if (size <= this.size) return;
    this.size = size;
    this.lastAt = performance.now();
  }

  /** Resolves once it has grown by `more`. */
  async grown(more: number): Promise<void> {
    const deadline = performance.now() + 60_000;
    for (const least = this.size + more; this.size < least; await sleep(lookMs)) {
      if (performance.now() > deadline) throw new Error(`it does not grow: ${this.size} of ${least}`);
    }
  }

  /** Resolves with how long after `since` it grew last, when it has not grown for `ms`. */
  async stopped(since: number, ms = 600): Promise<number> {
    const deadline = performance.now() + 20_000;
    while (performance.now() - this.lastAt < ms || performance.now() - since < ms) {
      if (performance.now() > deadline) throw new Error('it still grows');
      await sleep(lookMs);
    }
    return this.lastAt - since;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
