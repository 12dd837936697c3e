/** The plain copy against the contract, and what only it promises. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, Workplace } from './contract/source.testing.ts';
import { tested } from './contract/suite.testing.ts';
import { checkoutContract } from './contract.ts';
import { hasCheckout, openCheckout } from './index.ts';
import { defaultLimits } from './limits.ts';
import { createPlainCheckouts, plainCheckout } from './plain-checkout.ts';
import { findMount } from './remove.ts';
import { reopenCheckout } from './reopen.ts';

checkoutContract('copying', tested(plainCheckout));

type Wanted = Omit<Parameters<typeof plainCheckout.create>[0], 'restricted'>;
const made = async (request: Wanted) =>
  (await hasCheckout(request.directory))
    ? openCheckout(request.directory)
    : plainCheckout.create({ ...request, restricted: [] });
const removed = async (directory: string, mode: 'if-saved' | 'discard') =>
  (await reopenCheckout(directory, null))?.remove({ mode });

describe('the limits of copying', { timeout: 60_000 }, () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.remove());

  it('[CHK17] more files or bytes than a session may have are refused, and nothing is left behind', async () => {
    const { create } = createPlainCheckouts({
      limits: { ...defaultLimits, files: 3, bytes: 1_000, gitMs: 60_000 },
      now: () => 0,
      owner: null,
    });
    const folder = place.path('folder');
    for (const name of ['a', 'b', 'c', 'd']) place.write(join(folder, name), name);
    const heavy = place.path('heavy');
    place.write(join(heavy, 'big'), 'x'.repeat(2_000));
    const many = place.repository('many', { a: 'a', b: 'b', c: 'c', d: 'd' });
    const untracked = place.repository('untracked', { a: 'a' });
    place.write(join(untracked, 'big'), 'x'.repeat(2_000));
    for (const source of [folder, heavy, many, untracked]) {
      const directory = place.session();
      const making = create({ source, directory, branch: 'b', includesChanges: true, restricted: [] });
      await expect(making, source).rejects.toMatchObject({
        code: 'source.invalid',
        message: expect.stringContaining('more than'),
      });
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('[CHK56] a history with too many versions of restricted files is left behind, and a note says so', async () => {
    const { create } = createPlainCheckouts({
      limits: { ...defaultLimits, placeholders: 1 },
      now: () => 0,
      owner: null,
    });
    const top = place.repository('versions', { '.env': 'canary-1', 'a.txt': 'a' });
    place.write(join(top, '.env'), 'canary-2');
    place.commit(top, 'second');
    git(top, 'tag', 'v1');
    place.write(join(top, 'b.txt'), 'b');
    const restricted = [join(top, '.env')];
    const request = { source: top, directory: place.session(), branch: 'work', includesChanges: true, restricted };
    const { checkout, created } = await create(request);
    expect(created).toMatchObject({ kind: 'folder', branch: 'work', files: 2, carried: 1 });
    expect(created.notes).toEqual([
      expect.stringMatching(/^The history was left out because it holds too many versions of restricted files/),
      'Left out as restricted: 1 file: .env.',
    ]);
    expect(git(checkout.root, 'log', '--all', '--format=%s')).toBe('Start of session');
    expect(git(checkout.root, 'ls-tree', '-r', '--name-only', 'HEAD')).toBe('a.txt');
    expect(git(checkout.root, 'status', '--porcelain')).toBe('?? b.txt');
    expect(git(checkout.root, 'fsck', '--strict')).toBe('');
    expect(git(checkout.root, 'cat-file', '--batch-all-objects', '--batch')).not.toContain('canary');
    expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
    expect(await checkout.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'unchanged' });
  });

  it('[CHK15] a repository built to never answer is given up', async () => {
    const { create } = createPlainCheckouts({ limits: { ...defaultLimits, gitMs: 300 }, now: () => 0, owner: null });
    const top = place.repository('silent');
    rmSync(join(top, '.git/refs/heads/main'));
    expect(spawnSync('sh', ['-c', 'mkfifo -- "$0"', join(top, '.git/refs/heads/main')]).status).toBe(0);
    const request = { source: top, directory: place.session(), branch: 'b', includesChanges: true, restricted: [] };
    const making = create(request);
    await expect(making).rejects.toMatchObject({ code: 'source.invalid' });
  });

  it('messages are one line without control characters, whatever the source is called', async () => {
    const top = place.path('new\nline \u001b[31m \u202e');
    mkdirSync(top);
    git(top, 'init', '-q');
    const making = made({ source: top, directory: place.session(), branch: 'b', includesChanges: false });
    await expect(making).rejects.toMatchObject({
      message: expect.stringContaining('new\\u000aline \\u001b[31m \\u202e has no'),
    });
  });

  it('[CHK18] what a killed runner left half made is removed by the next', async () => {
    const directory = place.session();
    place.write(join(directory, 'making-x/checkout/half'), 'half');
    place.write(join(directory, 'proof-x/HEAD'), 'x');
    await made({ source: place.repository('halved'), directory, branch: 'b', includesChanges: false });
    expect(readdirSync(directory).sort()).toEqual(['checkout', 'checkout.json']);
  });

  it('[CHK18] what a crash left in the place of the checkout is put aside, not deleted', async () => {
    const directory = place.session();
    mkdirSync(join(directory, 'checkout'), { recursive: true });
    writeFileSync(join(directory, 'checkout/half'), 'half');
    const first = await made({
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
    const first = await made(request);
    const second = await made(request);
    place.write(join(directory, 'removed-x/checkout/half'), 'half');
    expect(first.created).not.toBeNull();
    expect(second.created).toBeNull();
    expect(second.checkout.root).toBe(first.checkout.root);
    expect(await removed(directory, 'if-saved')).toMatchObject({ checkout: 'unchanged' });
    expect(await removed(directory, 'discard')).toMatchObject({ checkout: 'missing' });
    expect(readdirSync(directory)).toEqual(['checkout.json']);
    await expect(made(request)).rejects.toMatchObject({ code: 'checkout.failed' });
    expect(await removed(place.session(), 'discard')).toBeUndefined();
  });

  it('[CHK26] a mount in the checkout is found, also below a name with blanks', () => {
    const line = (at: string) => `36 35 98:0 / ${at} rw,noatime master:1 - ext3 /dev/root rw`;
    const table = [line('/'), line('/s/checkout-2'), line('/s/a\\040b/checkout/in\\134side')].join('\n');
    expect(findMount(table, '/s/a b/checkout')).toBe('/s/a b/checkout/in\\side');
    expect(findMount(table, '/s/checkout')).toBeNull();
    expect(findMount(line('/s/checkout'), '/s/checkout')).toBe('/s/checkout');
  });
});
