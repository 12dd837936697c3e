/** The suite that every way of making checkouts must pass; called inside a test file, once for each. */
import { describe } from 'vitest';
import type { CheckoutMethod } from './checkout.ts';
import { changesContract } from './contract/changes.ts';
import { folderContract } from './contract/folder.ts';
import { gitContract } from './contract/git.ts';
import { hostileContract } from './contract/hostile.ts';
import { proofContract } from './contract/proof.ts';
import { removalContract } from './contract/removal.ts';

export function checkoutContract(name: string, method: CheckoutMethod): void {
  describe(`checkouts made by ${name}`, () => {
    gitContract(method);
    changesContract(method);
    hostileContract(method);
    folderContract(method);
    proofContract(method);
    removalContract(method);
  });
}
