/** Keeps one booted runner ready for the next session: booting is most of what a new session waits for. */
import type { Isolation } from '#runner/sandbox/index.ts';
import type { WaitingRunner } from './waiting-runner.ts';

/** The next one is started after this long, so that it does not take the processor from the session that begins. In ms. */
const restMs = 500;

export interface SpareOptions {
  start: (isolation: Isolation) => Promise<WaitingRunner>;
  log: (line: string) => void;
}

export class Spare {
  readonly #options: SpareOptions;
  #timer: NodeJS.Timeout | null = null;
  #next: Promise<WaitingRunner | null> = Promise.resolve(null);
  #isClosed = false;

  constructor(options: SpareOptions) {
    this.#options = options;
  }

  /** The one that waits or is being started, if it is of this kind; another one follows. Null when there is none. */
  async take(isolation: Isolation): Promise<WaitingRunner | null> {
    const next = this.#next;
    this.#next = Promise.resolve(null);
    this.keep(isolation);
    const waiting = await next;
    if (waiting?.isAlive && waiting.isolation === isolation) return waiting;
    waiting?.end();
    return null;
  }

  /** From now on one waits; without it the next session only starts later. */
  keep(isolation: Isolation): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#next = this.#refill(this.#next, isolation);
    }, restMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    void this.#next.then((waiting) => waiting?.end());
  }

  async #refill(before: Promise<WaitingRunner | null>, isolation: Isolation): Promise<WaitingRunner | null> {
    const waiting = await before;
    if (waiting?.isAlive || this.#isClosed) return waiting;
    return this.#options.start(isolation).catch((cause: unknown) => {
      this.#options.log(`host: no spare runner: ${cause instanceof Error ? cause.message : String(cause)}`);
      return null;
    });
  }
}
