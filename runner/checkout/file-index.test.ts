/** What differs between two looks at real files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileIndex } from './file-index.ts';

let root: string;
let index: FileIndex;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'file-index-'));
  for (const folder of ['src', 'out/deep', '.git/hooks', '.git/objects'])
    await mkdir(join(root, folder), { recursive: true });
  for (const file of ['src/a.txt', 'src/b.txt', 'out/deep/c.txt', '.git/config', '.git/HEAD'])
    await writeFile(join(root, file), 'before\n');
  await symlink('src/a.txt', join(root, 'link'));
  index = new FileIndex(root);
  expect(await index.look(Date.now() + 1_000)).toEqual({ changes: [], isWhole: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const signs = { added: '+', modified: '~', deleted: '-' } as const;
async function changes(since = 0): Promise<string[]> {
  const { changes } = await index.look(since);
  return changes.map(({ path, change, isFolder }) => `${signs[change]}${path}${isFolder ? '/' : ''}`).sort();
}

describe('looks at a checkout', () => {
  it('[EFF4] what is added, modified and deleted is told once', async () => {
    expect(await changes()).toEqual([]);
    await writeFile(at('src/new.txt'), '');
    await writeFile(at('src/a.txt'), 'after\n');
    await unlink(at('src/b.txt'));
    await mkdir(at('src/empty'));
    expect(await changes()).toEqual(['+src/empty/', '+src/new.txt', '-src/b.txt', '~src/a.txt']);
    expect(await changes()).toEqual([]);
  });

  it('[EFF4] a folder that is renamed or removed is told with what is in it', async () => {
    await rename(at('out'), at('moved'));
    expect(await changes()).toEqual([
      '+moved/',
      '+moved/deep/',
      '+moved/deep/c.txt',
      '-out/',
      '-out/deep/',
      '-out/deep/c.txt',
    ]);
    await rename(at('moved/deep/c.txt'), at('src/b.txt'));
    await rm(at('moved'), { recursive: true });
    expect(await changes()).toEqual(['-moved/', '-moved/deep/', '-moved/deep/c.txt', '~src/b.txt']);
  });

  it('[EFF4] rights, links and kinds count as changes', async () => {
    await chmod(at('src/a.txt'), 0o755);
    await chmod(at('out'), 0o700);
    await unlink(at('link'));
    await symlink('src/b.txt', at('link'));
    expect(await changes()).toEqual(['~link', '~out', '~src/a.txt']);
    await rm(at('out/deep'), { recursive: true });
    await writeFile(at('out/deep'), 'a file now');
    await unlink(at('src/b.txt'));
    await mkdir(at('src/b.txt'));
    await writeFile(at('src/b.txt/in'), '');
    expect(await changes()).toEqual(['+src/b.txt/in', '-out/deep/c.txt', '~out/deep', '~src/b.txt']);
  });

  it('[EFF4] times that were set back hide nothing', async () => {
    const old = new Date(2020, 0, 1);
    for (const path of ['src', 'src/a.txt']) await utimes(at(path), old, old);
    await changes();
    await writeFile(at('src/a.txt'), 'BEFORE\n');
    await writeFile(at('src/hidden'), '');
    for (const path of ['src/a.txt', 'src/hidden', 'src']) await utimes(at(path), old, old);
    expect(await changes()).toEqual(['+src/hidden', '~src/a.txt']);
  });

  it('[EFF4] of .git only hooks and configuration count, and a link is not followed', async () => {
    for (const path of ['.git/HEAD', '.git/objects/x', '.git/hooks/pre-commit', '.git/config'])
      await writeFile(at(path), 'after\n');
    await symlink(tmpdir(), at('src/elsewhere'));
    expect(await changes()).toEqual(['+.git/hooks/pre-commit', '+src/elsewhere', '~.git/config']);
  });

  it('[EFF4] both names of one file change, with one inode', async () => {
    await link(at('src/a.txt'), at('src/other'));
    const { changes } = await index.look(0);
    expect(changes.map(({ path }) => path).sort()).toEqual(['src/a.txt', 'src/other']);
    expect(new Set(changes.map(({ inode }) => inode)).size).toBe(1);
  });

  it('[EFF4] a name that is no text is told as far as it can be', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${root}/src/`), Buffer.from([0x78, 0xff])]), '');
    await writeFile(at('src/ä\u202e.txt'), '');
    expect(await changes()).toEqual(['+src/x\ufffd', '+src/ä\u202e.txt']);
    await rm(at('src'), { recursive: true });
    expect(await changes()).toContain('-src/x\ufffd');
  });

  it('[EFF4] what changed before is taken in silence, and a first look knows what is new by its birth', async () => {
    await writeFile(at('src/a.txt'), 'a person was faster');
    expect(await changes(Date.now() + 1_000)).toEqual([]);
    expect(await changes()).toEqual([]);
    const since = Date.now() + 50;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writeFile(at('src/born.txt'), '');
    await writeFile(at('src/a.txt'), 'again');
    index = new FileIndex(root);
    expect(await changes(since)).toEqual(['+src/born.txt', '~src/a.txt']);
  });

  it('[EFF4] beyond its bound it says that it is not whole; a checkout that is gone has nothing', async () => {
    expect((await new FileIndex(root, 3).look(0)).isWhole).toBe(false);
    await rm(root, { recursive: true });
    expect(await index.look(0)).toEqual({ changes: [], isWhole: true });
  });
});

it('[EFF4] 50,000 files are looked at in less than two seconds, and never more than a moment at once', async () => {
  for (let folder = 0; folder < 1_000; folder++) {
    const path = join(root, `d${folder % 40}`, `s${folder}`);
    mkdirSync(path, { recursive: true });
    for (let n = 0; n < 50; n++) writeFileSync(join(path, `f${n}.ts`), '');
  }
  const heap = process.memoryUsage().heapUsed;
  const took: number[] = [];
  let longest = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  for (let n = 0; n < 4; n++) {
    const begin = performance.now();
    last = begin;
    await index.look(Date.now() + 60_000);
    took.push(performance.now() - begin);
  }
  clearInterval(ticks);
  const mebibytes = (process.memoryUsage().heapUsed - heap) / 2 ** 20;
  const ms = took.map((each) => each.toFixed(0)).join(', ');
  process.stdout.write(`50,000 files: ${ms} ms, longest slice ${longest.toFixed(1)} ms, ${mebibytes.toFixed(1)} MiB\n`);
  expect(Math.min(...took)).toBeLessThan(2_000);
  await writeFile(join(root, 'd7/s7/f3.ts'), 'y');
  expect((await index.look(0)).changes).toMatchObject([{ path: 'd7/s7/f3.ts', change: 'modified' }]);
}, 60_000);
