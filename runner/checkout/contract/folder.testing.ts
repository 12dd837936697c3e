/** Contract: folders that are no repository, and sources that cannot be used at all. */
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, readFiles } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

const makePipe = (path: string) => expect(spawnSync('sh', ['-c', 'mkfifo -- "$0"', path]).status).toBe(0);

export function folderContract(method: TestedMethod): void {
  describe('a plain folder', { timeout: 60_000 }, () => {
    const suite = useSuite(method);

    function folder(name: string): string {
      const top = suite.place.path(name);
      suite.place.write(join(top, 'a.txt'), 'a');
      return top;
    }

    it('[CHK14] is copied and becomes a repository of its own with one commit', async () => {
      const top = folder('plain');
      suite.place.write(join(top, 'deep/er/b.bin'), Uint8Array.from([0, 1, 255]));
      suite.place.write(join(top, '.gitignore'), 'ignored\n');
      suite.place.write(join(top, 'ignored'), 'i');
      suite.place.write(join(top, 'large'), Buffer.alloc(5 * 1024 * 1024, 'large'));
      mkdirSync(join(top, 'empty'));
      const { checkout, created } = await suite.make(top);
      expect(created).toMatchObject({ kind: 'folder', branch: 'omnigent/work', files: 5, carried: 0 });
      expect(created.notes).toEqual([
        'The source is not a git repository: the copy is one of its own, with one commit.',
      ]);
      expect(readFiles(checkout.root)).toEqual(readFiles(top));
      expect(statSync(join(checkout.root, 'empty')).isDirectory()).toBe(true);
      expect(git(checkout.root, 'log', '--format=%H %an <%ae> %D')).toBe(
        `${created.baseCommit} omnigent <omnigent@localhost> HEAD -> omnigent/work`,
      );
      expect(git(checkout.root, 'status', '--porcelain')).toBe('');
      expect(git(checkout.root, 'ls-files').split('\n')).toEqual(['.gitignore', 'a.txt', 'deep/er/b.bin', 'large']);
      expect(git(checkout.root, 'fsck', '--strict')).toBe('');
    });

    it('[CHK14] without a branch name is on main; an empty one works too', async () => {
      const top = suite.place.path('empty');
      mkdirSync(top);
      const { created, checkout } = await suite.make(top, { branch: null });
      expect(created).toMatchObject({ branch: 'main', files: 0 });
      expect(git(checkout.root, 'rev-parse', 'HEAD')).toBe(created.baseCommit);
    });

    it('[CHK14] keeps modes and times, but no set-user-id and no shared inode', async () => {
      const top = folder('modes');
      chmodSync(join(top, 'a.txt'), 0o4751);
      utimesSync(join(top, 'a.txt'), 1_000_000_000, 1_000_000_000.5);
      linkSync(join(top, 'a.txt'), join(top, 'hard'));
      suite.place.write(join(top, 'closed/file'), 'x');
      chmodSync(join(top, 'closed/file'), 0o400);
      chmodSync(join(top, 'closed'), 0o555);
      const { checkout } = await suite.make(top);
      const facts = statSync(join(checkout.root, 'a.txt'));
      expect(facts.mode & 0o7777).toBe(0o751);
      expect(facts.mtimeMs).toBe(1_000_000_000_500);
      expect(facts.nlink).toBe(1);
      expect(facts.uid).toBe(process.getuid?.());
      expect(statSync(join(checkout.root, 'closed')).mode & 0o777).toBe(0o555);
      expect(statSync(join(checkout.root, 'closed/file')).mode & 0o777).toBe(0o400);
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
      expect(await checkout.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'unchanged' });
    });

    it('[CHK15] sockets and pipes are left out with a note, and nothing waits on them', async () => {
      const top = folder('special');
      makePipe(join(top, 'pipe'));
      makePipe(join(top, 'deep-pipe'));
      const socket = createServer().listen(join(top, 'socket'));
      await new Promise((resolve) => socket.once('listening', resolve));
      symlinkSync('pipe', join(top, 'link-to-pipe'));
      const { checkout, created } = await suite.make(top);
      await new Promise((resolve) => socket.close(resolve));
      expect(created.notes.at(1)).toMatch(/^Left out 3 special files: /);
      expect(readFiles(checkout.root)).toEqual({ 'a.txt': 'a', 'link-to-pipe': '-> pipe' });
    });

    it('[CHK15] a pipe where git expects a file of a repository does not hang the checkout', async () => {
      const top = suite.place.repository('piped');
      for (const name of ['config', 'packed-refs', 'shallow', 'info/exclude']) {
        spawnSync('rm', ['-f', join(top, '.git', name)]);
        makePipe(join(top, '.git', name));
      }
      const { created } = await suite.make(top, { includesChanges: true });
      expect(created.files).toBe(2);
    });

    it('[CHK15] repositories in it are copied whole and named in a note', async () => {
      const top = folder('projects');
      suite.place.repository('projects/one');
      const bare = suite.place.path('projects/unborn');
      mkdirSync(bare);
      git(bare, 'init', '-q');
      suite.place.write(join(top, '.git/not-a-repository'), 'x');
      const { checkout, created } = await suite.make(top);
      expect(created.notes.at(1)).toBe(
        'Copied with their history, but not part of the commit: 2 git repositories: one, unborn.',
      );
      expect(git(join(checkout.root, 'one'), 'fsck')).toBe('');
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
    });
  });

  describe('a source that cannot be used', { timeout: 60_000 }, () => {
    const suite = useSuite(method);
    const refused = (pattern: RegExp) => ({ code: 'source.invalid', message: expect.stringMatching(pattern) });

    it('[CHK16] is refused with what to do: no folder, no commit, bare, inside a git directory, broken pointer', async () => {
      const file = suite.place.path('file');
      writeFileSync(file, 'x');
      expect(await suite.refuse(file)).toMatchObject(refused(/is not a folder/));
      expect(await suite.refuse(suite.place.path('missing'))).toMatchObject(refused(/does not exist/));
      expect(await suite.refuse('relative/path')).toMatchObject(refused(/absolute/));
      expect(await suite.refuse('/')).toMatchObject(refused(/choose a folder in it/));
      const unborn = suite.place.path('unborn');
      mkdirSync(unborn);
      git(unborn, 'init', '-q');
      expect(await suite.refuse(unborn, { watched: unborn })).toMatchObject(refused(/no commit yet; .*git commit/));
      const top = suite.place.repository('whole');
      const bare = suite.place.path('bare.git');
      git(top, 'clone', '-q', '--bare', top, bare);
      expect(await suite.refuse(bare, { watched: bare })).toMatchObject(refused(/working tree/));
      for (const inside of ['.git', '.git/objects', '.git/refs/heads']) {
        expect(await suite.refuse(join(top, inside), { watched: top }), inside).toMatchObject(refused(/working tree/));
      }
      const pointer = suite.place.path('pointer');
      for (const text of ['gitdir: /no/such', 'gitdir: ../whole', '', 'x'.repeat(20_000)]) {
        suite.place.write(join(pointer, '.git'), text);
        expect(await suite.refuse(pointer, { watched: pointer }), text).toMatchObject({ code: 'source.invalid' });
      }
    });

    it('[CHK16] is refused with what to do: unknown formats, broken configuration, HEAD or objects', async () => {
      const breakages: Record<string, [file: string, content: string, pattern: RegExp]> = {
        extension: [
          '.git/config',
          '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfuture = x\n',
          /extension "future"/,
        ],
        config: ['.git/config', '[core\nbroken', /cannot be parsed/],
        head: ['.git/HEAD', 'ref: refs/heads/../../x', /git fsck|no commit yet/],
        nonsense: ['.git/HEAD', '0'.repeat(40), /git fsck/],
      };
      for (const [name, [file, content, pattern]] of Object.entries(breakages)) {
        const top = suite.place.repository(`broken-${name}`);
        writeFileSync(join(top, file), content);
        expect(await suite.refuse(top, { watched: top }), name).toMatchObject(refused(pattern));
      }
      const top = suite.place.repository('holes');
      const blob = git(top, 'rev-parse', 'HEAD:README.md');
      spawnSync('rm', ['-f', join(top, '.git/objects', blob.slice(0, 2), blob.slice(2))]);
      expect(await suite.refuse(top, { watched: top })).toMatchObject(refused(/git fsck/));
    });

    it('[CHK17] one that holds the data of Omnigent would be copied into itself: refused', async () => {
      const top = suite.place.folder;
      suite.place.write(join(top, 'any.txt'), 'x');
      const directory = suite.place.session();
      expect(await suite.refuse(top, { directory })).toMatchObject(refused(/OMNIGENT_HOME/));
      expect(await suite.refuse(directory, { directory })).toMatchObject(refused(/OMNIGENT_HOME|own folder/));
      const repository = suite.place.repository('developed');
      const inside = join(repository, '.data/sessions/one');
      const error = await suite.refuse(repository, { directory: inside, includesChanges: true });
      expect(error).toMatchObject(refused(/OMNIGENT_HOME/));
      const made = await method.create({
        source: repository,
        directory: `${inside}-2`,
        branch: null,
        includesChanges: false,
        restricted: [],
      });
      expect(made.created.files).toBe(2);
    });

    it('[CHK18] a failed attempt leaves nothing behind and can be repeated; a second checkout is refused', async () => {
      const top = suite.place.repository('again');
      const directory = suite.place.session();
      await suite.refuse(top, { directory, branch: 'not valid', watched: top });
      expect(Object.keys(readFiles(directory))).toEqual([]);
      await suite.make(top, { directory });
      const again = method.create({ source: top, directory, branch: null, includesChanges: false, restricted: [] });
      await expect(again).rejects.toMatchObject({ code: 'checkout.failed' });
      const isPart = (path: string) => ['checkout', ...method.parts].some((part) => path.startsWith(part));
      expect(Object.keys(readFiles(directory)).filter((path) => !isPart(path))).toEqual([]);
      expect(lstatSync(join(directory, 'checkout')).isDirectory()).toBe(true);
    });
  });
}
