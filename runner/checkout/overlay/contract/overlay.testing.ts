/** What overlay checkouts promise beyond the contract. Called inside of a mount namespace. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromText } from '../../byte-path.ts';
import { describeTree, git, importFiles, readFiles } from '../../contract/source.testing.ts';
import { useSuite } from '../../contract/suite.testing.ts';
import { checkoutView, chooseMethod, viewCommand } from '../../index.ts';
import { defaultLimits } from '../../limits.ts';
import { filesBelow } from '../../walk.ts';
import { OverlayCheckouts, systemMounter } from '../index.ts';
import { dataOf, overlaysIn, testedOverlays } from './tested.testing.ts';

const uid = process.getuid?.() ?? 0;

export function overlayContract(): void {
  describe('overlays', { timeout: 120_000 }, () => {
    const suite = useSuite(testedOverlays);
    const basesOf = (directory: string) =>
      readdirSync(join(dataOf(directory), 'bases')).filter((name) => /^[0-9a-f]+$/.test(name));

    it('[OVL2] sessions on one commit share a base, and neither it nor another session sees what one changes', async () => {
      const top = suite.place.repository('shared', { 'a/b': 'b', 'a/c': 'c', d: 'd' });
      const one = await suite.make(top, { branch: 'one' });
      const base = join(dataOf(one.directory), 'bases');
      const before = describeTree(join(base, basesOf(one.directory)[0] ?? '', 'tree'));
      const other = await suite.make(top, { branch: 'other' });
      expect(basesOf(one.directory)).toHaveLength(1);
      const { root } = one.checkout;
      rmSync(join(root, 'a'), { recursive: true });
      mkdirSync(join(root, 'a'));
      writeFileSync(join(root, 'a/new'), 'n');
      writeFileSync(join(root, 'd'), 'changed');
      git(root, 'add', '-A');
      git(root, 'commit', '-qm', 'all of it');
      git(root, 'gc', '-q', '--prune=now');
      expect(readFiles(root)).toEqual({ 'a/new': 'n', d: 'changed' });
      expect(readFiles(other.checkout.root)).toEqual({ 'a/b': 'b', 'a/c': 'c', d: 'd' });
      expect(git(other.checkout.root, 'status', '--porcelain', '--branch')).toBe('## other');
      expect(describeTree(join(base, basesOf(one.directory)[0] ?? '', 'tree'))).toEqual(before);
    });

    it('[OVL3] what is restricted is hidden by a layer of its own, too, and may be made anew', async () => {
      const top = suite.place.repository('masked', { 'config/.env': 'canary', 'config/app': 'a' });
      const restricted = [join(top, 'config/.env'), join(top, 'not/there'), join(top, '**/*.pem')];
      const { checkout, directory } = await suite.make(top, { restricted });
      const base = basesOf(directory).map((name) => join(dataOf(directory), 'bases', name));
      const mask = join(base.find((each) => existsSync(join(each, 'mask/config/.env'))) ?? '', 'mask');
      expect(lstatSync(join(mask, 'config/.env')).isCharacterDevice()).toBe(true);
      expect(lstatSync(join(mask, 'not')).isCharacterDevice()).toBe(true);
      const { root } = checkout;
      spawnSync('mv', ['config', 'moved'], { cwd: root });
      expect(readdirSync(join(root, 'moved'))).toEqual(['app']);
      mkdirSync(join(root, 'not/there'), { recursive: true });
      mkdirSync(join(root, 'config'));
      writeFileSync(join(root, 'config/.env'), 'own');
      expect(readFileSync(join(root, 'config/.env'), 'utf8')).toBe('own');
      expect(readdirSync(join(root, 'not/there'))).toEqual([]);
    });

    it('[OVL4] a second mount of a session is refused while the first lives, whoever asks for it', async () => {
      const { checkout, directory } = await suite.make(suite.place.repository('locked'));
      const { limits } = { limits: defaultLimits };
      const again = new OverlayCheckouts({
        ...{ limits, now: () => 0, owner: null, mounter: systemMounter, data: dataOf(directory) },
      });
      const view = await checkoutView(directory, { isReadOnly: false });
      if (!view?.overlay) throw new Error('it is no overlay');
      const [program = '', ...args] = viewCommand(view, { uid }, ['true']);
      expect(spawnSync(program, args).status).toBe(75);
      await testedOverlays.release(directory);
      expect(existsSync(join(checkout.root, 'README.md'))).toBe(false);
      const reopened = await again.reopen(directory);
      expect(existsSync(join(checkout.root, 'README.md'))).toBe(true);
      const third = overlaysIn(dataOf(directory));
      expect(spawnSync(program, args).status).toBe(75);
      expect(await reopened?.proof()).toMatchObject({ state: 'unchanged' });
      await again.release(directory);
      // What a program of ours starts does not get the lock, and does not keep it.
      const script = `console.log(child_process.spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid)`;
      const child = spawn(program, [...args.slice(0, -1), process.execPath, '-e', script]);
      const pid = Number(await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve)));
      await expect(third.reopen(directory)).rejects.toMatchObject({
        code: 'checkout.failed',
        message: expect.stringContaining('in use by another process'),
      });
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      process.kill(pid, 0);
      expect(await third.reopen(directory)).not.toBeNull();
      process.kill(pid, 'SIGKILL');
    });

    it('[OVL5] a program in the view has its own user, no rights, the merged files, and only their descriptors', async () => {
      const { checkout, directory } = await suite.make(suite.place.repository('odd, name: "x"/in\\side', { f: 'x' }));
      await testedOverlays.release(directory);
      const view = await checkoutView(directory, { isReadOnly: false });
      if (!view) throw new Error('there is no view');
      const script =
        'id -u; grep CapEff /proc/self/status; ls; echo $(readlink /proc/$$/fd/*); echo more >g; umount . 2>&1';
      const [program = '', ...args] = viewCommand(view, { uid }, ['sh', '-c', `cd "$0" && ${script}`, checkout.root]);
      const { stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = stdout.split('\n');
      expect(lines.slice(0, 3)).toEqual([`${uid}`, expect.stringMatching(/^CapEff:\s0+$/), 'f']);
      expect(lines[3]).toContain(join(directory, 'lock'));
      expect(lines[3]).not.toMatch(/\/(bases|up|wk)\b/);
      expect(stdout).toMatch(/umount: .*/);
      const other = viewCommand(view, { uid }, ['cat', join(checkout.root, 'g')]);
      expect(spawnSync(other[0] ?? '', other.slice(1), { encoding: 'utf8' }).stdout).toBe('more\n');
    });

    it('[OVL6] after a crash the next mount finds every change, and removing copes with what the kernel left', async () => {
      const { checkout, directory } = await suite.make(suite.place.repository('crashed', { 'a/x': 'x', 'b/y': 'y' }));
      await testedOverlays.release(directory);
      const view = await checkoutView(directory, { isReadOnly: false });
      if (!view) throw new Error('there is no view');
      const work = 'rm -r a; mkdir a; echo new >a/z; rm b/y; echo >ready; while :; do echo >>b/growing; done';
      const [program = '', ...args] = viewCommand(view, { uid }, ['sh', '-c', `cd "$0" && ${work}`, checkout.root]);
      const child = spawn(program, args, { stdio: 'ignore' });
      while (!existsSync(join(directory, 'up/ready'))) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      const found = await testedOverlays.reopen(directory);
      expect(Object.keys(readFiles(checkout.root)).sort()).toEqual(['a/z', 'b/growing', 'ready']);
      expect(git(checkout.root, 'status', '--porcelain')).toContain('D a/x');
      expect(await found?.remove({ mode: 'if-saved' })).toMatchObject({ checkout: 'kept' });
      expect(await found?.remove({ mode: 'discard' })).toMatchObject({ checkout: 'discarded' });
      expect(readdirSync(directory)).toEqual(['checkout.json']);
    });

    it('[OVL7] folders of the base are moved by copying, and the session is told so', async () => {
      const top = suite.place.repository('moving', { 'dir/a': 'a', file: 'f' });
      const { checkout, directory } = await suite.make(top);
      const { root } = checkout;
      expect(() => renameSync(join(root, 'dir'), join(root, 'moved'))).toThrow(/EXDEV/);
      expect(spawnSync('mv', ['dir', 'moved'], { cwd: root }).status).toBe(0);
      renameSync(join(root, 'file'), join(root, 'renamed'));
      mkdirSync(join(root, 'own'));
      renameSync(join(root, 'own'), join(root, 'owned'));
      git(root, 'add', '-A');
      expect(git(root, 'status', '--porcelain')).toBe('R  dir/a -> moved/a\nR  file -> renamed');
      const made = await testedOverlays.create({
        ...{ source: top, directory: `${directory}-2`, branch: null, includesChanges: false, restricted: [] },
      });
      expect(made.created.notes.at(-1)).toMatch(/EXDEV.*use mv/);
    });

    it('[OVL8] the probe tries it where the data is, and says why where it cannot be', async () => {
      const data = suite.place.path('probed');
      expect(await chooseMethod(data, null)).toEqual({
        method: 'overlay',
        reason: 'Checkouts are overlays on a shared base.',
      });
      expect(readdirSync(data)).toEqual([]);
      // An upper layer may not lie on an overlay.
      const top = suite.place.repository('under', { 'data/.keep': '' });
      const { checkout } = await suite.make(top);
      expect(await chooseMethod(join(checkout.root, 'data'), null)).toEqual({
        method: 'copy',
        reason: expect.stringMatching(/^Checkouts are copied: .*as where it lies on an overlay itself\.$/),
      });
    });

    it('[OVL9] once its base is there a session writes only what is its own, whatever the size of the repository', async () => {
      const top = suite.place.path('many');
      const files = Array.from({ length: 2_000 }, (_, n) => ({ path: `d${n % 20}/f${n}`, content: `${n}\n` }));
      importFiles(top, files);
      const request = { source: top, branch: 'work', includesChanges: false, restricted: [] };
      await testedOverlays.create({ ...request, directory: suite.place.session() });
      const directory = suite.place.session();
      const { checkout } = await testedOverlays.create({ ...request, directory });
      const own = (await filesBelow(fromText(join(directory, 'up')))).map((path) =>
        path.slice(`${directory}/up/`.length),
      );
      expect(own.sort()).toEqual(['.git/HEAD', '.git/packed-refs']);
      expect(git(checkout.root, 'status', '--porcelain', '--branch')).toBe('## work');
    });

    it('[OVL13] git status knows of every change, also where it goes by what it knows of folders', async () => {
      const files = { 'a/b/c/one': '1', 'a/b/two': '2', 'd/three': '3', '.gitignore': '*.log\n' };
      const { checkout, directory } = await suite.make(suite.place.repository('known', files));
      const { root } = checkout;
      const status = () =>
        git(root, 'status', '--porcelain', '--untracked-files=all')
          .split('\n')
          .map((line) => line.trim());
      expect(git(root, 'config', 'core.untrackedCache')).toBe('true');
      expect(status()).toEqual(['']);
      for (const name of ['a/b/c/new', 'd/deep/new', 'top']) {
        suite.place.write(join(root, name), 'n');
        expect(status()).toContain(`?? ${name}`);
      }
      rmSync(join(root, 'd'), { recursive: true });
      expect(status()).toEqual(['D d/three', '?? a/b/c/new', '?? top']);
      rmSync(join(root, 'a/b/c/new'));
      writeFileSync(join(root, 'a/b/two'), 'changed');
      writeFileSync(join(root, 'a/b/x.log'), 'ignored');
      expect(status()).toEqual(['M a/b/two', 'D d/three', '?? top']);
      await testedOverlays.release(directory);
      await testedOverlays.reopen(directory);
      expect(status()).toEqual(['M a/b/two', 'D d/three', '?? top']);
      writeFileSync(join(root, 'a/b/c/after'), 'n');
      expect(status()).toEqual(['M a/b/two', 'D d/three', '?? a/b/c/after', '?? top']);
    });
  });
}
