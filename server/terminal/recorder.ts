/**
 * Records one terminal: raw output in compressed rows, a screen as keyframe now and then, gaps where output came faster
 * than is kept. Knows the store, not the runner; it asks for screens through `askScreen`.
 */

import type { RecordingStore, StoredRow } from './recording-store.ts';
import type { Screen } from './screen.ts';

/** Output is written this long after its first byte at the latest, in ms; also the window of the rate limit. */
const flushMs = 1_000;
/** Above this rate output is not kept raw, in bytes per `flushMs`: one screen per window stands for it. */
const maxRawBytes = 1024 * 1024;
/** A raw row is closed at this size, in bytes before compression. */
const maxRowBytes = 256 * 1024;
/** A keyframe is taken after this much raw output, in bytes. */
const keyframeBytes = 512 * 1024;

type Pending = { from: number; to: number; cols: number; rows: number; chunks: Uint8Array[] };

export interface RecorderOptions {
  store: RecordingStore;
  /** Where the stored recording ends, in bytes of output. */
  end: number;
  cols: number;
  rows: number;
  /** Asks the runner for its screen; the answer arrives through `screen`. */
  askScreen: () => void;
  /** Everything up to `offset` is committed. */
  onStored: (offset: number) => void;
  note: (line: string) => void;
}

export class Recorder {
  readonly #options: RecorderOptions;
  #end: number;
  #cols: number;
  #rows: number;
  #pending: Pending | null = null;
  #gapFrom: number | null = null;
  #ready: StoredRow[] = [];
  #windowBytes = 0;
  #sinceKeyframe = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#end = options.end;
    this.#cols = options.cols;
    this.#rows = options.rows;
  }

  /** End of the output accepted so far. */
  get end(): number {
    return this.#end;
  }

  output(frame: { offset: number; data: Uint8Array }): void {
    if (frame.offset > this.#end) this.gap(frame.offset);
    const data = frame.data.subarray(this.#end - frame.offset);
    if (data.length === 0) return;
    this.#windowBytes += data.length;
    if (this.#windowBytes > maxRawBytes) this.#skip();
    else this.#keep(data);
    this.#end += data.length;
    this.#arm();
  }

  resized(marker: { cols: number; rows: number }): void {
    this.#closeRow();
    this.#cols = marker.cols;
    this.#rows = marker.rows;
  }

  /** Output up to `offset` is lost. */
  gap(offset: number): void {
    if (offset <= this.#end) return;
    this.#skip();
    this.#end = offset;
    this.#arm();
  }

  /** A screen of the runner: kept where it stands for a gap or enough output has passed since the last. */
  screen(screen: Screen): void {
    const isWanted = this.#gapFrom !== null || this.#sinceKeyframe >= keyframeBytes;
    if (isWanted && screen.offset <= this.#end) this.#keyframe(screen);
  }

  /** The last screen of a terminal that has ended. Resolves when it is stored. */
  async finish(screen: Screen): Promise<void> {
    this.#keyframe(screen);
    await this.flush();
  }

  /** Stores everything accepted. Rejects when the database refuses; what was not stored is kept for the next try. */
  flush(): Promise<void> {
    this.#closeRow();
    this.#closeGap(this.#end);
    const next = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = next;
    return next;
  }

  /** The newest stored screen and the raw output after it. */
  async last(): Promise<{ screen: Screen | null; output: { offset: number; data: Uint8Array }[] }> {
    return this.#options.store.last();
  }

  #keep(data: Uint8Array): void {
    this.#closeGap(this.#end);
    const pending = (this.#pending ??= {
      from: this.#end,
      to: this.#end,
      cols: this.#cols,
      rows: this.#rows,
      chunks: [],
    });
    pending.chunks.push(data);
    pending.to += data.length;
    this.#sinceKeyframe += data.length;
    if (pending.to - pending.from >= maxRowBytes) this.#closeRow();
  }

  #skip(): void {
    this.#closeRow();
    this.#gapFrom ??= this.#end;
  }

  #keyframe(screen: Screen): void {
    this.#closeRow();
    this.#closeGap(Math.max(this.#end, screen.offset));
    this.#sinceKeyframe = 0;
    const { offset, cols, rows, data } = screen;
    this.#ready.push({ kind: 'screen', from: offset, to: offset, cols, rows, data });
    this.#arm();
  }

  #closeRow(): void {
    if (!this.#pending) return;
    const { chunks, ...row } = this.#pending;
    this.#ready.push({ kind: 'raw', ...row, data: Buffer.concat(chunks) });
    this.#pending = null;
  }

  #closeGap(to: number): void {
    if (this.#gapFrom === null) return;
    if (to > this.#gapFrom) {
      const row = { from: this.#gapFrom, to, cols: this.#cols, rows: this.#rows };
      this.#ready.push({ kind: 'gap', ...row, data: new Uint8Array(0) });
    }
    this.#gapFrom = null;
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => this.#tick(), flushMs);
  }

  #tick(): void {
    this.#timer = null;
    this.#windowBytes = 0;
    if (this.#gapFrom !== null || this.#sinceKeyframe >= keyframeBytes) this.#options.askScreen();
    this.flush().catch((cause: unknown) => {
      this.#options.note(`recording: ${String(cause)}`);
      this.#arm();
    });
  }

  async #write(): Promise<void> {
    const rows = this.#ready;
    if (rows.length === 0) return;
    this.#ready = [];
    try {
      await this.#options.store.add(rows);
    } catch (cause) {
      this.#ready = [...rows, ...this.#ready];
      throw cause;
    }
    this.#options.onStored(rows.reduce((end, row) => Math.max(end, row.to), 0));
  }
}
