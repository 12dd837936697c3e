/** Contract: when the source holds everything that is in a checkout, and when it does not. */
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeTree, git } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

export function proofContract(method: TestedMethod): void {
  describe('proof that work is saved', { timeout: 60_000 }, () => {
    const suite = useSuite(method);
    const unsaved = (reason: RegExp | string) => ({
      state: 'unsaved',
      reason: reason instanceof RegExp ? expect.stringMatching(reason) : expect.stringContaining(reason),
    });

    async function start(name: string, files?: Record<string, string>) {
      const top = suite.place.repository(name, files);
      const made = await suite.make(top);
      return { top, ...made, root: made.checkout.root };
    }

    it('[CHK20] unchanged: no commit and no file differs; ignored files do not count, and the reason says so', async () => {
      const { checkout, root } = await start('same', { '.gitignore': 'build\n', a: 'a' });
      suite.place.write(join(root, 'build/out.o'), 'binary');
      git(root, 'checkout', '-qb', 'another-name');
      git(root, 'status');
      expect(await checkout.proof()).toEqual({
        state: 'unchanged',
        reason: 'no commits and no changes beyond the source; ignored files are not counted',
      });
    });

    it('[CHK20] carried changes are unchanged as long as the source still has them', async () => {
      const top = suite.place.repository('carried', { a: 'a', b: 'b', c: 'c', 'run.sh': 'x' });
      suite.place.write(join(top, 'a'), 'edited');
      suite.place.write(join(top, 'new'), 'new');
      rmSync(join(top, 'b'));
      rmSync(join(top, 'c'));
      symlinkSync('a', join(top, 'c'));
      chmodSync(join(top, 'run.sh'), 0o755);
      const { checkout } = await suite.make(top, { includesChanges: true });
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      git(top, 'checkout', '-q', '--', '.');
      expect(await checkout.proof()).toMatchObject(unsaved('4 uncommitted files'));
      rmSync(join(top, 'new'));
      expect(await checkout.proof()).toMatchObject(unsaved('5 uncommitted files'));
    });

    it('[CHK21] merged: every commit made here is reachable from a ref of the source', async () => {
      const { checkout, root, top } = await start('merge');
      suite.place.write(join(root, 'work'), 'w');
      suite.place.commit(root, 'work');
      git(root, 'tag', 'here');
      expect(await checkout.proof()).toMatchObject(unsaved('1 commit not in the source'));
      git(top, 'fetch', '-q', '--no-tags', root, 'omnigent/work:kept');
      const before = describeTree(top);
      expect(await checkout.proof()).toMatchObject({
        state: 'merged',
        reason: expect.stringContaining('1 commit, all in the source'),
      });
      expect(describeTree(top)).toEqual(before);
      suite.place.write(join(top, '.git/refs/heads/broken'), `${'f'.repeat(40)}\n`);
      expect(await checkout.proof()).toMatchObject({ state: 'merged' });
      rmSync(join(top, '.git/refs/heads/broken'));
      git(top, 'pack-refs', '--all');
      git(top, 'gc', '-q');
      expect(await checkout.proof()).toMatchObject({ state: 'merged' });
      git(top, 'branch', '-qD', 'kept');
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
    });

    it('[CHK22] unsaved: commits on any branch, tag, stash or a detached HEAD, and files of any kind', async () => {
      const cases: Record<string, [work: (root: string) => void, reason: RegExp]> = {
        edited: [(root) => suite.place.write(join(root, 'README.md'), 'x'), /^1 uncommitted file;/],
        untracked: [(root) => suite.place.write(join(root, 'a/b/c'), 'x'), /^1 uncommitted file;/],
        deleted: [(root) => rmSync(join(root, 'README.md')), /^1 uncommitted file;/],
        mode: [(root) => chmodSync(join(root, 'README.md'), 0o755), /^1 uncommitted file;/],
        staged: [
          (root) => {
            suite.place.write(join(root, 'README.md'), 'staged');
            git(root, 'add', '-A');
            suite.place.write(join(root, 'README.md'), 'hello\n');
          },
          /^1 uncommitted file;/,
        ],
        hidden: [
          (root) => {
            git(root, 'update-index', '--assume-unchanged', 'README.md');
            git(root, 'update-index', '--skip-worktree', 'src/app.ts');
            suite.place.write(join(root, 'README.md'), 'x');
            suite.place.write(join(root, 'src/app.ts'), 'x');
          },
          /^2 uncommitted files;/,
        ],
        branch: [
          (root) => {
            git(root, 'checkout', '-qb', 'side');
            suite.place.commit(root, 'one');
            suite.place.commit(root, 'two');
            git(root, 'checkout', '-q', 'omnigent/work');
          },
          /^2 commits not in the source;/,
        ],
        detached: [
          (root) => {
            git(root, 'checkout', '-q', '--detach');
            suite.place.commit(root, 'one');
          },
          /^1 commit not in the source;/,
        ],
        orphan: [
          (root) => {
            git(root, 'checkout', '-q', '--orphan', 'fresh');
            suite.place.commit(root, 'one');
          },
          /^1 commit not in the source;/,
        ],
        stash: [
          (root) => {
            suite.place.write(join(root, 'README.md'), 'x');
            git(root, 'stash', '-q');
          },
          /^2 commits not in the source;/,
        ],
        'tag-only': [
          (root) => {
            suite.place.commit(root, 'one');
            git(root, 'tag', 'kept');
            git(root, 'reset', '-q', '--hard', 'HEAD~');
          },
          /^1 commit not in the source;/,
        ],
        nested: [(root) => git(root, 'init', '-q', 'inner'), /^1 uncommitted file;/],
        worktree: [
          (root) => git(root, 'worktree', 'add', '-q', '--detach', join(root, '../linked')),
          /^1 linked working tree;/,
        ],
        both: [
          (root) => {
            suite.place.commit(root, 'one');
            suite.place.write(join(root, 'x'), 'x');
          },
          /^1 commit not in the source, 1 uncommitted file; ignored files are not counted$/,
        ],
      };
      for (const [name, [work, reason]] of Object.entries(cases)) {
        const { checkout, root } = await start(`unsaved-${name}`);
        work(root);
        expect(await checkout.proof(), name).toMatchObject(unsaved(reason));
      }
    });

    it('[CHK22] what was only fetched from elsewhere is not work', async () => {
      const { checkout, root, top } = await start('fetched');
      suite.place.commit(top, 'later in the source');
      git(root, 'fetch', '-q', 'origin');
      git(root, 'merge', '-q', 'origin/main');
      expect(await checkout.proof()).toMatchObject({ state: 'merged' });
      const other = suite.place.repository('third-party', { z: 'z' });
      git(root, 'remote', 'add', 'other', other);
      git(root, 'fetch', '-q', 'other');
      expect(await checkout.proof()).toMatchObject({ state: 'merged' });
    });

    it('[CHK22] unsaved when it cannot be judged: no source, other source, no git directory, one that leads elsewhere', async () => {
      const gone = await start('gone');
      rmSync(gone.top, { recursive: true });
      expect(await gone.checkout.proof()).toMatchObject(unsaved('the only copy'));
      suite.place.repository('gone', { other: 'o' });
      expect(await gone.checkout.proof()).toMatchObject(unsaved('no longer has the commit'));
      const bald = await start('bald');
      rmSync(join(bald.root, '.git'), { recursive: true });
      expect(await bald.checkout.proof()).toMatchObject(unsaved('was replaced'));
      symlinkSync(join(bald.top, '.git'), join(bald.root, '.git'));
      expect(await bald.checkout.proof()).toMatchObject(unsaved('was replaced'));
      rmSync(join(bald.root, '.git'));
      writeFileSync(join(bald.root, '.git'), `gitdir: ${join(bald.top, '.git')}\n`);
      expect(await bald.checkout.proof()).toMatchObject(unsaved('was replaced'));
      const broken = await start('broken');
      writeFileSync(join(broken.root, '.git/HEAD'), 'x');
      expect(await broken.checkout.proof()).toMatchObject({ state: 'unsaved' });
      const damaged = await start('damaged');
      writeFileSync(join(damaged.root, '.git/refs/heads/bad'), 'f'.repeat(40));
      expect(await damaged.checkout.proof()).toMatchObject({ state: 'unsaved' });
    });

    it('[CHK23] a plain folder: unchanged while its files are, unsaved with any commit', async () => {
      const top = suite.place.path('folder');
      suite.place.write(join(top, 'a'), 'a');
      const { checkout } = await suite.make(top);
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      suite.place.write(join(checkout.root, 'a'), 'b');
      expect(await checkout.proof()).toMatchObject(unsaved('1 uncommitted file'));
      suite.place.write(join(top, 'a'), 'b');
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      suite.place.commit(checkout.root, 'b');
      expect(await checkout.proof()).toMatchObject(unsaved('1 commit not in the source'));
    });
  });
}
