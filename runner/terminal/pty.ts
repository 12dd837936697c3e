/** A program on a pseudo-terminal as raw bytes. Owns the node-pty handle; knows nothing of screens or offsets. */
import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type IPty, spawn } from '@lydell/node-pty';
import { AppError } from '#protocol/error.ts';
import { KeyQueue } from './key-queue.ts';

export interface PtyOptions {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  cols: number;
  rows: number;
  onData: (data: Uint8Array) => void;
  /** Called once, after the last `onData`. `exitCode` is null when a signal ended the program. */
  onExit: (exit: PtyExit) => void;
}

export interface PtyExit {
  exitCode: number | null;
  signal: number | null;
}

/** node-pty's types know text only; with `encoding: null` it hands out bytes. */
interface BytePty extends Omit<IPty, 'onData' | 'write'> {
  onData(listener: (data: Uint8Array) => void): void;
  readonly fd: number;
  readonly _socket: Socket;
}

/** Everything the kernel still holds for a non-blocking descriptor. */
function readRest(fd: number, onData: (data: Uint8Array) => void): void {
  for (;;) {
    const bytes = new Uint8Array(4096);
    let count = 0;
    try {
      count = readSync(fd, bytes);
    } catch (error) {
      // EAGAIN: nothing now, the other side is open; EIO: nothing, it is closed. Both mean that all was read.
      if (['EAGAIN', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
      throw error;
    }
    if (count === 0) return;
    onData(bytes.subarray(0, count));
  }
}

/**
 * A PTY hands out at most 4 KiB a read. libuv takes such a short read, together with the hang-up of a program that
 * ended, for the end of the stream, and the rest would be lost; so the rest is read when the stream is torn down.
 */
function keepTail(pty: BytePty, keys: KeyQueue, onData: (data: Uint8Array) => void): void {
  const socket = pty._socket;
  const tearDown = socket._destroy.bind(socket);
  socket._destroy = (error, done) => {
    // What a paused stream had read already comes first; `read` hands it to the data listeners.
    while (socket.read() !== null);
    readRest(pty.fd, onData);
    // The descriptor closes now, and its number may soon be another file's.
    keys.close();
    tearDown(error, done);
  };
}

const notStarted = (file: string, cause: unknown) =>
  new AppError({ code: 'launch.failed', message: `could not start ${file} on a terminal`, cause });

export class Pty {
  readonly #pty: BytePty;
  readonly #keys: KeyQueue;
  #isRunning = true;
  #isPaused = false;

  /** Starts the program. Throws AppError `launch.failed` when the PTY cannot be made. */
  constructor(options: PtyOptions) {
    const { file, args, env, cwd, cols, rows } = options;
    try {
      const settings = { name: 'xterm-256color', encoding: null, env: { ...env }, cwd, cols, rows };
      this.#pty = spawn(file, [...args], settings) as unknown as BytePty;
    } catch (cause) {
      throw notStarted(file, cause);
    }
    this.#keys = new KeyQueue(this.#pty.fd);
    this.#pty.onData(options.onData);
    keepTail(this.#pty, this.#keys, options.onData);
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#isRunning = false;
      this.#keys.close();
      options.onExit(signal ? { exitCode: null, signal } : { exitCode, signal: null });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Name of the foreground program; empty when it cannot be told. */
  get program(): string {
    return this.#isRunning ? this.#pty.process : '';
  }

  /** False: the program has not read the keys it was given and these were dropped. */
  write(data: Uint8Array): boolean {
    return this.#isRunning && this.#keys.write(data);
  }

  resize(cols: number, rows: number): void {
    if (this.#isRunning) this.#pty.resize(cols, rows);
  }

  /** Stops or restarts reading; a stopped program blocks as soon as the kernel's buffer is full. */
  setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#pty.pause();
    else this.#pty.resume();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#pty.kill(signal);
  }
}
