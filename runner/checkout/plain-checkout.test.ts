/** The plain copy against the contract, and what only it promises. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './contract/source.testing.ts';
import { checkoutContract } from './contract.ts';
import { openCheckout, removeCheckout } from './index.ts';
import { createPlainCheckouts, plainCheckout } from './plain-checkout.ts';
import { findMount } from './remove.ts';

checkoutContract('copying', plainCheckout);

describe('the limits of copying', { timeout: 60_000 }, () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.remove());

  it('[CHK17] more files or bytes than a session may have are refused, and nothing is left behind', async () => {
    const { create } = createPlainCheckouts({ limits: { files: 3, bytes: 1_000 }, now: () => 0 });
    const folder = place.path('folder');
    for (const name of ['a', 'b', 'c', 'd']) place.write(join(folder, name), name);
    const heavy = place.path('heavy');
    place.write(join(heavy, 'big'), 'x'.repeat(2_000));
    const many = place.repository('many', { a: 'a', b: 'b', c: 'c', d: 'd' });
    const untracked = place.repository('untracked', { a: 'a' });
    place.write(join(untracked, 'big'), 'x'.repeat(2_000));
    for (const source of [folder, heavy, many, untracked]) {
      const directory = place.session();
      const making = create({ source, directory, branch: 'b', includesChanges: true });
      await expect(making, source).rejects.toMatchObject({
        code: 'source.invalid',
        message: expect.stringContaining('more than'),
      });
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('[CHK18] what a crash left in the place of the checkout is put aside, not deleted', async () => {
    const directory = place.session();
    mkdirSync(join(directory, 'checkout'), { recursive: true });
    writeFileSync(join(directory, 'checkout/half'), 'half');
    const first = await openCheckout({
      source: place.repository('crashed'),
      directory,
      branch: 'b',
      includesChanges: false,
    });
    expect(first.created).toMatchObject({ files: 2 });
    const leftover = readdirSync(directory).find((name) => name.startsWith('leftover-')) ?? '';
    expect(readdirSync(join(directory, leftover))).toEqual(['half']);
  });

  it('[CHK27] opening twice makes one checkout; removing what is not there is no error', async () => {
    const directory = place.session();
    const request = { source: place.repository('twice'), directory, branch: 'b', includesChanges: false };
    const first = await openCheckout(request);
    const second = await openCheckout(request);
    expect(first.created).not.toBeNull();
    expect(second.created).toBeNull();
    expect(second.checkout.root).toBe(first.checkout.root);
    expect(await removeCheckout({ directory, mode: 'if-saved' })).toMatchObject({ checkout: 'unchanged' });
    expect(await removeCheckout({ directory, mode: 'discard' })).toMatchObject({ checkout: 'missing' });
    expect(await removeCheckout({ directory: place.session(), mode: 'discard' })).toMatchObject({
      checkout: 'missing',
    });
  });

  it('[CHK26] a mount in the checkout is found, also below a name with blanks', () => {
    const line = (at: string) => `36 35 98:0 / ${at} rw,noatime master:1 - ext3 /dev/root rw`;
    const table = [line('/'), line('/s/checkout-2'), line('/s/a\\040b/checkout/in\\134side')].join('\n');
    expect(findMount(table, '/s/a b/checkout')).toBe('/s/a b/checkout/in\\side');
    expect(findMount(table, '/s/checkout')).toBeNull();
    expect(findMount(line('/s/checkout'), '/s/checkout')).toBe('/s/checkout');
  });
});
