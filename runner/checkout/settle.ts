/** Waiting for several things at once without leaving any of them behind. */

/**
 * As Promise.all, but on a failure it first waits until all have ended: whoever cleans up afterwards must not race with
 * what is still being written.
 */
export async function settleAll<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
