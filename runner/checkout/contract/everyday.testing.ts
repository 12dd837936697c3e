/** Contract: to programs a checkout is an ordinary folder, also a large one. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { git, importFiles, readFiles, roomyFolder } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

export function everydayContract(method: TestedMethod): void {
  describe('everyday work', { timeout: 60_000 }, () => {
    const suite = useSuite(method);
    const start = async (name: string) => {
      const files = { 'dir/a': 'a\n', 'dir/b': 'b\n', 'run.sh': '#!/bin/sh\necho ran\n', file: 'f\n' };
      return (await suite.make(suite.place.repository(name, files))).checkout;
    };

    it('[CHK59] files and folders made here are renamed, those from the start moved, replaced and removed', async () => {
      const { root } = await start('renames');
      const at = (...parts: string[]) => join(root, ...parts);
      renameSync(at('file'), at('renamed'));
      renameSync(at('dir/a'), at('dir/b'));
      mkdirSync(at('made/deep'), { recursive: true });
      writeFileSync(at('made/deep/x'), 'x');
      renameSync(at('made'), at('moved'));
      expect(spawnSync('mv', ['dir', 'moved/dir'], { cwd: root }).status).toBe(0);
      rmSync(at('run.sh'));
      mkdirSync(at('run.sh'));
      writeFileSync(at('dir'), 'a file now');
      expect(readFiles(root)).toEqual({ renamed: 'f\n', 'moved/deep/x': 'x', 'moved/dir/b': 'a\n', dir: 'a file now' });
      git(root, 'add', '-A');
      git(root, 'commit', '-qm', 'moved');
      expect(git(root, 'status', '--porcelain')).toBe('');
      git(root, 'checkout', '-q', 'HEAD~1');
      expect(readFiles(root)['dir/b']).toBe('b\n');
    });

    it('[CHK59] hard links, links, modes, times and inodes are kept', async () => {
      const { root } = await start('facts');
      const at = (...parts: string[]) => join(root, ...parts);
      const { ino } = statSync(at('file'));
      writeFileSync(at('file'), 'changed');
      expect(statSync(at('file')).ino).toBe(ino);
      linkSync(at('file'), at('dir/hard'));
      writeFileSync(at('dir/hard'), 'by its other name');
      expect(readFileSync(at('file'), 'utf8')).toBe('by its other name');
      expect(statSync(at('dir/hard')).nlink).toBe(2);
      symlinkSync('../file', at('dir/link'));
      expect(readFileSync(at('dir/link'), 'utf8')).toBe('by its other name');
      chmodSync(at('run.sh'), 0o755);
      expect(spawnSync(at('run.sh'), { encoding: 'utf8' }).stdout).toBe('ran\n');
      utimesSync(at('dir/b'), 1_000_000_000, 1_000_000_000);
      expect(statSync(at('dir/b')).mtimeMs).toBe(1_000_000_000_000);
      expect(git(root, 'status', '--porcelain')).toBe('M file\n M run.sh\n?? dir/hard\n?? dir/link');
      expect(statSync(at('dir')).uid).toBe(process.getuid?.());
    });

    it('[CHK59] watchers see what is changed, made and removed', async () => {
      const { root } = await start('watched');
      const seen = new Set<string>();
      const watchers = [root, join(root, 'dir')].map((folder) =>
        watch(folder, (_, name) => seen.add(join(folder, `${name}`).slice(root.length + 1))),
      );
      const one = watch(join(root, 'run.sh'), () => seen.add('the file itself'));
      writeFileSync(join(root, 'file'), 'changed');
      writeFileSync(join(root, 'run.sh'), 'changed');
      writeFileSync(join(root, 'dir/new'), 'n');
      rmSync(join(root, 'dir/a'));
      await vi.waitFor(() =>
        expect([...seen].sort()).toEqual(['dir/a', 'dir/new', 'file', 'run.sh', 'the file itself']),
      );
      for (const watcher of [...watchers, one]) watcher.close();
    });
  });

  describe('a large repository', { timeout: 300_000 }, () => {
    const suite = useSuite(method, roomyFolder());

    it('[CHK60] a repository of 50,000 files is worked in, judged and removed', async () => {
      const top = suite.place.path('large');
      const files = Array.from({ length: 50_000 }, (_, n) => ({ path: `d${n % 500}/f${Math.floor(n / 500)}.txt` }));
      importFiles(
        top,
        files.map(({ path }) => ({ path, content: `${path}\n` })),
      );
      const request = { source: top, branch: 'work', includesChanges: false, restricted: [join(top, '**/f99.txt')] };
      const { checkout, created } = await method.create({ ...request, directory: suite.place.session() });
      expect(created).toMatchObject({ kind: 'git', files: 49_500, carried: 0 });
      const { root } = checkout;
      expect(git(root, 'status', '--porcelain')).toBe('');
      expect(readdirSync(join(root, 'd250'))).toHaveLength(99);
      writeFileSync(join(root, 'd0/f0.txt'), 'changed\n');
      git(root, 'commit', '-qam', 'work');
      expect(await checkout.proof()).toMatchObject({
        state: 'unsaved',
        reason: expect.stringMatching(/^1 commit not/),
      });
      git(root, 'reset', '-q', '--hard', 'HEAD~1');
      expect(await checkout.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'unchanged' });
      expect(existsSync(root)).toBe(false);
    });
  });
}
