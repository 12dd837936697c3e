/** Contract: uncommitted and untracked files come along when asked for, and only then. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeTree, git, readFiles } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

/** The entry as a file's content, a link's target, or null. */
function at(root: string, path: string): string | null {
  return readFiles(root)[path] ?? null;
}

export function changesContract(method: TestedMethod): void {
  describe('uncommitted changes', { timeout: 60_000 }, () => {
    const suite = useSuite(method);

    function changed(name: string): string {
      const top = suite.place.repository(name, {
        'gone.txt': 'gone',
        'old/name.txt': 'renamed\n',
        'mode.sh': 'echo\n',
        'edit.txt': 'before\n',
        'staged.txt': 'before\n',
        'both.txt': 'before\n',
        'becomes-link': 'file',
        'becomes-folder': 'file',
        'folder/becomes-file': 'x',
        'link-back': 'y',
        'untracked-by-index': 'kept',
        '.gitignore': 'ignored\n*.log\n',
        'crlf.txt': 'a\r\nb\r\n',
        same: 'same',
      });
      const write = (path: string, content: string | Uint8Array) => suite.place.write(join(top, path), content);
      rmSync(join(top, 'gone.txt'));
      mkdirSync(join(top, 'new'));
      git(top, 'mv', 'old/name.txt', 'new/name.txt');
      chmodSync(join(top, 'mode.sh'), 0o755);
      write('edit.txt', 'after\n');
      write('staged.txt', 'after\n');
      git(top, 'add', 'staged.txt');
      write('both.txt', 'staged\n');
      git(top, 'add', 'both.txt');
      write('both.txt', 'after\n');
      rmSync(join(top, 'becomes-link'));
      symlinkSync('edit.txt', join(top, 'becomes-link'));
      rmSync(join(top, 'becomes-folder'));
      write('becomes-folder/inside', 'i');
      rmSync(join(top, 'folder'), { recursive: true });
      write('folder', 'now a file');
      git(top, 'rm', '-q', '--cached', 'untracked-by-index');
      write('binary', Uint8Array.from([0, 255, 10, 13, 0, 1]));
      write('added.txt', 'staged new\n');
      git(top, 'add', 'added.txt');
      write('intent.txt', 'intended\n');
      git(top, 'add', '-N', 'intent.txt');
      write('deep/er/untracked.txt', 'u');
      symlinkSync('nowhere', join(top, 'dangling'));
      write('ignored', 'secret');
      write('debug.log', 'noise');
      return top;
    }

    it('[CHK7] are carried: edits, deletions, renames, modes, links, binary files, staged or not, and untracked files', async () => {
      const top = changed('carried');
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      const expected = readFiles(top);
      delete expected.ignored;
      delete expected['debug.log'];
      expect(readFiles(checkout.root)).toEqual(expected);
      expect(statSync(join(checkout.root, 'mode.sh')).mode & 0o777).toBe(0o755);
      expect(lstatSync(join(checkout.root, 'becomes-link')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(checkout.root, 'binary'))).toEqual(readFileSync(join(top, 'binary')));
      expect(created.files).toBe(Object.keys(expected).length);
      expect(created.carried).toBe(18);
      expect(git(checkout.root, 'status', '--porcelain', 'same', 'crlf.txt', 'untracked-by-index')).toBe('');
      expect(git(checkout.root, 'rev-parse', 'HEAD')).toBe(git(top, 'rev-parse', 'HEAD'));
    });

    it('[CHK7] are left where they are when not asked for', async () => {
      const top = changed('left');
      const { checkout, created } = await suite.make(top);
      expect(created).toMatchObject({ carried: 0, files: 14, notes: [] });
      expect(git(checkout.root, 'status', '--porcelain')).toBe('');
      expect(at(checkout.root, 'gone.txt')).toBe('gone');
    });

    it('[CHK7] honour what only this repository ignores, in the copy too', async () => {
      const top = suite.place.repository('excluded');
      suite.place.write(join(top, '.git/info/exclude'), 'private.txt\n');
      suite.place.write(join(top, 'private.txt'), 'p');
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(0);
      suite.place.write(join(checkout.root, 'private.txt'), 'p');
      expect(git(checkout.root, 'status', '--porcelain')).toBe('');
    });

    it('[CHK7] of names that break naive parsing come along byte by byte', async () => {
      const names = [
        '-rf',
        '--help',
        'a b',
        'new\nline',
        'tab\t',
        '"quoted"',
        "it's",
        '\\back',
        '$(touch x)',
        '*',
        ':(top)x',
        '2 .M x',
        'é',
        ' lead',
        'x ',
      ];
      const files = Object.fromEntries(
        names.flatMap((name) => [
          [`kept/${name}`, 'k'],
          [`edited/${name}`, 'e'],
          [`dropped/${name}`, 'd'],
        ]),
      );
      const top = suite.place.repository('names', files);
      for (const name of names) {
        suite.place.write(join(top, 'edited', name), `new ${name}`);
        rmSync(join(top, 'dropped', name));
        suite.place.write(join(top, 'untracked', name, name), 'u');
      }
      const bytes = Buffer.concat([Buffer.from(`${top}/untracked/`), Buffer.from([0xff, 0xfe, 0x80])]);
      writeFileSync(bytes, 'not utf-8');
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(readFiles(checkout.root)).toEqual(readFiles(top));
      expect(created.carried).toBe(names.length * 3 + 1);
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
    });

    it('[CHK7] of a sparse working tree: what was never there is not carried as deleted', async () => {
      const top = suite.place.repository('sparse', { 'in/a': 'a', 'out/b': 'b', top: 't' });
      git(top, 'sparse-checkout', 'set', 'in');
      suite.place.write(join(top, 'in/a'), 'changed');
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(1);
      expect(readFiles(checkout.root)).toEqual({ 'in/a': 'changed', 'out/b': 'b', top: 't' });
    });

    it('[CHK7] made in the same instant as the index was written, and of the same size, are seen', async () => {
      const top = suite.place.repository('racy', { file: 'one\n' });
      git(top, 'config', 'core.trustctime', 'false');
      git(top, 'config', 'core.checkStat', 'minimal');
      const instant = new Date('2026-01-02T03:04:05Z');
      utimesSync(join(top, 'file'), instant, instant);
      git(top, 'update-index', '--refresh');
      suite.place.write(join(top, 'file'), 'two\n');
      for (const name of ['file', '.git/index']) utimesSync(join(top, name), instant, instant);
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(1);
      expect(at(checkout.root, 'file')).toBe('two\n');
    });

    it('[CHK8] with unresolved conflicts are refused; without the changes the commit is taken', async () => {
      const top = suite.place.repository('conflict', { file: 'base\n' });
      git(top, 'checkout', '-qb', 'other');
      suite.place.write(join(top, 'file'), 'theirs\n');
      suite.place.commit(top, 'theirs');
      git(top, 'checkout', '-q', 'main');
      suite.place.write(join(top, 'file'), 'ours\n');
      suite.place.commit(top, 'ours');
      expect(() => git(top, 'merge', '-q', 'other')).toThrow();
      const refused = await suite.refuse(top, { includesChanges: true, watched: top });
      expect(refused).toMatchObject({
        code: 'source.invalid',
        message: expect.stringMatching(/unresolved conflicts \(1 file: file\).*resolve/),
      });
      const { checkout } = await suite.make(top);
      expect(at(checkout.root, 'file')).toBe('ours\n');
    });

    it('[CHK7] line endings are compared as the repository is set up to', async () => {
      const top = suite.place.repository('endings', { file: 'a\nb\n' });
      git(top, 'config', 'core.autocrlf', 'true');
      rmSync(join(top, 'file'));
      git(top, 'checkout', '-q', '--', 'file');
      suite.place.write(join(top, 'other'), 'c\r\n');
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(1);
      expect(readFiles(checkout.root)).toEqual({ file: 'a\r\nb\r\n', other: 'c\r\n' });
      expect(git(checkout.root, 'status', '--porcelain')).toBe('?? other');
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
    });

    it('[CHK8] a ref that leads nowhere is no obstacle, nor is a lock that a killed git left behind', async () => {
      const top = suite.place.repository('locked');
      suite.place.write(join(top, '.git/refs/heads/broken'), `${'f'.repeat(40)}\n`);
      for (const lock of ['index.lock', 'HEAD.lock', 'config.lock', 'refs/heads/main.lock', 'shallow.lock'])
        suite.place.write(join(top, '.git', lock), '');
      suite.place.write(join(top, 'README.md'), 'edited');
      const { created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(1);
    });

    it('[CHK9] repositories in the source that it does not track are left out, and a note says so', async () => {
      const top = suite.place.repository('outer');
      suite.place.repository('outer/vendor/inner');
      const { created, checkout } = await suite.make(top, { includesChanges: true });
      expect(created.notes).toEqual(['Left out 1 untracked git repository: vendor/inner/.']);
      expect(Object.keys(readFiles(checkout.root)).sort()).toEqual(['README.md', 'src/app.ts']);
    });

    it('the source may change while it is copied', async () => {
      const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, `${n}`]));
      const top = suite.place.repository('moving', files);
      for (const name of Object.keys(files)) suite.place.write(join(top, name), 'changed');
      const making = suite.method.create({
        source: top,
        directory: suite.place.session(),
        branch: 'b',
        includesChanges: true,
        restricted: [],
      });
      let isDone = false;
      const flicker = (async () => {
        for (let n = 0; !isDone; n = (n + 1) % 300) {
          renameSync(join(top, `f${n}`), join(top, 'away'));
          await new Promise((resolve) => setImmediate(resolve));
          renameSync(join(top, 'away'), join(top, `f${n}`));
        }
      })();
      const { checkout } = await making.finally(() => {
        isDone = true;
      });
      await flicker;
      for (const content of Object.values(readFiles(checkout.root))) expect(content).toMatch(/^(changed|\d+)$/);
      expect(describeTree(checkout.root).length).toBeGreaterThan(250);
    });
  });
}
