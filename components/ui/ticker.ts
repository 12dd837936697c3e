/** Tells everybody who listens that time has passed, with one timer; none runs while nobody listens. */

export class Ticker {
  readonly #stepMs: number;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  /** ms since the epoch, in whole steps. */
  readonly read = (): number => Math.floor(Date.now() / this.#stepMs) * this.#stepMs;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Of one's own, since the same function may listen twice.
    const own = () => listener();
    this.#listeners.add(own);
    this.#timer ??= setInterval(() => this.#tell(), this.#stepMs);
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  };

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
