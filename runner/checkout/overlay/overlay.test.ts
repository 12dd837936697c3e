/**
 * Overlay checkouts against the contract, and what only they promise. Mounting takes a namespace of its own: this file runs itself
 * again in one, as the user it is run by, and where that is root as a normal user, too.
 */
import { describe, expect, it } from 'vitest';
import { isSecondRun, normalUser, runTests } from '../contract/as-user.testing.ts';
import { checkoutContract } from '../contract.ts';
import { baseContract } from './contract/base.testing.ts';
import { overlayContract } from './contract/overlay.testing.ts';
import { testedOverlays } from './contract/tested.testing.ts';
import { mountNamespace } from './mounter.ts';

if (isSecondRun) {
  checkoutContract('overlays', testedOverlays);
  overlayContract();
  baseContract();
} else {
  const me = process.getuid?.() ?? normalUser;
  const users = me === 0 ? [0, normalUser] : [me];
  describe('in a namespace of its own', { timeout: 16 * 60_000 }, () => {
    it.each(users)('[OVL1] overlay checkouts pass the contract as user %i', (uid) => {
      const { status, said } = runTests('runner/checkout/overlay/overlay.test.ts', {
        uid,
        prefix: mountNamespace(uid),
      });
      expect(status, said).toBe(0);
      expect(said).toMatch(/Tests\s.*\d+ passed/);
    });
  });
}
