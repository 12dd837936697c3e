/** Notices that runner processes are gone, by looking at the process table now and then. */
import { isAlive, type ProcessIdentity } from '#runner/sandbox/index.ts';
import { boundLogOf } from './runner-log.ts';

/** Time between looks, in ms; a look costs some 10 µs a runner. Runners of this server are noticed at once (exit). */
const lookMs = 500;
/** Looks between checks of the logs' size. */
const looksPerLogCheck = 60;

interface Watched {
  identity: ProcessIdentity;
  onGone: () => void;
}

export class RunnerWatch {
  readonly #watched = new Set<Watched>();
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;

  constructor(options: { log: (line: string) => void }) {
    this.#log = options.log;
  }

  add(identity: ProcessIdentity, onGone: () => void): () => void {
    const watched = { identity, onGone };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
    queueMicrotask(() => this.#settle(watched));
    return () => void this.#watched.delete(watched);
  }

  /** Looks now instead of at the next tick. */
  check(): void {
    for (const watched of [...this.#watched]) this.#settle(watched);
    if (this.#watched.size === 0) this.close();
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#watched.clear();
  }

  #look(): void {
    this.check();
    this.#looks += 1;
    if (this.#looks % looksPerLogCheck === 0) for (const { identity } of this.#watched) this.#boundLog(identity.pid);
  }

  #boundLog(pid: number): void {
    try {
      boundLogOf(pid);
    } catch (cause) {
      this.#log(`host: the log of runner process ${pid} could not be bounded: ${String(cause)}`);
    }
  }

  #settle(watched: Watched): void {
    if (!this.#watched.has(watched) || isAlive(watched.identity)) return;
    this.#watched.delete(watched);
    watched.onGone();
  }
}
