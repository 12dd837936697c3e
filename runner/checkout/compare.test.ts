/** Two checkouts held against each other, on real repositories. */
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareCheckouts } from './compare.ts';
import { nest } from './nested.testing.ts';
import { plainCheckout } from './plain-checkout.ts';
import { reopenCheckout } from './reopen.ts';

let folder: string;
const sessionOf = (name: string) => join(folder, 'sessions', name);
const rootOf = (name: string) => join(sessionOf(name), 'checkout');
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-compare-'));
  await makeRepository('source');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function makeRepository(name: string): Promise<void> {
  const top = join(folder, name);
  execFileSync('git', ['init', '-q', top]);
  for (const file of ['edited', 'gone', 'old name']) await writeFile(join(top, file), `${file} of ${name}\n`);
  git(top, 'add', '-A');
  git(top, 'commit', '-qm', 'first');
}
const start = (name: string, source: string) =>
  plainCheckout.create({
    ...{ source: join(folder, source), directory: sessionOf(name), branch: `omnigent/${name}` },
    ...{ includesChanges: false, restricted: [] },
  });
const compare = (mine: string, other: string) =>
  compareCheckouts({ directory: sessionOf(mine), against: sessionOf(other) });
const files = async (mine: string, other: string) =>
  (await compare(mine, other)).files.map(({ path, change }) => `${change} ${path}`);

it('[CHK31] committed, uncommitted, untracked, renamed and deleted files of both count, in the direction asked', async () => {
  await start('a', 'source');
  await start('b', 'source');
  const [a, b] = [rootOf('a'), rootOf('b')];
  expect(await files('a', 'b')).toEqual([]);
  await writeFile(join(a, 'edited'), 'mine\n');
  await rename(join(a, 'old name'), join(a, 'new name'));
  git(a, 'add', '-A');
  git(a, 'commit', '-qm', 'second');
  await writeFile(join(a, 'untracked'), 'u\n');
  await rm(join(b, 'gone'));
  await writeFile(join(b, 'edited'), 'theirs\n');
  const { patch, isCut } = await compare('a', 'b');
  expect([patch.includes('-theirs\n+mine\n'), isCut]).toEqual([true, false]);
  expect(await files('a', 'b')).toEqual([
    ...['modified edited', 'added gone', 'added new name', 'deleted old name', 'added untracked'],
  ]);
  expect(await files('b', 'a')).toEqual([
    ...['modified edited', 'deleted gone', 'deleted new name', 'added old name', 'deleted untracked'],
  ]);
});

it('[CHK31] neither checkout is written to, and nothing is left behind', async () => {
  await start('a', 'source');
  await start('b', 'source');
  await writeFile(join(rootOf('b'), 'new'), 'n\n');
  const facts = async (name: string) => [
    await readdir(rootOf(name), { recursive: true }),
    (await readFile(join(rootOf(name), '.git', 'index'))).toString('base64'),
    (await lstat(join(rootOf(name), '.git', 'index'))).mtimeMs,
    await readdir(sessionOf(name)),
  ];
  const before = [await facts('a'), await facts('b')];
  expect(await files('a', 'b')).toEqual(['deleted new']);
  expect([await facts('a'), await facts('b')]).toEqual(before);
});

it('[CHK31] one of another repository is refused; a linked working tree and a copy of a plain folder are not', async () => {
  await makeRepository('stranger');
  await mkdir(join(folder, 'plain'));
  await writeFile(join(folder, 'plain', 'file'), 'f\n');
  git(join(folder, 'source'), 'worktree', 'add', '-q', join(folder, 'linked'));
  for (const [name, source] of [
    ['a', 'source'],
    ['linked', 'linked'],
    ['stranger', 'stranger'],
    ['one', 'plain'],
    ['two', 'plain'],
  ] as const) {
    await start(name, source);
  }
  expect(await files('a', 'linked')).toEqual([]);
  await writeFile(join(rootOf('two'), 'file'), 'g\n');
  expect(await files('one', 'two')).toEqual(['modified file']);
  for (const other of ['stranger', 'one']) {
    await expect(compare('a', other)).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringMatching(/^against: .*another repository; choose/),
    });
  }
});

it('[CHK31] a checkout that is gone is named by its field', async () => {
  await start('a', 'source');
  await start('b', 'source');
  await (await reopenCheckout(sessionOf('b'), null))?.remove({ mode: 'discard' });
  await expect(compare('a', 'b')).rejects.toMatchObject({ message: expect.stringMatching(/^against: .*no checkout/) });
  await expect(compare('b', 'a')).rejects.toMatchObject({ message: expect.stringMatching(/^session: .*no checkout/) });
  await expect(compare('none', 'a')).rejects.toMatchObject({
    message: expect.stringMatching(/^session: .*no checkout/),
  });
  expect(await readdir(sessionOf('b'))).toEqual(['checkout.json']);
  await symlink(rootOf('a'), rootOf('b'));
  await expect(compare('a', 'b')).rejects.toMatchObject({ message: expect.stringMatching(/^against: .*no git/) });
});

it('[CHK10] comparing runs nothing that either checkout configures', async () => {
  await start('a', 'source');
  await start('b', 'source');
  const proof = join(folder, 'ran');
  for (const root of [rootOf('a'), rootOf('b')]) {
    git(root, 'config', 'filter.evil.clean', `touch ${proof}; cat`);
    git(root, 'config', 'diff.evil.textconv', `touch ${proof}; cat`);
    git(root, 'config', 'core.fsmonitor', `touch ${proof}`);
    await writeFile(join(root, '.gitattributes'), '* filter=evil diff=evil\n');
    await writeFile(join(root, 'edited'), `${root}\n`);
    await nest(join(root, 'nested'), proof);
    git(root, 'add', 'nested');
  }
  await rm(proof, { force: true });
  expect(await files('a', 'b')).toContain('modified edited');
  await expect(lstat(proof)).rejects.toMatchObject({ code: 'ENOENT' });
});
