/** Waits for a database that is away for a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { isPassing } from './connection-error.ts';

const defaultPatienceMs = 10_000;
const pauseMs = 50;

/** Runs work that may be repeated until the database answers. */
export type Reach = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs `work`, again while it fails because the database cannot be reached. `work` must be safe to repeat.
 * Throws `database.unavailable` after `patienceMs` (10 s), any other error at once.
 */
export async function untilReachable<T>(work: () => Promise<T>, patienceMs = defaultPatienceMs): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (!isPassing(cause) && !isPassing(cause instanceof Error ? cause.cause : null)) throw cause;
      if (performance.now() > deadline) {
        const detail = cause instanceof Error ? { detail: cause.message } : {};
        throw new AppError({ code: 'database.unavailable', message: 'the database does not answer', ...detail, cause });
      }
      await sleep(pauseMs);
    }
  }
}
