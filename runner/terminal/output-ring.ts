/** The newest output bytes of one program, by offset. Knows neither the PTY they came from nor who reads them. */

/** Bytes kept for a server that is away. */
const ringBytes = 4 * 1024 * 1024;
/** Memory grows and shrinks by blocks, so that an idle terminal holds one. */
const blockBytes = 64 * 1024;

interface Block {
  offset: number;
  bytes: Uint8Array;
  used: number;
}

/** Append-only by offset; written bytes never change, so what `append` and `read` return needs no copy. */
export class OutputRing {
  readonly #limit: number;
  #blocks: Block[] = [];
  #start = 0;
  #end = 0;

  /** `limit`: bytes kept at most, rounded up to whole blocks of 64 KiB. */
  constructor(limit = ringBytes) {
    this.#limit = limit;
  }

  /** Offset of the oldest byte that can still be read. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Keeps a copy of `data` and forgets the oldest blocks beyond the limit. */
  append(data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.used === blockBytes) {
        block = { offset: this.#end, bytes: new Uint8Array(blockBytes), used: 0 };
        this.#blocks.push(block);
      }
      const part = data.subarray(done, done + blockBytes - block.used);
      block.bytes.set(part, block.used);
      block.used += part.length;
      this.#end += part.length;
      done += part.length;
    }
    this.#forgetBefore(this.#end - this.#limit);
  }

  /** The longest contiguous run of kept bytes from `from`, at most `max`; empty when there is none. */
  read(from: number, max: number): Uint8Array {
    if (from < this.#start || from >= this.#end) return new Uint8Array(0);
    const block = this.#blocks.findLast((candidate) => candidate.offset <= from);
    if (block === undefined) return new Uint8Array(0);
    const at = from - block.offset;
    return block.bytes.subarray(at, Math.min(block.used, at + max));
  }

  /** Bytes before `offset` are stored elsewhere: whole blocks of them are let go. */
  release(offset: number): void {
    this.#forgetBefore(offset);
  }

  #forgetBefore(offset: number): void {
    let block = this.#blocks[0];
    while (block && block.used === blockBytes && block.offset + block.used <= offset) {
      this.#blocks.shift();
      this.#start = block.offset + block.used;
      block = this.#blocks[0];
    }
  }
}
