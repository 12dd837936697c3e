/**
 * What is typed, numbered and sent so that each byte reaches the program once and in order: one message is on its way
 * at a time, the next one carries whatever was typed meanwhile. Knows no socket.
 */
import type { Clock } from './clock.ts';

/** Input of one message, in bytes; far below what the server takes at once. */
const maxMessageBytes = 16 * 1024;
/** Sustained rate, in bytes a second, and what one message costs at least; the server closes at 1 MiB/s and 1,000/s. */
const bytesPerSecond = 768 * 1024;
const minCostBytes = 1024;
/** Sending may run ahead of the sustained rate by this much, in ms. */
const aheadMs = 1_000;
/** An unanswered message is sent again after this long, in ms: the runner may have been away, or its program busy. */
const resendMs = 1_000;

interface Message {
  n: number;
  data: Uint8Array;
  /** When its oldest byte was typed, ms. */
  at: number;
}

export interface KeyboardOptions {
  clock: Clock;
  /** Puts a message on its way; may be lost. The same `n` always carries the same bytes. */
  send(n: number, data: Uint8Array): void;
  /** Something was acknowledged, refused or given up: there is room again. */
  onRoom(): void;
  /** What waited longer than this for a connection is given up, in ms: nobody expects it to arrive any more. */
  staleMs: number;
}

export class Keyboard {
  #next = 1;
  #waiting: { data: Uint8Array; at: number }[] = [];
  #onItsWay: Message | null = null;
  #isReady = false;
  /** When the sustained rate has caught up with what was sent, ms. */
  #paidUntil = 0;
  #cancelTimer: (() => void) | null = null;
  readonly #options: KeyboardOptions;

  constructor(options: KeyboardOptions) {
    this.#options = options;
  }

  /** Bytes typed that did not reach the program yet, as far as is known. */
  get pendingBytes(): number {
    return this.#waiting.reduce((sum, { data }) => sum + data.length, this.#onItsWay?.data.length ?? 0);
  }

  type(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#waiting.push({ data, at: this.#options.clock.now() });
    this.#pump();
  }

  /**
   * Whether messages can reach the program now. As soon as they can again, what is on its way is sent once more, unless
   * it is stale; returns how many bytes were given up.
   */
  setReady(isReady: boolean): number {
    if (isReady === this.#isReady) return 0;
    this.#isReady = isReady;
    if (!isReady) this.#stopTimer();
    const dropped = isReady ? this.#dropOlderThan(this.#options.staleMs) : 0;
    if (isReady && this.#onItsWay) this.#sendAgain(this.#onItsWay);
    this.#pump();
    return dropped;
  }

  /** Everything up to `n` was written to the program. */
  acked(n: number): void {
    if (!this.#onItsWay || n < this.#onItsWay.n) return;
    this.#stopTimer();
    this.#onItsWay = null;
    this.#pump();
    this.#options.onRoom();
  }

  /** Drops everything, e.g. because somebody else drives; returns how many bytes. */
  drop(): number {
    return this.#dropOlderThan(Number.NEGATIVE_INFINITY);
  }

  #dropOlderThan(ms: number): number {
    const before = this.pendingBytes;
    const isOld = ({ at }: { at: number }) => this.#options.clock.now() - at > ms;
    if (this.#onItsWay && isOld(this.#onItsWay)) {
      this.#stopTimer();
      this.#onItsWay = null;
    }
    this.#waiting = this.#waiting.filter((item) => !isOld(item));
    const dropped = before - this.pendingBytes;
    if (dropped > 0) this.#options.onRoom();
    return dropped;
  }

  stop(): void {
    this.#isReady = false;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #pump(): void {
    if (!this.#isReady || this.#onItsWay || this.#cancelTimer || this.#waiting.length === 0) return;
    const { clock } = this.#options;
    const early = this.#paidUntil - aheadMs - clock.now();
    if (early > 0) {
      this.#cancelTimer = clock.after(early, () => {
        this.#cancelTimer = null;
        this.#pump();
      });
      return;
    }
    const message = { n: this.#next++, ...this.#take() };
    this.#onItsWay = message;
    this.#sendAgain(message);
  }

  #sendAgain(message: Message): void {
    const { clock, send } = this.#options;
    const costMs = (Math.max(message.data.length, minCostBytes) / bytesPerSecond) * 1000;
    this.#paidUntil = Math.max(this.#paidUntil, clock.now()) + costMs;
    this.#stopTimer();
    this.#cancelTimer = clock.after(resendMs, () => this.#sendAgain(message));
    send(message.n, message.data);
  }

  /** The oldest waiting bytes, as much as one message holds. */
  #take(): { data: Uint8Array; at: number } {
    const at = this.#waiting[0]?.at ?? this.#options.clock.now();
    const taken: Uint8Array[] = [];
    let size = 0;
    for (let first = this.#waiting.shift(); first; first = this.#waiting.shift()) {
      const head = first.data.subarray(0, maxMessageBytes - size);
      taken.push(head);
      size += head.length;
      if (head.length < first.data.length)
        this.#waiting.unshift({ data: first.data.subarray(head.length), at: first.at });
      if (size === maxMessageBytes) break;
    }
    return { data: Buffer.concat(taken), at };
  }
}
