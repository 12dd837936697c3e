/** The suite that every way of making checkouts must pass; called inside a test file, once for each. */
import { describe } from 'vitest';
import { changesContract } from './contract/changes.testing.ts';
import { everydayContract } from './contract/everyday.testing.ts';
import { folderContract } from './contract/folder.testing.ts';
import { gitContract } from './contract/git.testing.ts';
import { hostileContract } from './contract/hostile.testing.ts';
import { proofContract } from './contract/proof.testing.ts';
import { removalContract } from './contract/removal.testing.ts';
import { restrictedContract } from './contract/restricted.testing.ts';
import type { TestedMethod } from './contract/suite.testing.ts';

export function checkoutContract(name: string, method: TestedMethod): void {
  describe(`checkouts made by ${name}`, () => {
    gitContract(method);
    changesContract(method);
    hostileContract(method);
    folderContract(method);
    proofContract(method);
    removalContract(method);
    restrictedContract(method);
    everydayContract(method);
  });
}
