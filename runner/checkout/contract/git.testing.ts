/** Contract: what a checkout of a git repository is, whatever form the repository has. */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventPayloads } from '#protocol/event.ts';
import { git, readFiles } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

export function gitContract(method: TestedMethod): void {
  describe('a git repository', { timeout: 60_000 }, () => {
    const suite = useSuite(method);

    it('[CHK1] becomes its commit at HEAD on a branch of its own, and the source is not written', async () => {
      const top = suite.place.repository('plain');
      writeFileSync(join(top, 'uncommitted'), 'x');
      const { checkout, created, directory } = await suite.make(top);
      expect(eventPayloads['checkout.created'].parse(created)).toEqual(created);
      expect(created).toMatchObject({ kind: 'git', branch: 'omnigent/work', files: 2, carried: 0, notes: [] });
      expect(created.baseCommit).toBe(git(top, 'rev-parse', 'HEAD'));
      expect(checkout).toMatchObject({
        root: join(directory, 'checkout'),
        start: join(directory, 'checkout'),
        kind: 'git',
      });
      expect(readFiles(checkout.root)).toEqual({ 'README.md': 'hello\n', 'src/app.ts': 'export {};\n' });
      expect(git(checkout.root, 'status', '--porcelain', '--branch')).toBe('## omnigent/work');
      expect(git(checkout.root, 'fsck', '--strict')).toBe('');
      expect(git(checkout.root, 'log', '--format=%H %an')).toBe(`${created.baseCommit} Ada`);
    });

    it('[CHK1] without a branch name it is detached', async () => {
      const { checkout, created } = await suite.make(suite.place.repository('detach'), { branch: null });
      expect(created.branch).toBeNull();
      expect(git(checkout.root, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
    });

    it('[CHK2] a folder inside it yields the whole repository, and programs start in that folder', async () => {
      const top = suite.place.repository('mono', { 'a/one': '1', 'b/c/two': '2' });
      const { checkout } = await suite.make(join(top, 'b/c'), { watched: top });
      expect(Object.keys(readFiles(checkout.root)).sort()).toEqual(['a/one', 'b/c/two']);
      expect(checkout.start).toBe(join(checkout.root, 'b/c'));
      expect(statSync(checkout.start).isDirectory()).toBe(true);
      symlinkSync(join(top, 'b'), suite.place.path('link-to-b'));
      const linked = await suite.make(suite.place.path('link-to-b'), { watched: top });
      expect(linked.checkout.start).toBe(join(linked.checkout.root, 'b'));
    });

    it('[CHK2] a folder that its repository knows nothing of is copied as a plain folder', async () => {
      const top = suite.place.repository('dotfiles', { '.gitignore': 'scratch\n' });
      suite.place.write(join(top, 'scratch/note.txt'), 'mine');
      const { created, checkout } = await suite.make(join(top, 'scratch'), { watched: top, includesChanges: true });
      expect(created.kind).toBe('folder');
      expect(created.notes[0]).toContain(`The git repository ${top} holds nothing of this folder`);
      expect(readFiles(checkout.root)).toEqual({ 'note.txt': 'mine' });
      suite.place.write(join(top, 'fresh/note.txt'), 'new');
      const fresh = await suite.make(join(top, 'fresh'), { watched: top, includesChanges: true });
      expect(fresh.created.kind).toBe('git');
      expect(readFiles(fresh.checkout.start)).toEqual({ 'note.txt': 'new' });
    });

    it('[CHK3] shares nothing with the source: either may be packed, pruned or removed', async () => {
      const top = suite.place.repository('apart');
      const { checkout } = await suite.make(top);
      for (const path of git(checkout.root, 'ls-files').split('\n'))
        expect(statSync(join(checkout.root, path)).nlink).toBe(1);
      const packs = git(checkout.root, 'count-objects', '-v');
      expect(packs).toContain('packs: 1');
      expect(packs).not.toContain('alternate:');
      git(checkout.root, 'commit', '--allow-empty', '-qm', 'mine');
      git(checkout.root, 'gc', '-q', '--prune=now');
      expect(git(top, 'fsck', '--strict')).toBe('');
      rmSync(top, { recursive: true });
      expect(git(checkout.root, 'fsck', '--strict')).toBe('');
      expect(git(checkout.root, 'log', '--format=%s')).toBe('mine\nfirst');
    });

    it('[CHK4] a branch name that is taken in the source is numbered, and a note says so', async () => {
      const top = suite.place.repository('taken');
      git(top, 'branch', 'omnigent/work');
      git(top, 'branch', 'omnigent/work-2');
      const { created, checkout } = await suite.make(top);
      expect(created.branch).toBe('omnigent/work-3');
      expect(created.notes).toEqual(['The source has a branch omnigent/work; this one is omnigent/work-3.']);
      expect(git(checkout.root, 'symbolic-ref', 'HEAD')).toBe('refs/heads/omnigent/work-3');
      git(top, 'branch', 'top');
      const blocked = await suite.make(top, { branch: 'top/below' });
      expect(blocked.created.notes.join()).toContain('has a branch top');
    });

    it('[CHK4] a branch name that git would not take is refused', async () => {
      const top = suite.place.repository('names');
      const bad = [
        '',
        '-x',
        'a..b',
        'a b',
        'a~1',
        'x.lock',
        'a/',
        '/a',
        '.a',
        'a/.b',
        '@',
        'a@{1}',
        'a\\b',
        'a\nb',
        'HEAD',
        'é'.repeat(200),
      ];
      for (const branch of bad) {
        expect(await suite.refuse(top, { branch, watched: top }), branch).toMatchObject({ code: 'input.invalid' });
      }
      const { checkout } = await suite.make(top, { branch: 'omnigent/größe-日本' });
      expect(git(checkout.root, '-c', 'core.quotePath=false', 'symbolic-ref', 'HEAD')).toBe(
        'refs/heads/omnigent/größe-日本',
      );
    });

    it('[CHK5] brings the tags of its history, the author and the branch it came from, and nothing else', async () => {
      const top = suite.place.repository('tagged');
      git(top, 'tag', '-a', 'v1', '-m', 'one');
      git(top, 'checkout', '-qb', 'other');
      suite.place.commit(top, 'second');
      git(top, 'tag', 'not-mine');
      git(top, 'checkout', '-q', 'main');
      git(top, 'config', 'user.name', 'Grace "the" #1');
      const { checkout } = await suite.make(top);
      const refs = git(checkout.root, 'for-each-ref', '--format=%(refname)').split('\n');
      expect(refs).toEqual(['refs/heads/omnigent/work', 'refs/remotes/origin/main', 'refs/tags/v1']);
      expect(git(checkout.root, 'describe')).toBe('v1');
      expect(git(checkout.root, 'config', 'user.name')).toBe('Grace "the" #1');
      expect(git(checkout.root, 'config', 'remote.origin.url')).toBe(top);
      expect(git(checkout.root, 'count-objects', '-v')).toContain('in-pack: 6');
    });

    it('[CHK6] every form of repository works: linked working tree, detached, shallow, sha256, shared, split index', async () => {
      const top = suite.place.repository('forms');
      suite.place.commit(top, 'second');
      const forms: Record<string, string> = {};
      forms.linked = suite.place.path('linked');
      git(top, 'worktree', 'add', '-q', '-b', 'elsewhere', forms.linked);
      forms.locked = suite.place.path('locked');
      git(top, 'worktree', 'add', '-q', '--lock', '--detach', forms.locked);
      forms.shallow = suite.place.path('shallow');
      git(top, 'clone', '-q', '--depth=1', `file://${top}`, forms.shallow);
      forms.shared = suite.place.path('shared "quoted":and\ncolon');
      git(top, 'clone', '-q', '--shared', top, forms.shared);
      forms.pointed = suite.place.path('pointed');
      git(top, 'clone', '-q', '--separate-git-dir', suite.place.path('elsewhere.git'), top, forms.pointed);
      forms.split = suite.place.path('split');
      git(top, 'clone', '-q', top, forms.split);
      git(forms.split, 'update-index', '--split-index');
      for (const [form, source] of Object.entries(forms)) {
        writeFileSync(join(source, 'README.md'), `${form}\n`);
        const { checkout, created } = await suite.make(source, { includesChanges: true });
        expect(created, form).toMatchObject({ kind: 'git', carried: 1, files: 2 });
        expect(readFileSync(join(checkout.root, 'README.md'), 'utf8')).toBe(`${form}\n`);
        expect(git(checkout.root, 'fsck', '--strict'), form).toBe('');
        expect(git(checkout.root, 'status', '--porcelain'), form).toBe('M README.md');
        expect(await checkout.proof(), form).toMatchObject({ state: 'unchanged' });
        if (form === 'shallow') expect(created.notes).toEqual(['The source is a shallow clone: so is this copy.']);
      }
      const sha256 = suite.place.path('sha256');
      mkdirSync(sha256);
      git(sha256, 'init', '-q', '--object-format=sha256');
      writeFileSync(join(sha256, 'file'), 'x');
      suite.place.commit(sha256, 'first');
      const { checkout } = await suite.make(sha256, { includesChanges: true });
      expect(checkout.baseCommit).toMatch(/^[0-9a-f]{64}$/);
      expect(git(checkout.root, 'status', '--porcelain')).toBe('');
    });

    it('[CHK6] a partial clone is copied without history, and refused when files of its commit are missing', async () => {
      const origin = suite.place.repository('origin');
      git(origin, 'config', 'uploadpack.allowFilter', 'true');
      writeFileSync(join(origin, 'README.md'), 'newer\n');
      suite.place.commit(origin, 'second');
      const partial = suite.place.path('partial');
      git(origin, 'clone', '-q', '--filter=blob:none', `file://${origin}`, partial);
      const { created, checkout } = await suite.make(partial);
      expect(created.notes.join()).toContain('partial clone');
      expect(git(checkout.root, 'log', '--format=%s')).toBe('second');
      const bare = suite.place.path('empty');
      git(origin, 'clone', '-q', '--filter=blob:none', '--no-checkout', `file://${origin}`, bare);
      expect(await suite.refuse(bare, { watched: bare })).toMatchObject({
        code: 'source.invalid',
        message: expect.stringContaining('git fetch --refetch'),
      });
    });
  });
}
