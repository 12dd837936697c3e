/** States of a checkout over time, on a real repository. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nest } from './nested.testing.ts';
import { Snapshots } from './snapshot.ts';

let folder: string;
let root: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
    cwd: root,
    encoding: 'utf8',
  }).trim();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-snapshot-'));
  root = join(folder, 'checkout');
  execFileSync('git', ['init', '-q', root]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async (base: string | null) => {
  const snapshots = await Snapshots.open({
    root,
    scratch: join(folder, 'scratch'),
    store: join(folder, 'store'),
    base,
  });
  if (!snapshots) throw new Error('no repository');
  return snapshots;
};

it('[CHK29] tells what changed between two looks, ignored files left out, and touches nothing', async () => {
  await writeFile(join(root, 'kept.txt'), 'one\n');
  await writeFile(join(root, 'gone.txt'), 'one\n');
  await writeFile(join(root, '.gitignore'), 'ignored.txt\n');
  git('add', '-A');
  git('commit', '-qm', 'first');
  const snapshots = await open(git('rev-parse', 'HEAD'));
  const before = await snapshots.take();
  await writeFile(join(root, 'kept.txt'), 'one\ntwo\n');
  await writeFile(join(root, 'new ü.txt'), 'new\n');
  await writeFile(join(root, 'ignored.txt'), 'x');
  await rm(join(root, 'gone.txt'));
  expect(await snapshots.changes(before, await snapshots.take())).toEqual([
    { path: 'gone.txt', change: 'deleted' },
    { path: 'kept.txt', change: 'modified' },
    { path: 'new ü.txt', change: 'added' },
  ]);
  expect(await snapshots.changes(before, before)).toEqual([]);
  expect(git('diff', '--cached', '--name-only')).toBe('');
});

it('[CHK29] diffs against the base, with lines counted and binary files named', async () => {
  await writeFile(join(root, 'a.txt'), 'one\n');
  git('add', '-A');
  git('commit', '-qm', 'first');
  const snapshots = await open(git('rev-parse', 'HEAD'));
  await writeFile(join(root, 'a.txt'), 'two\nthree\n');
  await writeFile(join(root, 'b.bin'), Buffer.from([0, 1, 2]));
  const { patch, files, isCut } = await snapshots.diff();
  expect(files).toEqual([
    { path: 'a.txt', change: 'modified', added: 2, removed: 1 },
    { path: 'b.bin', change: 'added', added: null, removed: null },
  ]);
  expect([patch.includes('+three'), isCut]).toEqual([true, false]);
});

it('[CHK29] a repository without a commit is compared with nothing', async () => {
  await writeFile(join(root, 'a.txt'), 'one\n');
  expect((await (await open(null)).diff()).files).toEqual([{ path: 'a.txt', change: 'added', added: 1, removed: 0 }]);
});

describe('a kept state', () => {
  const write = (path: string, text: string) => writeFile(join(root, path), text);
  const changed = async (snapshots: Snapshots, from: string) =>
    (await snapshots.diff(from)).files.map(
      ({ path, change, added, removed }) => `${change} ${path} +${added} -${removed}`,
    );

  beforeEach(async () => {
    await mkdir(join(root, 'folder'));
    for (const name of ['edited', 'gone', 'old name', 'same', 'folder/inner']) await write(name, `${name}\n`);
    await write('.gitignore', '*.log\n');
    git('add', '-A');
    git('commit', '-qm', 'first');
  });

  async function work(): Promise<void> {
    await write('edited', 'edited\nmore\n');
    await write('untracked', 'new\n');
    await write('debug.log', 'ignored\n');
    await rm(join(root, 'gone'));
    await rename(join(root, 'old name'), join(root, 'new name'));
  }
  const worked = [
    'modified edited +1 -0',
    'deleted gone +0 -1',
    'added new name +1 -0',
    'deleted old name +0 -1',
    'added untracked +1 -0',
  ];

  it('[CHK30] is compared with for edited, untracked, renamed and deleted files, and is itself at no distance', async () => {
    const base = git('rev-parse', 'HEAD');
    const snapshots = await open(base);
    const first = await snapshots.take();
    await snapshots.keep(first);
    await work();
    const second = await snapshots.take();
    await snapshots.keep(second);
    expect(await changed(snapshots, first)).toEqual(worked);
    expect(await changed(snapshots, base)).toEqual(worked);
    expect(await changed(snapshots, second)).toEqual([]);
    await write('edited', 'edited\nless\n');
    expect(await changed(snapshots, second)).toEqual(['modified edited +1 -1']);
  });

  it('[CHK30] leaves index, status, refs and objects of the checkout as they are', async () => {
    await work();
    await write('staged', 'staged\n');
    git('add', 'staged');
    git('stash', 'store', git('stash', 'create'));
    const dotGit = (path: string) => join(root, '.git', path);
    const facts = async () => ({
      index: (await readFile(dotGit('index'))).toString('base64'),
      indexAt: (await stat(dotGit('index'))).mtimeMs,
      entries: await readdir(dotGit(''), { recursive: true }),
      refs: git('for-each-ref'),
      status: git('--no-optional-locks', 'status', '--porcelain'),
    });
    const before = await facts();
    const snapshots = await open(git('rev-parse', 'HEAD'));
    const tree = await snapshots.take();
    await snapshots.keep(tree);
    expect(await changed(snapshots, tree)).toEqual([]);
    expect(await facts()).toEqual(before);
  });

  it('[CHK30] outlives the runner, and a commit in the checkout that is amended, reset and collected', async () => {
    const base = git('rev-parse', 'HEAD');
    await work();
    git('add', '-A');
    git('commit', '-qm', 'second');
    const snapshots = await open(base);
    const tree = await snapshots.take();
    await snapshots.keep(tree);
    git('reset', '-q', '--hard', base);
    git('reflog', 'expire', '--expire=now', '--all');
    git('gc', '-q', '--prune=now');
    await rm(join(folder, 'scratch'), { recursive: true });
    const later = await open(base);
    expect(await changed(later, tree)).toEqual([
      'modified edited +0 -1',
      'added gone +1 -0',
      'deleted new name +0 -1',
      'added old name +1 -0',
      'deleted untracked +0 -1',
    ]);
    expect((await later.diff(tree)).patch).toContain('-more');
  });

  it('[CHK30] a lock or a half written pack of a git that was killed is no obstacle, and no old state passes for the one now', async () => {
    const snapshots = await open(git('rev-parse', 'HEAD'));
    const before = await snapshots.take();
    await writeFile(join(folder, 'scratch', 'index.lock'), '');
    await writeFile(join(folder, 'store', 'objects', 'pack', 'tmp_pack_x'), 'half');
    await write('edited', 'changed\n');
    expect(await changed(snapshots, before)).toEqual(['modified edited +1 -1']);
    await open(git('rev-parse', 'HEAD'));
    expect(await readdir(join(folder, 'store', 'objects', 'pack'))).toEqual([]);
  });

  it('[CHK30] a repository without a commit inside the checkout does not hide what else changed', async () => {
    const snapshots = await open(git('rev-parse', 'HEAD'));
    execFileSync('git', ['init', '-q', join(root, 'nested')]);
    await write('edited', 'changed\n');
    expect(await changed(snapshots, git('rev-parse', 'HEAD'))).toEqual(['modified edited +1 -1']);
  });

  it('[CHK30] whose objects are gone is an error, not another difference', async () => {
    const snapshots = await open(git('rev-parse', 'HEAD'));
    const gone = 'f'.repeat(40);
    await expect(snapshots.diff(gone)).rejects.toMatchObject({ code: 'checkout.failed' });
  });

  it('[CHK10] runs nothing that the checkout configures', async () => {
    const proof = join(folder, 'ran');
    git('config', 'core.fsmonitor', `touch ${proof}`);
    git('config', 'filter.evil.clean', `touch ${proof}; cat`);
    git('config', 'commit.gpgsign', 'true');
    await write('.gitattributes', '* filter=evil diff=evil\n');
    git('config', 'diff.evil.textconv', `touch ${proof}; cat`);
    await write('edited', 'changed\n');
    const snapshots = await open(git('rev-parse', 'HEAD'));
    await rm(proof, { force: true });
    const tree = await snapshots.take();
    await snapshots.keep(tree);
    await nest(join(root, 'nested'), proof);
    const withNested = await snapshots.take();
    expect(await snapshots.changes(tree, withNested)).toEqual([{ path: 'nested', change: 'added' }]);
    await writeFile(join(root, 'nested', 'file'), 'edited again\n');
    expect(await snapshots.take()).toBe(withNested);
    git('add', 'nested');
    await rm(proof, { force: true });
    await snapshots.diff();
    await expect(stat(proof)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
