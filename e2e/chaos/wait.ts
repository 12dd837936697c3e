/** Waiting for something to become true, with a deadline. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks every `everyMs` until `isTrue` answers true; throws naming `what` after `patienceMs`. Returns how long it took, ms. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  patienceMs: number,
  everyMs = 20,
): Promise<number> {
  const since = performance.now();
  for (;;) {
    if (await isTrue()) return performance.now() - since;
    if (performance.now() - since > patienceMs) throw new Error(`${what}: not within ${patienceMs / 1000} s`);
    await sleep(everyMs);
  }
}
