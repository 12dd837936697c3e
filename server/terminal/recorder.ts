/**
 * Records one terminal: raw output in compressed rows, a screen as keyframe now and then, gaps where output came faster
 * than is kept or stored. Knows the store, not the runner; it asks for screens through `askScreen`.
 */
import type { RecordingStore, StoredOutput, StoredRow } from './recording-store.ts';
import type { Screen } from './screen.ts';

/** Output is written this long after its first byte at the latest, in ms; also the window of the rate limit. */
const flushMs = 1_000;
/** Above this rate output is not kept raw, in bytes per `flushMs`: one screen per window stands for it. */
const maxRawBytes = 1024 * 1024;
/** A raw row is closed at this size, in bytes before compression. */
const maxRowBytes = 256 * 1024;
/** A keyframe is taken after this much raw output, in bytes. */
const keyframeBytes = 512 * 1024;
/** Raw output that may wait for a database that is away, in bytes; beyond it there is a gap. */
const maxWaitingBytes = 4 * 1024 * 1024;

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
  #stored: number;
  #cols: number;
  #rows: number;
  #pending: Pending | null = null;
  #gapFrom: number | null = null;
  /** Closed rows in order of their offsets; screens stand where they arrived. */
  #ready: StoredRow[] = [];
  #waitingBytes = 0;
  #windowBytes = 0;
  #sinceKeyframe = 0;
  #isKeyframeDue = false;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#end = options.end;
    this.#stored = options.end;
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
    if (this.#windowBytes > maxRawBytes || this.#waitingBytes > maxWaitingBytes) this.#skip();
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

  /** A screen of the runner: kept where it stands for a gap, or enough output has passed since the last. */
  screen(screen: Screen): void {
    if (this.#isKeyframeDue) this.#keyframe(screen);
  }

  /** The last screen of a terminal that has ended. Resolves when it and all output are stored. */
  async finish(screen: Screen): Promise<void> {
    this.#keyframe(screen);
    await this.flush();
    this.#options.onStored(this.#stored);
  }

  /** Stores everything accepted. Rejects when the database refuses; what was not stored is kept for the next try. */
  flush(): Promise<void> {
    this.#closeRow();
    this.#closeGap();
    const next = this.#writing.catch(() => undefined).then(() => this.#write());
    this.#writing = next;
    return next;
  }

  /** The newest stored screen and the raw output after it. */
  last(): Promise<{ screen: Screen | null; output: StoredOutput[] }> {
    return this.#options.store.last();
  }

  #keep(data: Uint8Array): void {
    this.#closeGap();
    this.#pending ??= { from: this.#end, to: this.#end, cols: this.#cols, rows: this.#rows, chunks: [] };
    this.#pending.chunks.push(data);
    this.#pending.to += data.length;
    this.#waitingBytes += data.length;
    this.#sinceKeyframe += data.length;
    if (this.#sinceKeyframe >= keyframeBytes) this.#isKeyframeDue = true;
    if (this.#pending.to - this.#pending.from >= maxRowBytes) this.#closeRow();
  }

  #skip(): void {
    this.#closeRow();
    this.#gapFrom ??= this.#end;
    this.#isKeyframeDue = true;
  }

  /** Its offset may lie before or after what was accepted: screens and output come from the runner on their own ways. */
  #keyframe({ offset, cols, rows, data }: Screen): void {
    this.#sinceKeyframe = 0;
    this.#isKeyframeDue = false;
    if (this.#waitingBytes > maxWaitingBytes) this.#ready = this.#ready.filter((row) => row.kind !== 'screen');
    this.#ready.push({ kind: 'screen', from: offset, to: offset, cols, rows, data });
    this.#arm();
  }

  #closeRow(): void {
    if (!this.#pending) return;
    const { chunks, ...row } = this.#pending;
    this.#ready.push({ kind: 'raw', ...row, data: Buffer.concat(chunks) });
    this.#pending = null;
  }

  #closeGap(): void {
    if (this.#gapFrom === null) return;
    if (this.#end > this.#gapFrom) {
      const row = { from: this.#gapFrom, to: this.#end, cols: this.#cols, rows: this.#rows };
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
    if (this.#isKeyframeDue) this.#options.askScreen();
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
    const output = rows.filter((row) => row.kind !== 'screen');
    this.#waitingBytes -= output.reduce((sum, row) => sum + row.data.length, 0);
    const last = output.at(-1);
    if (!last) return;
    this.#stored = last.to;
    this.#options.onStored(this.#stored);
  }
}
