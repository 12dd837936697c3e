/** Contract: what is restricted is in neither the files nor the objects of a checkout, and work in it goes on all the same. */
import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Snapshots } from '../snapshot.ts';
import { git, readFiles } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

const secret = 'canary-8f2b71';
const now = `${secret} now\n`;

/** Where the secret shows: files with everything below `.git`, and the contents of objects. Empty: nowhere. */
function findSecret(root: string): string[] {
  const files = execFileSync('sh', ['-c', `grep -rlaF -e ${secret} -- "$0" || true`, root])
    .toString()
    .split('\n');
  const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch'], { cwd: root, maxBuffer: 1e9 });
  return [...files.filter((line) => line !== ''), ...(objects.includes(secret) ? ['objects'] : [])];
}

export function restrictedContract(method: TestedMethod): void {
  describe('what is restricted', { timeout: 120_000 }, () => {
    const suite = useSuite(method);

    /** The secret in several versions: moved, copied, on a side branch that was merged away, in a stash and a reflog. */
    function source(name: string): string {
      const top = suite.place.repository(name, {
        'config/secrets.json': `${secret} 1\n`,
        'run.sh': 'echo\n',
        keep: '',
      });
      const write = (path: string, text: string) => suite.place.write(join(top, path), text);
      write('config/secrets.json', `${secret} 2\n`);
      write('config/app.json', '{}\n');
      suite.place.commit(top, 'second');
      git(top, 'checkout', '-qb', 'side');
      write('config/secrets.json', `${secret} side\n`);
      suite.place.commit(top, 'side');
      git(top, 'checkout', '-q', 'main');
      write('copy.txt', `${secret} 2\n`);
      suite.place.commit(top, 'a copy');
      git(top, 'merge', '-q', '-s', 'ours', '-m', 'merged away', 'side');
      git(top, 'checkout', '-qb', 'without');
      git(top, 'rm', '-q', 'config/secrets.json');
      suite.place.commit(top, 'without it');
      git(top, 'checkout', '-q', 'main');
      git(top, 'merge', '-q', '-s', 'ours', '-m', 'kept', 'without');
      write('config/secrets.json', `${secret} stashed\n`);
      git(top, 'stash', '-q');
      write('config/secrets.json', now);
      suite.place.commit(top, 'now');
      git(top, 'tag', 'v1');
      write('run.sh', 'echo more\n');
      suite.place.commit(top, 'more');
      return top;
    }

    it('[CHK51] is not there, and status, commits and every command that writes files leave it so', async () => {
      const top = source('absent');
      const restricted = [join(top, 'config/secrets.json')];
      const { checkout, created } = await suite.make(top, { restricted });
      const { root } = checkout;
      expect(Object.keys(readFiles(root)).sort()).toEqual(['config/app.json', 'keep', 'run.sh']);
      expect(created).toMatchObject({ kind: 'git', files: 3, baseCommit: git(top, 'rev-parse', 'HEAD') });
      expect(created.notes).toEqual([
        'Left out as restricted: 1 file: config/secrets.json.',
        'Left out as copies of restricted files: 1 file: copy.txt.',
        expect.stringMatching(/^The history has 4 versions of restricted files: a placeholder stands in for each/),
      ]);
      expect(git(root, 'status', '--porcelain')).toBe('');
      expect(git(root, 'count-objects')).toMatch(/^0 objects/);
      suite.place.write(join(root, 'config/new.json'), '{"a":1}\n');
      suite.place.write(join(root, 'run.sh'), 'echo again\n');
      git(root, 'stash', '-q', '-u');
      git(root, 'stash', 'pop', '-q');
      git(root, 'add', '-A');
      git(root, 'commit', '-qm', 'work');
      expect(git(root, 'rev-parse', 'HEAD:config/secrets.json')).toBe(
        git(top, 'rev-parse', 'HEAD:config/secrets.json'),
      );
      git(root, 'switch', '-q', '--detach', 'HEAD~2');
      git(root, 'switch', '-q', '-');
      git(root, 'checkout', '-q', 'HEAD~1', '--', '.');
      git(root, 'reset', '-q', '--hard', 'HEAD~1');
      git(root, 'reset', '-q', '--hard', 'HEAD@{1}');
      git(root, 'rebase', '-q', '--force-rebase', 'HEAD~1');
      git(root, 'gc', '-q', '--prune=now');
      git(root, 'worktree', 'add', '-q', '-b', 'linked', suite.place.path('linked-absent'));
      for (const place of [root, suite.place.path('linked-absent')]) {
        expect(existsSync(join(place, 'config/secrets.json'))).toBe(false);
        expect(git(place, 'status', '--porcelain')).toBe('');
        expect(findSecret(place)).toEqual([]);
      }
    });

    it('[CHK52] is in no object: no version, copy, stash, reflog or other ref; reading the history goes on', async () => {
      const top = source('objects');
      git(top, 'repack', '-q', '-adf', '--depth=50', '--window=50');
      const loose = join(top, '.git/lfs/objects/ab/cd');
      suite.place.write(join(loose, 'abcd'), now);
      const restricted = [join(top, 'config/SECRETS.json')];
      const { checkout } = await suite.make(top, { restricted, includesChanges: true });
      const { root } = checkout;
      expect(findSecret(root)).toEqual([]);
      for (const command of ['log -p --all', 'log --stat', 'log -S canary', 'blame HEAD -- run.sh', 'archive HEAD']) {
        expect(git(root, ...command.split(' ')), command).not.toContain(secret);
      }
      expect(git(root, 'cat-file', '-p', 'HEAD:config/secrets.json')).toMatch(/^Restricted: /);
      expect(git(root, 'diff', '--name-status', 'HEAD~3')).toContain('M\tconfig/secrets.json');
      expect(git(root, 'rev-list', '--objects', '--all').split('\n').length).toBeGreaterThan(15);
      git(root, 'repack', '-qadf');
      expect(findSecret(root)).toEqual([]);
      git(root, 'fsck', '--lost-found', '--connectivity-only');
      expect(git(root, 'for-each-ref', '--format=%(refname)').split('\n')).toHaveLength(3);
    });

    it('[CHK52] so it is for every form of repository: linked working tree, shallow, partial, shared, SHA-256', async () => {
      const top = source('forms');
      // What only the missing part of a history tells to be a copy cannot be known as one.
      git(top, 'rm', '-q', 'copy.txt');
      for (const message of ['without the copy', 'last']) suite.place.commit(top, message);
      git(top, 'config', 'uploadpack.allowFilter', 'true');
      const clone = (name: string, ...options: string[]) => {
        git(top, 'clone', '-q', ...options, suite.place.path(name));
        return suite.place.path(name);
      };
      const forms: Record<string, string> = {
        shallow: clone('forms-shallow', '--depth=2', `file://${top}`),
        partial: clone('forms-partial', '--filter=blob:none', `file://${top}`),
        treeless: clone('forms-treeless', '--filter=tree:0', `file://${top}`),
        shared: clone('forms-shared', '--shared', top),
        linked: suite.place.path('forms-linked'),
        sha256: suite.place.path('forms-sha256'),
      };
      git(top, 'worktree', 'add', '-q', '--detach', forms.linked ?? '');
      mkdirSync(forms.sha256 ?? '');
      git(forms.sha256 ?? '', 'init', '-q', '--object-format=sha256');
      for (const text of [`${secret} old`, now]) {
        suite.place.write(join(forms.sha256 ?? '', 'config/secrets.json'), text);
        suite.place.write(join(forms.sha256 ?? '', 'run.sh'), text.length.toString());
        suite.place.commit(forms.sha256 ?? '', 'first');
      }
      for (const [form, at] of Object.entries(forms)) {
        suite.place.write(join(at, 'run.sh'), 'echo edited\n');
        const restricted = [join(at, 'config/secrets.json')];
        const { checkout } = await suite.make(at, { restricted, includesChanges: true });
        expect(existsSync(join(checkout.root, 'config/secrets.json')), form).toBe(false);
        expect(git(checkout.root, 'status', '--porcelain'), form).toBe('M run.sh');
        expect(findSecret(checkout.root), form).toEqual([]);
        git(checkout.root, 'commit', '-qam', 'work');
        expect(git(checkout.root, 'log', '-p'), form).toContain('echo edited');
      }
    });

    it('[CHK52] a side that changed it is never merged with a placeholder', async () => {
      const top = source('merging');
      const restricted = [join(top, 'config')];
      const { checkout } = await suite.make(top, { restricted });
      const { root } = checkout;
      git(root, 'checkout', '-qb', 'older', 'HEAD~4');
      suite.place.write(join(root, 'mine'), 'm');
      suite.place.commit(root, 'mine');
      git(root, 'merge', '-q', '-m', 'both', 'omnigent/work');
      const blob = git(top, 'rev-parse', 'main:config/secrets.json');
      expect(git(root, 'rev-parse', 'HEAD:config/secrets.json')).toBe(blob);
      expect(existsSync(join(root, 'config'))).toBe(false);
      const named = (subject: string) => git(root, 'rev-list', '-1', `--grep=^${subject}$`, 'omnigent/work');
      git(root, 'checkout', '-q', git(root, 'commit-tree', '-m', 'x', '-p', named('a copy'), 'omnigent/work^{tree}'));
      const side = named('side');
      expect(() => git(root, 'merge', '-q', '-m', 'conflict', side)).toThrow();
      const stages = git(root, 'ls-files', '--unmerged')
        .split('\n')
        .map((line) => line.split(' ')[1]);
      expect(stages.slice(1)).toEqual([blob, git(root, 'rev-parse', `${side}:config/secrets.json`)]);
    });

    it('[CHK51] patterns, folders, other cases and links are meant as the policy means them', async () => {
      const files = {
        '.env': secret,
        'app/.env': `${secret} 2`,
        'app/.ENV': `${secret} 3`,
        'app/.env.example': 'EXAMPLE=1',
        'keys/a/one.pem': `${secret} 4`,
        'keys/readme': `${secret} 5`,
        'Ключи/é': `${secret} 6`,
        'odd [x]/*? "q" #! ': `${secret} 7`,
        'real/token': `${secret} 8`,
        'src/[id]/page.ts': 'page',
      };
      const top = suite.place.repository('patterns', files);
      symlinkSync('real', join(top, 'via'));
      symlinkSync('../.env', join(top, 'src/dangling'));
      suite.place.commit(top, 'links');
      symlinkSync(top, suite.place.path('alias'));
      const names = ['**/.env', 'KEYS', 'ключи', 'odd [x]', 'via/token'];
      const restricted = names.map((name) => join(suite.place.path('alias'), name));
      const { checkout } = await suite.make(top, { restricted });
      expect(readFiles(checkout.root)).toEqual({
        'app/.env.example': 'EXAMPLE=1',
        'src/[id]/page.ts': 'page',
        'src/dangling': '-> ../.env',
        via: '-> real',
      });
      expect(git(checkout.root, 'status', '--porcelain')).toBe('');
      expect(findSecret(checkout.root)).toEqual([]);
      const none = await suite.make(top, {
        restricted: ['/elsewhere/.env', `${top}-other/x`, join(top, 'app/nothing')],
      });
      expect(none.created.notes).toEqual([]);
      expect(Object.keys(readFiles(none.checkout.root))).toHaveLength(12);
    });

    it('[CHK53] hard links and copies under other names are left out and noted, whatever git knows of them', async () => {
      const top = suite.place.repository('twins', { 'public/a.txt': 'a', '.gitignore': '.env\n' });
      suite.place.write(join(top, '.env'), now);
      suite.place.write(join(top, 'public/tracked'), now);
      suite.place.commit(top, 'a mistake');
      linkSync(join(top, '.env'), join(top, 'public/linked'));
      suite.place.write(join(top, 'public/copied'), now);
      suite.place.write(join(top, 'public/a.txt'), now);
      suite.place.write(join(top, 'public/other'), now.toUpperCase());
      const { checkout, created } = await suite.make(top, { restricted: [join(top, '.env')], includesChanges: true });
      expect(readFiles(checkout.root)).toEqual({
        'public/a.txt': 'a',
        '.gitignore': '.env\n',
        'public/other': now.toUpperCase(),
      });
      expect(created.notes.slice(0, 1)).toEqual(['Left out as copies of restricted files: 1 file: public/tracked.']);
      expect(created.notes.at(-1)).toBe(
        'Not carried over, as restricted: 3 files: public/a.txt, public/copied, public/linked.',
      );
      expect(findSecret(checkout.root)).toEqual([]);
    });

    it('[CHK55] changes to it are not carried over, and a note says so', async () => {
      const top = source('carried');
      suite.place.write(join(top, 'config/secrets.json'), `${secret} edited\n`);
      suite.place.write(join(top, 'config/secrets.json.bak'), 'not the same');
      suite.place.write(join(top, 'config/local/deep'), `${secret} untracked\n`);
      suite.place.write(join(top, 'run.sh'), 'echo edited\n');
      const restricted = [join(top, 'config/secrets.json'), join(top, 'config/local')];
      const { checkout, created } = await suite.make(top, { restricted, includesChanges: true });
      expect(created).toMatchObject({ carried: 2, files: 4 });
      expect(created.notes.at(-1)).toBe(
        'Not carried over, as restricted: 2 files: config/local/deep, config/secrets.json.',
      );
      expect(git(checkout.root, 'status', '--porcelain')).toBe('M run.sh\n?? config/secrets.json.bak');
      expect(findSecret(checkout.root)).toEqual([]);
      rmSync(join(top, 'config/secrets.json'));
      const gone = await suite.make(top, { restricted, includesChanges: true });
      expect(gone.created).toMatchObject({ carried: 2, files: 4 });
      expect(git(gone.checkout.root, 'status', '--porcelain')).toBe('M run.sh\n?? config/secrets.json.bak');
    });

    it('[CHK54] of a plain folder it is not copied either, nor a history that may hold it', async () => {
      const top = suite.place.path('folder');
      mkdirSync(top);
      suite.place.repository('folder/one', { '.env': now, 'a.ts': 'a' });
      suite.place.repository('folder/two', { 'b.ts': 'b' });
      suite.place.write(join(top, 'secrets/deep/key'), now);
      suite.place.write(join(top, 'doc/copied'), now);
      linkSync(join(top, 'secrets/deep/key'), join(top, 'linked'));
      symlinkSync('secrets/deep/key', join(top, 'symbolic'));
      const restricted = [join(top, 'secrets'), join(top, 'one/.env')];
      const { checkout, created } = await suite.make(top, { restricted });
      expect(readFiles(checkout.root)).toMatchObject({
        'one/a.ts': 'a',
        'two/b.ts': 'b',
        symbolic: '-> secrets/deep/key',
      });
      expect(created.files).toBe(Object.keys(readFiles(checkout.root)).length);
      expect(created.notes).toEqual(
        expect.arrayContaining([
          'Left out as restricted: 2 paths: one/.env, secrets.',
          'Left out as copies of restricted files: 2 files: doc/copied, linked.',
          'Copied without their history, which may hold restricted files: 1 git repository: one.',
        ]),
      );
      expect(existsSync(join(checkout.root, 'one/.git'))).toBe(false);
      expect(git(join(checkout.root, 'two'), 'log', '--format=%s')).toBe('first');
      expect(findSecret(checkout.root)).toEqual([]);
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
    });

    it('[CHK57] a folder that is restricted itself, or holds nothing else, cannot be worked in', async () => {
      const top = suite.place.repository('closed', { 'a/.env': now, 'b/c': 'c' });
      const folder = suite.place.path('plain/closed');
      mkdirSync(folder);
      const cases = [
        [join(top, 'a'), join(top, 'a/.env')],
        [join(top, 'b'), join(top, 'b')],
        [join(top, 'b'), join(top, '**')],
        [top, suite.place.folder],
        [folder, suite.place.path('plain')],
      ] as const;
      for (const [where, restricted] of cases) {
        const error = await suite.refuse(where, { restricted: [restricted] });
        expect(error, restricted).toMatchObject({
          code: 'source.invalid',
          message: expect.stringMatching(/restricted.*choose another folder, or change restricted_paths/),
        });
      }
    });

    it('[CHK58] proof and removal judge the rest: unchanged, merged, unsaved', async () => {
      const top = source('proved');
      const restricted = [join(top, 'config/secrets.json')];
      const { checkout } = await suite.make(top, { restricted });
      const { root } = checkout;
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      suite.place.write(join(root, 'work'), 'w');
      suite.place.commit(root, 'work');
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
      git(top, 'fetch', '-q', '--no-tags', root, 'omnigent/work:kept');
      expect(git(top, 'fsck', '--strict', '--no-dangling')).toBe('');
      expect(git(top, 'show', 'kept:config/secrets.json')).toBe(now.trim());
      expect(await checkout.proof()).toMatchObject({ state: 'merged' });
      suite.place.write(join(root, 'config/secrets.json'), 'made up\n');
      expect(git(root, 'status', '--porcelain')).toBe('M config/secrets.json');
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
      const [scratch, store] = [suite.place.path('states/scratch'), suite.place.path('states/store')];
      const states = await Snapshots.open({ root, scratch, store, base: checkout.baseCommit });
      const state = (await states?.take()) ?? '';
      await states?.keep(state);
      expect((await states?.diff())?.files).toEqual([
        { path: 'config/secrets.json', change: 'modified', added: 1, removed: 1 },
        { path: 'work', change: 'added', added: 1, removed: 0 },
      ]);
      expect(readFileSync(join(top, 'config/secrets.json'), 'utf8')).toBe(now);
      expect(await checkout.remove({ mode: 'discard' })).toMatchObject({ checkout: 'discarded' });
    });
  });
}
