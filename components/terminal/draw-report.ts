/** Tells the server how far the screen is drawn, often enough for its flow control and seldom enough to cost nothing. */
import type { Clock } from './clock.ts';

const everyBytes = 128 * 1024;
const everyMs = 50;

export class DrawReport {
  #sent = 0;
  #drawn = 0;
  #cancel: (() => void) | null = null;
  readonly #clock: Clock;
  readonly #send: (offset: number) => void;

  constructor(clock: Clock, send: (offset: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** The emulator has parsed everything up to `offset`. */
  drawn(offset: number): void {
    this.#drawn = offset;
    if (this.#drawn - this.#sent >= everyBytes) this.#flush();
    else this.#cancel ??= this.#clock.after(everyMs, () => this.#flush());
  }

  /** A new connection knows nothing of earlier reports. */
  restart(): void {
    this.#sent = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #flush(): void {
    this.stop();
    if (this.#drawn === this.#sent) return;
    this.#sent = this.#drawn;
    this.#send(this.#drawn);
  }
}
