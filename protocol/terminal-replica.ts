/**
 * Keeps one emulator equal to the runner's by applying output, resizes and snapshots in order of their offsets.
 * Knows no transport and no emulator: browser, CLI, runner and tests pass their own.
 */
import type { OutputFrame, SnapshotFrame } from './terminal-frame.ts';

/** The part of an xterm.js terminal that a replica needs. `write` may finish later; `done` says when. */
export interface Emulator {
  write(data: Uint8Array | string, done?: () => void): void;
  resize(cols: number, rows: number): void;
  reset(): void;
}

type Step =
  | { do: 'write'; data: Uint8Array; end: number }
  | { do: 'resize'; cols: number; rows: number }
  | { do: 'restore'; cols: number; rows: number; data: Uint8Array; end: number };

/** The receiver missed bytes: `have` is its end, `got` the offset that arrived. The owner must ask for a snapshot. */
export interface ReplicaGap {
  have: number;
  got: number;
}

export class TerminalReplica {
  #steps: Step[] = [];
  #writing = 0;
  /** End of what has been accepted (queued or drawn), in bytes of output; null before the first snapshot or byte. */
  #end: number | null;
  #drawn = 0;
  /** Number of the last resize marker accepted. */
  #resizes = 0;
  readonly #emulator: Emulator;
  readonly #onDrawn: (offset: number) => void;

  /** `from`: the offset the emulator already shows (0 for a fresh terminal), or null to wait for a snapshot. */
  constructor(options: { emulator: Emulator; from: number | null; onDrawn?: (offset: number) => void }) {
    this.#emulator = options.emulator;
    this.#end = options.from;
    this.#drawn = options.from ?? 0;
    this.#onDrawn = options.onDrawn ?? (() => undefined);
  }

  get end(): number | null {
    return this.#end;
  }

  /** Offset up to which the emulator has parsed everything. */
  get drawn(): number {
    return this.#drawn;
  }

  /** Accepts output; bytes already held are skipped. Returns the gap when bytes before these are missing. */
  output(frame: Pick<OutputFrame, 'offset' | 'data'>): ReplicaGap | null {
    if (this.#end === null || frame.offset > this.#end) return { have: this.#end ?? 0, got: frame.offset };
    const fresh = frame.data.subarray(this.#end - frame.offset);
    if (fresh.length === 0) return null;
    this.#end += fresh.length;
    this.#push({ do: 'write', data: fresh, end: this.#end });
    return null;
  }

  /**
   * Applies a size change at its offset; one whose number is not new was applied already. Where output before it is
   * missing it waits for the screen that the next output will ask for.
   */
  resized(marker: { n: number; offset: number; cols: number; rows: number }): void {
    if (this.#end === null || marker.n <= this.#resizes || marker.offset > this.#end) return;
    this.#resizes = marker.n;
    this.#push({ do: 'resize', cols: marker.cols, rows: marker.rows });
  }

  /** Replaces the screen. A snapshot older than what is held is ignored. */
  restore(frame: Pick<SnapshotFrame, 'offset' | 'cols' | 'rows' | 'resizes' | 'data'>): void {
    if (this.#end !== null && frame.offset < this.#end) return;
    if (frame.offset === this.#end && frame.resizes < this.#resizes) return;
    // What still waits would only lead up to the screen that is being replaced.
    this.#steps = [];
    this.#end = frame.offset;
    this.#resizes = frame.resizes;
    this.#push({ do: 'restore', cols: frame.cols, rows: frame.rows, data: frame.data, end: frame.offset });
  }

  #push(step: Step): void {
    this.#steps.push(step);
    this.#next();
  }

  /** Writes may overlap; a resize or reset acts at once on an emulator, so it waits until every write before it is drawn. */
  #next(): void {
    for (let step = this.#steps[0]; step; step = this.#steps[0]) {
      if (step.do !== 'write' && this.#writing > 0) return;
      this.#steps.shift();
      if (step.do === 'restore') this.#emulator.reset();
      if (step.do !== 'write') this.#emulator.resize(step.cols, step.rows);
      if (step.do !== 'resize') this.#write(step.data, step.end);
    }
  }

  #write(data: Uint8Array, end: number): void {
    this.#writing++;
    this.#emulator.write(data, () => {
      this.#writing--;
      this.#drawn = end;
      this.#onDrawn(end);
      this.#next();
    });
  }
}
