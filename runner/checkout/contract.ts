/** The suite that every way of making checkouts must pass; called inside a test file, once for each. */
import { describe } from 'vitest';
import type { CheckoutMethod } from './checkout.ts';
import { gitContract } from './contract/git.ts';

export function checkoutContract(name: string, method: CheckoutMethod): void {
  describe(`checkouts made by ${name}`, () => {
    gitContract(method);
  });
}
