/**
 * Output as raw bytes for a pipe: from the first one on, each once, in order. Where the server sends a screen instead,
 * the bytes it stands for are taken from the recording. Knows no socket.
 */
import type { Output } from '../io.ts';
import type { Display, Frame } from './attachment.ts';

/** Output that may wait for a slow reader before the server is told to hold back, in bytes. */
const maxWaitingBytes = 16 * 1024 * 1024;

export interface PipeDisplayOptions {
  stdout: Output;
  /** Output up to this offset was taken and the reader keeps up. */
  onShown(offset: number): void;
  /** The recorded bytes from one offset up to another; null when not all of them are kept. */
  recorded(from: number, to: number): Promise<Uint8Array | null>;
  /** This many bytes are not kept any more; the screen follows instead. */
  onGap(bytes: number): void;
  /** The recording cannot be read now; what came after `end` is wanted again. */
  onFail(cause: unknown): void;
}

export class PipeDisplay implements Display {
  #end = 0;
  /** Frames that wait for recorded bytes before them; null: nothing is waited for. */
  #held: Frame[] | null = null;
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

  resized(): void {}

  take(frame: Frame): 'taken' {
    if (this.#held) this.#held.push(frame);
    else if (frame.offset > this.#end) this.#fill(frame);
    else this.#show(frame);
    return 'taken';
  }

  /** Nothing before `frame` is missing. A screen holds no bytes of its own. */
  #show(frame: Frame): void {
    const fresh = frame.kind === 'output' ? frame.data.subarray(this.#end - frame.offset) : null;
    if (fresh && fresh.length > 0) this.#write(fresh, this.#end + fresh.length);
    else this.#options.onShown(this.#end);
  }

  #fill(frame: Frame): void {
    const { recorded, onFail } = this.#options;
    this.#held = [];
    recorded(this.#end, frame.offset)
      .then((bytes) => {
        if (bytes) this.#write(bytes, frame.offset);
        else this.#skip(frame);
        for (const later of [frame, ...this.#release()]) this.take(later);
      })
      .catch((cause: unknown) => {
        this.#release();
        onFail(cause);
      });
  }

  #release(): Frame[] {
    const held = this.#held ?? [];
    this.#held = null;
    return held;
  }

  /** What is missing cannot be had: the screen stands for it, or nothing does. */
  #skip(frame: Frame): void {
    this.#options.onGap(frame.offset - this.#end);
    if (frame.kind === 'snapshot') this.#write(frame.data, frame.offset);
    this.#end = frame.offset;
  }

  #write(data: Uint8Array, end: number): void {
    const { stdout, onShown } = this.#options;
    this.#end = end;
    stdout.write(data, () => onShown(end));
    if ((stdout.writableLength ?? 0) < maxWaitingBytes) onShown(end);
  }
}
