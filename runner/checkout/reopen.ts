/** Finds the checkout that was made in a session's folder, however it was made. */
import { realpath } from 'node:fs/promises';
import type { Checkout } from './checkout.ts';
import { type Mounter, toOverlayCheckout } from './overlay/index.ts';
import { plainCheckout } from './plain-checkout.ts';
import { readRecord } from './record.ts';

/** Null if there is none. `release` ends what this process holds of the session, before its files are removed. `mounter`: what looks at files that are not mounted here; null where this process may not mount. */
export async function reopenCheckout(
  folder: string,
  mounter: Mounter | null,
  release: () => Promise<void> = async () => undefined,
): Promise<Checkout | null> {
  const directory = await realpath(folder).catch(() => null);
  const record = directory === null ? null : await readRecord(directory);
  if (directory === null || record === null) return null;
  if (record.base === null) return plainCheckout.reopen(directory);
  return toOverlayCheckout({ directory, record: { ...record, base: record.base }, mounter, release });
}
