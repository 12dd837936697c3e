/** Keeps one Postgres running: notices that it ended and starts it again. Knows nothing of how that is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { isRunning } from './process.ts';
import type { Running } from './start.ts';

const watchMs = 100;
const retryMs = { first: 20, most: 1_000 };

type Supervised =
  | { kind: 'running'; pid: number }
  | { kind: 'restarting'; pid: number; done: Promise<void> }
  | { kind: 'released' };

export interface SuperviseOptions {
  first: Running;
  /** Starts it, or finds that somebody did. */
  start(): Promise<Running>;
  stop(): Promise<void>;
  log(line: string): void;
}

/** Watches `first` and whatever `start` makes after it. One start at a time, again until one succeeds. */
export function supervise({ first, start, stop, log }: SuperviseOptions) {
  const listeners: ((pid: number) => void)[] = [];
  let lastPid = first.pid;
  let state: Supervised = { kind: 'running', pid: first.pid };
  let unwatch = watch(first, restart, log);

  function restart(): void {
    if (state.kind !== 'running') return;
    log(`postgres (pid ${state.pid}) ended; starting it again`);
    state = { kind: 'restarting', pid: state.pid, done: startUntilRunning() };
  }

  async function startUntilRunning(): Promise<void> {
    for (let delay = retryMs.first; state.kind !== 'released'; delay = Math.min(delay * 2, retryMs.most)) {
      try {
        const next = await start();
        lastPid = next.pid;
        if (isReleased()) return;
        state = { kind: 'running', pid: next.pid };
        unwatch = watch(next, restart, log);
        log(`postgres runs again (pid ${next.pid})`);
        for (const listener of listeners) listener(next.pid);
        return;
      } catch (cause) {
        log(`postgres did not start: ${explain(cause)}`);
        await sleep(delay);
      }
    }
  }

  const isReleased = () => state.kind === 'released';

  return {
    pid: () => lastPid,
    onRestart: (listener: (pid: number) => void) => void listeners.push(listener),
    release() {
      unwatch();
      state = { kind: 'released' };
    },
    async stop() {
      const before = state;
      unwatch();
      state = { kind: 'released' };
      if (before.kind === 'restarting') await before.done;
      await stop();
    },
  };
}

const explain = (cause: unknown): string => {
  if (cause instanceof AppError) return cause.detail ? `${cause.message}: ${cause.detail}` : cause.message;
  return String(cause);
};

/** Calls `onEnd` when the process is gone; the result stops looking. */
function watch({ pid, child }: Running, onEnd: () => void, log: (line: string) => void): () => void {
  if (child) {
    child.once('exit', onEnd);
    if (child.exitCode !== null || child.signalCode !== null) setImmediate(onEnd);
    return () => child.off('exit', onEnd);
  }
  const look = async () => {
    if (await isRunning(pid)) return;
    clearInterval(timer);
    onEnd();
  };
  const timer = setInterval(() => {
    look().catch((cause: unknown) => log(`postgres (pid ${pid}) cannot be watched: ${String(cause)}`));
  }, watchMs).unref();
  return () => clearInterval(timer);
}
