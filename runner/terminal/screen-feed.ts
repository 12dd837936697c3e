/**
 * What waits for the emulator: output and resizes in the order they happened, applied in short turns so that nothing
 * else waits long. Says when the program must pause. Knows no PTY.
 */
import type { Emulator } from './emulator.ts';

/** Above this many bytes waiting for the emulator the program is paused; below half of it, it goes on. */
const maxWaitingBytes = 512 * 1024;
/** The longest the emulator works before it lets input and other terminals through, in ms. */
const turnMs = 8;
/** From this many bytes on, what waits may hold more lines than the emulator keeps. */
const minSkimBytes = 64 * 1024;
/** Bytes applied between two looks at the clock. */
const sliceBytes = 32 * 1024;

type Step = { do: 'write'; data: Uint8Array } | { do: 'resize'; cols: number; rows: number };

export interface ScreenFeedOptions {
  now: () => number;
  onPause: (isPaused: boolean) => void;
  onApplied: () => void;
}

export class ScreenFeed {
  #steps: Step[] = [];
  #waiting = 0;
  #emulator: Emulator | null = null;
  #isScheduled = false;
  #isPaused = false;
  #settled: (() => void)[] = [];
  readonly #options: ScreenFeedOptions;

  constructor(options: ScreenFeedOptions) {
    this.#options = options;
  }

  /** The emulator is loaded: starts applying what came before it. */
  start(emulator: Emulator): void {
    this.#emulator = emulator;
    this.#schedule();
  }

  write(data: Uint8Array): void {
    this.#steps.push({ do: 'write', data });
    this.#waiting += data.length;
    this.#setPaused(this.#isPaused || this.#waiting > maxWaitingBytes);
    this.#schedule();
  }

  resize(cols: number, rows: number): void {
    this.#steps.push({ do: 'resize', cols, rows });
    this.#schedule();
  }

  /** Resolves when everything that waits now is applied. */
  settled(): Promise<void> {
    if (this.#emulator !== null) this.#turn();
    if (this.#steps.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#emulator === null || this.#steps.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
      this.#schedule();
    });
  }

  #turn(): void {
    const { now, onApplied } = this.#options;
    if (this.#emulator === null || this.#steps.length === 0) return;
    const until = now() + turnMs;
    if (this.#waiting >= minSkimBytes) this.#skim(this.#emulator);
    do this.#apply(this.#emulator);
    while (this.#steps.length > 0 && now() < until);
    if (this.#waiting < maxWaitingBytes / 2) this.#setPaused(false);
    if (this.#steps.length === 0) for (const resolve of this.#settled.splice(0)) resolve();
    onApplied();
  }

  /** Output waits faster than it can be drawn: what will have scrolled away by the end of it need not be drawn. */
  #skim(emulator: Emulator): void {
    const end = this.#steps.findIndex((step) => step.do === 'resize');
    const parts: Uint8Array[] = [];
    for (const step of end < 0 ? this.#steps : this.#steps.slice(0, end))
      if (step.do === 'write') parts.push(step.data);
    const joined = Buffer.concat(parts);
    const skimmed = emulator.skim(joined);
    if (skimmed === 0) return;
    this.#steps.splice(0, parts.length, { do: 'write', data: joined.subarray(skimmed) });
    this.#waiting -= skimmed;
  }

  #apply(emulator: Emulator): void {
    const step = this.#steps[0];
    if (step === undefined) return;
    if (step.do === 'resize') {
      emulator.resize(step.cols, step.rows);
      this.#steps.shift();
      return;
    }
    const part = step.data.subarray(0, sliceBytes);
    emulator.write(part);
    this.#waiting -= part.length;
    if (part.length === step.data.length) this.#steps.shift();
    else step.data = step.data.subarray(part.length);
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#options.onPause(isPaused);
  }
}
