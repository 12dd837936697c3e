/** Turns bus subscriptions into bounded async streams for tRPC. */
import { AppError } from '#protocol/error.ts';

/**
 * Yields what `listen` pushes until `signal` aborts. A slow reader gets only the newest message per key, so the backlog
 * never grows beyond the number of keys. `listen` returns how to stop.
 */
export async function* follow<T>(
  signal: AbortSignal | undefined,
  listen: (push: (key: string, message: T) => void) => () => void,
): AsyncGenerator<T> {
  const waiting = new Map<string, T>();
  let wake: () => void = () => undefined;
  const stop = listen((key, message) => {
    waiting.delete(key);
    waiting.set(key, message);
    wake();
  });
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort);
  try {
    while (!signal?.aborted) {
      for (const [key, message] of waiting) {
        waiting.delete(key);
        yield message;
      }
      if (waiting.size > 0 || signal?.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop();
  }
}

/** Runs `work` with a signal that aborts after `ms`; then throws `runner.unreachable`. */
export async function until(ms: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  try {
    await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
  if (controller.signal.aborted) {
    throw new AppError({
      code: 'runner.unreachable',
      message: 'the runner did not get ready in time; see the session',
    });
  }
}
