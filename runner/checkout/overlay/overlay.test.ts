/**
 * Overlay checkouts against the contract, and what only they promise. Mounting takes a namespace of its own: this file runs itself
 * again in one, as the user it is run by, and where that is root as a normal user, too.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkoutContract } from '../contract.ts';
import { baseContract } from './contract/base.testing.ts';
import { overlayContract } from './contract/overlay.testing.ts';
import { testedOverlays } from './contract/tested.testing.ts';
import { mountNamespace } from './mounter.ts';

const inside = 'OMNIGENT_TEST_NAMESPACE';
/** Nobody's number: one that no user of the machine has. */
const normal = 60_417;

function runInside(uid: number) {
  const isOther = uid !== process.getuid?.();
  const become = isOther ? ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'] : [];
  const program = [
    process.execPath,
    'node_modules/vitest/vitest.mjs',
    'run',
    'runner/checkout/overlay/overlay.test.ts',
  ];
  const quiet = ['--configLoader', 'runner', '--no-cache', '--reporter', 'dot'];
  const [command = '', ...args] = [...become, ...mountNamespace(uid), ...program, ...quiet];
  const env = { ...process.env, [inside]: '1', HOME: tmpdir() };
  return spawnSync(command, args, { env, encoding: 'utf8', timeout: 15 * 60_000 });
}

if (process.env[inside] === undefined) {
  const users = process.getuid?.() === 0 ? [0, normal] : [process.getuid?.() ?? normal];
  describe('in a namespace of its own', { timeout: 16 * 60_000 }, () => {
    it.each(users)('[OVL1] overlay checkouts pass the contract as user %i', (uid) => {
      const { status, stdout, stderr } = runInside(uid);
      expect(status, `${stdout}\n${stderr}`).toBe(0);
      expect(stdout).toMatch(/Tests\s.*\d+ passed/);
    });
  });
} else {
  checkoutContract('overlays', testedOverlays);
  overlayContract();
  baseContract();
}
