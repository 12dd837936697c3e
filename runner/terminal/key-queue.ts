/**
 * Keys on their way to a program, written as it takes them. libuv writes to a PTY until everything is taken and holds
 * up the whole process meanwhile, for ever when the program does not read; so this writes to the descriptor itself.
 */
import { writeSync } from 'node:fs';

/** Keys waiting for a program that does not read them, in bytes; a program that ignores this much gets no more. */
const maxWaitingBytes = 1024 * 1024;
/** The kernel does not say when a PTY takes keys again without reading from it too; it is asked this often. */
const retryMs = 10;

export class KeyQueue {
  readonly #fd: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** `fd`: non-blocking. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** False: too much waits already or nobody is there, and these keys were dropped. */
  write(data: Uint8Array): boolean {
    if (this.#isClosed || this.#waitingBytes > maxWaitingBytes) return false;
    this.#waiting.push(data.slice());
    this.#waitingBytes += data.length;
    if (this.#timer === null) this.#pass();
    return true;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #pass(): void {
    this.#timer = null;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const taken = this.#offer(next);
      this.#waitingBytes -= taken;
      if (taken === next.length) {
        this.#waiting.shift();
        continue;
      }
      this.#waiting[0] = next.subarray(taken);
      this.#timer = setTimeout(() => this.#pass(), retryMs);
      return;
    }
  }

  /** Bytes that were taken. What nobody can read any more counts as taken. */
  #offer(data: Uint8Array): number {
    try {
      return writeSync(this.#fd, data);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return 0;
      if (code === 'EIO' || code === 'EBADF') return data.length;
      throw error;
    }
  }
}
