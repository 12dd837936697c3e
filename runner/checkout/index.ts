/** Public face of checkouts: make or reopen a session's copy of the files, prove that its work is saved, remove it. */
import { stat } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Checkout, CheckoutCreated, CheckoutRequest } from './checkout.ts';
import { plainCheckout } from './plain-checkout.ts';

export type { Checkout } from './checkout.ts';
export { compareCheckouts } from './compare.ts';
export { removeWhole } from './remove.ts';

/**
 * The checkout of an earlier run, or a new one; `created` is the fact to state, null when it was there already.
 * Throws AppError `source.invalid` naming the fix, `input.invalid` for the branch, or `checkout.failed`; then nothing is left.
 */
export async function openCheckout(
  request: Omit<CheckoutRequest, 'restricted'> & Partial<Pick<CheckoutRequest, 'restricted'>>,
): Promise<{ checkout: Checkout; created: CheckoutCreated | null }> {
  const checkout = await plainCheckout.reopen(request.directory);
  if (!checkout) return plainCheckout.create({ restricted: [], ...request });
  if ((await stat(checkout.root).catch(() => null))?.isDirectory()) return { checkout, created: null };
  throw new AppError({ code: 'checkout.failed', message: 'the files of this session are gone; start a new session' });
}

/** Settles the checkout of a session whose runner is gone. `missing` when there is none. */
export async function removeCheckout(options: {
  directory: string;
  mode: 'if-saved' | 'discard';
}): Promise<StopResult> {
  const checkout = await plainCheckout.reopen(options.directory);
  if (!checkout) return { checkout: 'missing', reason: 'there is no checkout in the session folder' };
  return checkout.remove({ mode: options.mode });
}
