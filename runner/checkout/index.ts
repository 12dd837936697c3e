/** Public face of checkouts: make or reopen a session's copy of the files, prove that its work is saved, remove it. */
import { realpath } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Checkout, CheckoutCreated, CheckoutRequest } from './checkout.ts';
import { takeCreated } from './created.ts';
import { holdSession, type Lock } from './overlay/index.ts';
import { plainCheckout } from './plain-checkout.ts';
import { reopenCheckout } from './reopen.ts';

export type { Checkout } from './checkout.ts';
export { compareCheckouts } from './compare.ts';
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

/**
 * The checkout of an earlier run or one that the host made, or a new one; `created` is the fact to state, null when it was there
 * already. Throws AppError `source.invalid` naming the fix, `input.invalid` for the branch, or `checkout.failed`; then nothing
 * is left.
 */
export async function openCheckout(
  request: Omit<CheckoutRequest, 'restricted'> & Partial<Pick<CheckoutRequest, 'restricted'>>,
): Promise<{ checkout: Checkout; created: CheckoutCreated | null }> {
  let lock: Lock | null = null;
  const checkout = await reopenCheckout(request.directory, null, async () => lock?.release());
  if (!checkout) return plainCheckout.create({ restricted: [], ...request });
  if (await checkout.isPresent()) {
    if (checkout.isMounted) lock = await holdSession(await realpath(request.directory));
    return { checkout, created: await takeCreated(request.directory) };
  }
  throw new AppError({ code: 'checkout.failed', message: 'the files of this session are gone; start a new session' });
}

/** Settles the checkout of a session whose runner is gone. `missing` when there is none. */
export async function removeCheckout(options: {
  directory: string;
  mode: 'if-saved' | 'discard';
}): Promise<StopResult> {
  const checkout = await reopenCheckout(options.directory, null);
  if (!checkout) return { checkout: 'missing', reason: 'there is no checkout in the session folder' };
  return checkout.remove({ mode: options.mode });
}
