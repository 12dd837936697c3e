/** Contract: a checkout goes only with proof or on request, goes completely, and nothing else goes with it. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stopResultSchema } from '#protocol/runner-message.ts';
import { describeTree } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

export function removalContract(method: TestedMethod): void {
  describe('removing and reopening', { timeout: 60_000 }, () => {
    const suite = useSuite(method);
    const start = async (name: string) => {
      const made = await suite.make(suite.place.repository(name));
      return { ...made, root: made.checkout.root };
    };

    it('[CHK24] without proof it stays, with the reason; discarding it is explicit', async () => {
      const { checkout, root } = await start('kept');
      suite.place.write(join(root, 'work'), 'w');
      const before = describeTree(root);
      const kept = await checkout.remove({ mode: 'if-saved' });
      expect(stopResultSchema.parse(kept)).toEqual({
        checkout: 'kept',
        reason: '1 uncommitted file; ignored files are not counted',
      });
      expect(describeTree(root)).toEqual(before);
      expect(await checkout.remove({ mode: 'discard' })).toEqual({ checkout: 'discarded', reason: null });
      expect(existsSync(root)).toBe(false);
    });

    it('[CHK24] with proof it goes, and the session folder holds nothing of it any more', async () => {
      const { checkout, root, directory } = await start('proved');
      writeFileSync(join(directory, 'journal.jsonl'), 'j');
      expect(await checkout.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'unchanged' });
      expect(existsSync(root)).toBe(false);
      expect(readdirSync(directory).sort()).toEqual(['checkout.json', 'journal.jsonl']);
      expect(await checkout.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'missing' });
      expect(await checkout.remove({ mode: 'discard' })).toMatchObject({ checkout: 'missing' });
    });

    it('[CHK25] folders that nobody may write to are removed, links are not followed', async () => {
      const { checkout, root } = await start('closed');
      const outside = suite.place.path('outside/keep');
      writeFileSync(outside, 'keep');
      chmodSync(join(outside, '..'), 0o755);
      const before = describeTree(suite.place.path('outside'));
      mkdirSync(join(root, 'a/b/c'), { recursive: true });
      writeFileSync(join(root, 'a/b/c/file'), 'x', { mode: 0o400 });
      symlinkSync(join(outside, '..'), join(root, 'a/b/link'));
      symlinkSync('..', join(root, 'a/up'));
      writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff, 0x0a])]), 'bytes');
      for (const [path, mode] of [
        ['a/b/c', 0o000],
        ['a/b', 0o555],
        ['a', 0o500],
        ['.', 0o555],
      ] as const)
        chmodSync(join(root, path), mode);
      expect(await checkout.remove({ mode: 'discard' })).toMatchObject({ checkout: 'discarded' });
      expect(existsSync(root)).toBe(false);
      expect(describeTree(suite.place.path('outside'))).toEqual(before);
    });

    it('[CHK25] a tree deeper than a path may be long is removed', async () => {
      const { checkout, root } = await start('deep');
      const name = JSON.stringify('d'.repeat(200));
      const script = `for (let n = 0; n < 60; n++) { fs.mkdirSync(${name}); process.chdir(${name}); }
        fs.writeFileSync('file', ''); fs.chmodSync('.', 0o500);`;
      expect(spawnSync(process.execPath, ['-e', script], { cwd: root, stdio: 'inherit' }).status).toBe(0);
      expect(await checkout.remove({ mode: 'discard' })).toMatchObject({ checkout: 'discarded' });
      expect(existsSync(root)).toBe(false);
    });

    it('[CHK25] several at once: one removes it, all agree that it is gone', async () => {
      const { checkout, root } = await start('racing');
      const results = await Promise.all(Array.from({ length: 8 }, () => checkout.remove({ mode: 'discard' })));
      expect(results.filter((result) => result.checkout === 'discarded')).toHaveLength(1);
      expect(results.filter((result) => result.checkout === 'missing')).toHaveLength(7);
      expect(existsSync(root)).toBe(false);
    });

    it('[CHK26] a checkout that was replaced by a link or a file is refused, and its target untouched', async () => {
      const { checkout, root, directory } = await start('replaced');
      const victim = suite.place.repository('victim');
      const before = describeTree(victim);
      await method.release(directory);
      renameSync(root, `${root}-away`);
      symlinkSync(victim, root);
      for (const mode of ['discard', 'if-saved'] as const) {
        const result = await checkout.remove({ mode }).catch((cause) => cause);
        expect([result.code, result.checkout]).toContainEqual(mode === 'discard' ? 'checkout.failed' : 'kept');
      }
      rmSync(root);
      writeFileSync(root, 'a file');
      expect(await checkout.remove({ mode: 'discard' }).catch((cause) => cause)).toMatchObject({
        code: 'checkout.failed',
      });
      expect(describeTree(victim)).toEqual(before);
      expect(lstatSync(root).isFile()).toBe(true);
    });

    it('[CHK27] a later runner finds the same checkout; a folder without one has none', async () => {
      const { checkout, directory } = await start('again');
      const reopened = await method.reopen(directory);
      expect(reopened).toMatchObject({
        root: checkout.root,
        start: checkout.start,
        branch: checkout.branch,
        baseCommit: checkout.baseCommit,
        kind: 'git',
      });
      expect(await reopened?.proof()).toMatchObject({ state: 'unchanged' });
      expect(await method.reopen(suite.place.session())).toBeNull();
      for (const text of [
        '{',
        '{"version":2}',
        JSON.stringify({
          version: 1,
          kind: 'git',
          source: '/x',
          subfolder: '../../etc',
          branch: null,
          baseCommit: null,
        }),
      ]) {
        writeFileSync(join(directory, 'checkout.json'), text);
        expect(await method.reopen(directory).catch((cause) => cause)).toMatchObject({ code: 'checkout.failed' });
      }
    });

    it('[CHK28] works on a repository that belongs to somebody else, as far as it may be read', async () => {
      const top = suite.place.repository('foreign');
      suite.place.write(join(top, 'README.md'), 'edited');
      const isRoot = process.getuid?.() === 0;
      if (isRoot) spawnSync('chown', ['-R', '4243:4243', top]);
      else spawnSync('chmod', ['-R', 'a-w', top]);
      const { checkout, created } = await suite.make(top, { includesChanges: true });
      expect(created.carried).toBe(1);
      expect(lstatSync(join(checkout.root, 'README.md')).uid).toBe(process.getuid?.());
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      if (isRoot) return;
      chmodSync(join(top, '.git/index'), 0);
      // In a namespace of his own a user may read all that is his.
      if (isReadable(join(top, '.git/index'))) return;
      expect(await suite.refuse(top, { includesChanges: true })).toMatchObject({
        code: 'source.invalid',
        message: expect.stringContaining('may not be read by this user'),
      });
    });
  });
}
