/** The plain copy against the contract as a normal user, where the tests are run by root. */
import { describe, expect, it } from 'vitest';
import { isSecondRun, normalUser, runTests } from './contract/as-user.testing.ts';
import { tested } from './contract/suite.testing.ts';
import { checkoutContract } from './contract.ts';
import { plainCheckout } from './plain-checkout.ts';

if (isSecondRun) {
  checkoutContract('copying', tested(plainCheckout));
} else {
  describe('as a normal user', { timeout: 16 * 60_000 }, () => {
    it('[CHK28] copies pass the contract for a user who may not read everything', () => {
      const me = process.getuid?.() ?? normalUser;
      const uid = me === 0 ? normalUser : me;
      const { status, said } = runTests('runner/checkout/plain-user.test.ts', { uid, prefix: [] });
      expect(status, said).toBe(0);
      expect(said).toMatch(/Tests\s.*\d+ passed/);
    });
  });
}
