/** Timers that stand still together, and go on with what was left of them. Knows nothing of what they are for. */

interface Held {
  /** Of its time, when it was last started, in ms. */
  left: number;
  startedAt: number;
  timer: NodeJS.Timeout | null;
  task: () => void;
}

export class HoldClock {
  readonly #now: () => number;
  readonly #held = new Set<Held>();
  #isStill = false;

  /** `now`: milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Calls `task` after `ms` of its own time; the result cancels it. */
  after(ms: number, task: () => void): () => void {
    const held: Held = { left: ms, startedAt: 0, timer: null, task };
    this.#held.add(held);
    if (!this.#isStill) this.#start(held);
    return () => {
      this.#stop(held);
      this.#held.delete(held);
    };
  }

  stop(): void {
    this.#isStill = true;
    for (const held of this.#held) this.#stop(held);
  }

  go(): void {
    if (!this.#isStill) return;
    this.#isStill = false;
    for (const held of this.#held) this.#start(held);
  }

  #start(held: Held): void {
    held.startedAt = this.#now();
    held.timer = setTimeout(() => {
      this.#held.delete(held);
      held.task();
    }, held.left);
  }

  #stop(held: Held): void {
    if (!held.timer) return;
    clearTimeout(held.timer);
    held.timer = null;
    held.left = Math.max(0, held.left - (this.#now() - held.startedAt));
  }
}
