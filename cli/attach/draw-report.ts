/** Tells the server how far output has been shown: what its flow control needs, in few messages. */
import type { Clock } from './clock.ts';

/** At most one report in this time, in ms. */
const everyMs = 5;

export class DrawReport {
  #shown = 0;
  #told = 0;
  #cancel: (() => void) | null = null;
  readonly #clock: Clock;
  readonly #send: (offset: number) => void;

  constructor(clock: Clock, send: (offset: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Everything up to `offset` is shown; an offset below an earlier one says nothing new. */
  shown(offset: number): void {
    this.#shown = Math.max(this.#shown, offset);
    this.#cancel ??= this.#clock.after(everyMs, () => this.#tell());
  }

  /** A new connection knows nothing of earlier reports. */
  restart(): void {
    this.#told = 0;
    if (this.#shown > 0) this.#tell();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #tell(): void {
    this.stop();
    if (this.#shown === this.#told) return;
    this.#told = this.#shown;
    this.#send(this.#shown);
  }
}
