/**
 * Output as raw bytes for a pipe: from the first one that is still to be had, each once, in order. What was missed while
 * the connection was lost is asked for again before it is given up. Knows no socket.
 */
import type { OutputFrame, SnapshotFrame } from '#protocol/terminal-frame.ts';
import type { Output } from '../io.ts';
import type { Display } from './attachment.ts';

/** Output that may wait for a slow reader before the server is told to hold back, in bytes. */
const maxWaitingBytes = 16 * 1024 * 1024;

export interface PipeDisplayOptions {
  stdout: Output;
  /** Output up to this offset was taken and the reader keeps up. */
  onShown(offset: number): void;
  /** This many bytes could not be had any more; the screen follows instead. */
  onGap(bytes: number): void;
}

export class PipeDisplay implements Display {
  #end = 0;
  /** False until something came: then a screen stands for all that was before. */
  #hasBegun = false;
  /** The `end` for which bytes were asked again already. */
  #askedAt: number | null = null;
  readonly #options: PipeDisplayOptions;

  constructor(options: PipeDisplayOptions) {
    this.#options = options;
  }

  get end(): number {
    return this.#end;
  }

  resumeAt(): number {
    return this.#end;
  }

  output(frame: OutputFrame): 'taken' | 'redial' {
    if (frame.offset > this.#end) return this.#askAgain() ? 'redial' : this.#skip(frame, frame.offset);
    const fresh = frame.data.subarray(this.#end - frame.offset);
    if (fresh.length > 0) this.#write(fresh, this.#end + fresh.length);
    return 'taken';
  }

  /** The first screen is written as it is; a later one only where the bytes before it cannot be had. */
  snapshot(frame: SnapshotFrame): 'taken' | 'redial' {
    if (!this.#hasBegun) {
      this.#write(frame.data, frame.offset);
      return 'taken';
    }
    if (frame.offset <= this.#end) {
      this.#options.onShown(this.#end);
      return 'taken';
    }
    return this.#askAgain() ? 'redial' : this.#skip(frame, frame.offset);
  }

  resized(): void {}

  #askAgain(): boolean {
    const isNew = this.#askedAt !== this.#end;
    this.#askedAt = this.#end;
    return isNew;
  }

  #skip({ kind, data }: OutputFrame | SnapshotFrame, offset: number): 'taken' {
    this.#options.onGap(offset - this.#end);
    this.#write(data, kind === 'output' ? offset + data.length : offset);
    return 'taken';
  }

  #write(data: Uint8Array, end: number): void {
    const { stdout, onShown } = this.#options;
    this.#end = end;
    this.#hasBegun = true;
    stdout.write(data, () => onShown(end));
    if ((stdout.writableLength ?? 0) < maxWaitingBytes) onShown(end);
  }
}
