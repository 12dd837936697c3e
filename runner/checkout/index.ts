/** Public face of checkouts: make or reopen a session's copy of the files, prove that its work is saved, remove it. */
import { realpath } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import type { Checkout, CheckoutCreated, CheckoutRequest } from './checkout.ts';
import { takeCreated } from './created.ts';
import { holdSession } from './overlay/index.ts';
import { plainCheckout } from './plain-checkout.ts';
import { readRecord } from './record.ts';
import { reopenCheckout } from './reopen.ts';

export type { Checkout } from './checkout.ts';
/** For whoever starts programs where the files of a session are to be seen (docs/adr/020-overlay-checkout.md). */
export {
  checkoutView,
  chooseMethod,
  mounted,
  mountNamespace,
  mountScript,
  viewCommand,
  waitingCommand,
} from './overlay/index.ts';
export { removeWhole } from './remove.ts';

/** Locks of the sessions that this process works in, until it ends. */
const held: unknown[] = [];

/**
 * The checkout that the host made in a session's folder; `created` is the fact to state, null when it was stated already. Takes
 * the session's lock where its files are mounted. Throws AppError `checkout.failed`.
 */
export async function openCheckout(
  directory: string,
): Promise<{ checkout: Checkout; created: CheckoutCreated | null }> {
  const checkout = await reopenCheckout(directory, null);
  if (checkout && (await checkout.isPresent())) {
    if (checkout.isMounted) held.push(await holdSession(await realpath(directory)));
    return { checkout, created: await takeCreated(directory) };
  }
  throw new AppError({ code: 'checkout.failed', message: 'the files of this session are gone; start a new session' });
}

/** A copy for a short time, made and used by this process. Throws AppError `source.invalid`, `checkout.failed`. */
export const makeCopy = async (request: CheckoutRequest): Promise<Checkout> =>
  (await plainCheckout.create(request)).checkout;

/** Whether the session's folder holds the record of one. Throws AppError `checkout.failed` for a damaged record. */
export async function hasCheckout(directory: string): Promise<boolean> {
  const real = await realpath(directory).catch(() => null);
  return real !== null && (await readRecord(real)) !== null;
}
