/** Contract: nothing that a source brings along is run, followed or believed. The marker file must never appear. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeTree, git, gitInput, readFiles } from './source.testing.ts';
import { type TestedMethod, useSuite } from './suite.testing.ts';

const hooks = [
  'applypatch-msg',
  'pre-applypatch',
  'post-applypatch',
  'pre-commit',
  'pre-merge-commit',
  'prepare-commit-msg',
  'commit-msg',
  'post-commit',
  'pre-rebase',
  'post-checkout',
  'post-merge',
  'pre-push',
  'pre-receive',
  'update',
  'proc-receive',
  'post-receive',
  'post-update',
  'reference-transaction',
  'push-to-checkout',
  'pre-auto-gc',
  'post-rewrite',
  'sendemail-validate',
  'fsmonitor-watchman',
  'p4-changelist',
  'post-index-change',
];

/** Every configuration that makes git run something, by its name, with `run` as the command. */
const traps = (run: string, evil: string) => `
[core]
\tfsmonitor = ${run}
\thooksPath = ${evil}/hooks
\tsshCommand = ${run}
\tgitProxy = ${run}
\tpager = ${run}
\teditor = ${run}
\taskPass = ${run}
\talternateRefsCommand = ${run}
\tattributesFile = ${evil}/attributes
\texcludesFile = ${evil}/none
[include]
\tpath = ${evil}/included
[includeIf "gitdir:/**"]
\tpath = ${evil}/included
[alias]
\tstatus = !${run}
\trev-parse = !${run}
\tls-tree = !${run}
\tpack-objects = !${run}
\tread-tree = !${run}
[filter "evil"]
\tclean = ${run}
\tsmudge = ${run}
\tprocess = ${run}
\trequired = true
[diff "evil"]
\ttextconv = ${run}
\tcommand = ${run}
[diff]
\texternal = ${run}
[merge "evil"]
\tdriver = ${run}
[credential]
\thelper = !${run}
[protocol]
\tallow = always
[protocol "ext"]
\tallow = always
[remote "origin"]
\turl = ext::${run}
\tuploadpack = ${run}
\tvcs = evil
\tpromisor = true
\tpartialclonefilter = blob:none
[submodule]
\trecurse = true
[submodule "evil"]
\turl = ext::${run}
\tupdate = !${run}
\tactive = true
[uploadpack]
\tpackObjectsHook = ${run}
[gpg]
\tprogram = ${run}
[trace2]
\teventTarget = ${evil}/trace
[gc]
\tauto = 1
[maintenance]
\tauto = true
[index]
\tthreads = true
[status]
\tsubmoduleSummary = true
`;

/** A tree object with any names in it, also those that git's own commands refuse. */
function writeTree(top: string, entries: { mode: string; name: string; object: string }[]): string {
  const parts = entries.map(({ mode, name, object }) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, 'hex')]),
  );
  return gitInput(top, Buffer.concat(parts), 'hash-object', '--literally', '-t', 'tree', '-w', '--stdin');
}

/** Replaces a name in the index by one of the same length and signs it again, as an attacker would. */
function forgeIndex(top: string, from: string, to: string): void {
  const file = join(top, '.git/index');
  const bytes = readFileSync(file);
  const at = bytes.indexOf(Buffer.from(from));
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at, 'latin1');
  createHash('sha1')
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  writeFileSync(file, bytes);
}

export function hostileContract(method: TestedMethod): void {
  describe('a hostile source', { timeout: 60_000 }, () => {
    const suite = useSuite(method);
    const marker = () => suite.place.path('MARKER');
    afterEach(() => expect(existsSync(marker())).toBe(false));

    /** A script that leaves the marker, whatever it is called for. */
    function makeTrap(): string {
      const trap = suite.place.path('evil', 'trap.sh');
      writeFileSync(trap, `#!/bin/sh\ntouch ${marker()}\ncat\n`, { mode: 0o755 });
      return trap;
    }

    /** Sets every trap in the repository whose git directory this is, after the last honest use of git on it. */
    function arm(gitDir: string): void {
      const trap = makeTrap();
      const evil = suite.place.path('evil');
      suite.place.write(join(evil, 'included'), `[core]\n\tfsmonitor = ${trap}\n[alias]\n\tstatus = !${trap}\n`);
      suite.place.write(join(evil, 'attributes'), '* filter=evil diff=evil merge=evil\n');
      for (const hook of hooks) {
        for (const folder of [join(gitDir, 'hooks'), join(evil, 'hooks')]) {
          suite.place.write(join(folder, hook), `#!/bin/sh\ntouch ${marker()}\n`);
          chmodSync(join(folder, hook), 0o755);
        }
      }
      suite.place.write(join(gitDir, 'info/attributes'), '* filter=evil diff=evil merge=evil\n');
      writeFileSync(join(gitDir, 'config'), readFileSync(join(gitDir, 'config'), 'utf8') + traps(trap, evil));
    }

    it('[CHK10] runs none of its hooks, monitors, filters, converters, aliases, includes, helpers or transports', async () => {
      const top = suite.place.repository('armed', {
        '.gitattributes': '* filter=evil diff=evil ident\n',
        a: 'a\n',
        b: 'b\n',
      });
      arm(join(top, '.git'));
      for (const name of ['a', 'c']) suite.place.write(join(top, name), 'changed\n');
      for (const includesChanges of [false, true]) {
        const { created, checkout } = await suite.make(top, { includesChanges });
        expect(created.notes.join()).toContain('Content filters were not run (evil)');
        expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
        expect(readFileSync(join(checkout.root, '.git/config'), 'utf8')).not.toMatch(/evil|MARKER/);
        expect(existsSync(join(checkout.root, '.git/hooks'))).toBe(false);
        git(checkout.root, 'status');
        git(checkout.root, 'commit', '-qam', 'in the checkout', '--allow-empty');
        expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
        expect(await checkout.remove({ mode: 'discard' })).toMatchObject({ checkout: 'discarded' });
      }
      spawnSync('git', ['status'], { cwd: top, stdio: 'ignore' });
      expect(existsSync(marker()), 'the traps are live: plain git walks into them').toBe(true);
      rmSync(marker());
    });

    it('[CHK10] nor does the proof run anything that a program set up in the checkout', async () => {
      const top = suite.place.repository('innocent', { '.gitattributes': '* filter=evil\n', a: 'a\n' });
      const { checkout } = await suite.make(top);
      arm(join(checkout.root, '.git'));
      writeFileSync(join(checkout.root, 'a'), 'changed\n');
      expect(await checkout.proof()).toMatchObject({ state: 'unsaved' });
      writeFileSync(join(checkout.root, 'a'), 'a\n');
      expect(await checkout.proof()).toMatchObject({ state: 'unchanged' });
    });

    it('[CHK11] fetches no submodule, whatever its address is, and says so', async () => {
      const top = suite.place.repository('modules');
      const trap = makeTrap();
      const urls = [
        '-u./trap.sh',
        `ext::sh -c touch% ${marker()}`,
        `--upload-pack=${trap}`,
        'ssh://-oProxyCommand=x/y',
        '../../../..',
        'https://example.com/x.git',
      ];
      const modules = urls.map(
        (url, n) => `[submodule "m${n}"]\n\tpath = m${n}\n\turl = ${url}\n\tupdate = !${trap}\n`,
      );
      writeFileSync(
        join(top, '.gitmodules'),
        `${modules.join('')}[submodule "../../x"]\n\tpath = x\n\turl = ${trap}\n`,
      );
      urls.forEach((_, n) => {
        git(top, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},m${n}`);
      });
      git(top, 'add', '.gitmodules');
      git(top, 'commit', '-qm', 'modules');
      const inner = join(top, 'm0');
      mkdirSync(inner);
      git(inner, 'init', '-q');
      git(inner, 'commit', '-qm', 'inner', '--allow-empty');
      arm(join(inner, '.git'));
      const { created, checkout } = await suite.make(top, { includesChanges: true });
      expect(created.notes).toEqual(['Not fetched: 6 submodules: m0, m1, m2, m3, m4 and 1 more.']);
      expect(created.files).toBe(3);
      expect(Object.keys(readFiles(checkout.root)).sort()).toEqual(['.gitmodules', 'README.md', 'src/app.ts']);
      suite.place.write(join(checkout.root, 'm1/work'), 'w');
      expect(await checkout.proof()).toMatchObject({
        state: 'unsaved',
        reason: expect.stringContaining('1 submodule with files'),
      });
    });

    it('[CHK12] links that lead out are kept as links, never followed, and noted', async () => {
      const secret = suite.place.path('secret');
      writeFileSync(secret, 'secret');
      const top = suite.place.repository('links', { 'dir/file': 'x' });
      const links = {
        absolute: secret,
        up: '../secret',
        chain: 'dir/via/secret',
        inside: 'dir/file',
        self: 'self',
        dangling: '../../no/where',
        'fine-dangling': 'not/there',
      };
      for (const [name, target] of Object.entries(links)) symlinkSync(target, join(top, name));
      symlinkSync('../..', join(top, 'dir/via'));
      suite.place.commit(top, 'links');
      symlinkSync('/etc/passwd', join(top, 'untracked-link'));
      const { created, checkout } = await suite.make(top, { includesChanges: true });
      expect(created.notes).toHaveLength(1);
      expect(created.notes[0]).toMatch(/^Kept as they are: 6 links: .* that lead out of the checkout\.$/);
      const files = readFiles(checkout.root);
      for (const [name, target] of Object.entries(links)) expect(files[name]).toBe(`-> ${target}`);
      expect(files['untracked-link']).toBe('-> /etc/passwd');
    });

    it('[CHK13] trees that reach for the git directory or out of the checkout are refused', async () => {
      for (const name of ['.git', '.GIT', '..', '.git\u200c', 'git~1', '.']) {
        const top = suite.place.repository(`tree-${Buffer.from(name).toString('hex')}`);
        const blob = gitInput(top, `#!/bin/sh\ntouch ${marker()}\n`, 'hash-object', '-w', '--stdin');
        const inner = writeTree(top, [{ mode: '100755', name: 'post-checkout', object: blob }]);
        const middle = writeTree(top, [{ mode: '40000', name: 'hooks', object: inner }]);
        const tree = writeTree(top, [{ mode: '40000', name, object: middle }]);
        git(top, 'update-ref', 'HEAD', git(top, 'commit-tree', '-m', 'evil', tree));
        const error = await suite.refuse(top, { watched: top });
        expect(error, name).toMatchObject({
          code: 'source.invalid',
          message: expect.stringContaining('git refuses to write'),
        });
      }
    });

    it('[CHK13] an index that names files outside the tree cannot make anything be read, written or removed there', async () => {
      const victim = suite.place.path('victim');
      for (const [from, to] of [
        ['aaaaaaaaa', '../victim'],
        ['bbbbbbbb', '.git/bbb'],
        ['bbbbbbbb', '.GIT/bbb'],
        ['aaaaaaaaa', '/etc/host'],
      ] as const) {
        writeFileSync(victim, 'precious');
        const top = suite.place.repository(`index-${Buffer.from(to).toString('hex')}`, {
          [from]: 'x',
          '.git-like': 'x',
        });
        forgeIndex(top, from, to);
        const error = await suite.refuse(top, { includesChanges: true, watched: top });
        expect(error, to).toMatchObject({ code: 'source.invalid' });
        expect(readFileSync(victim, 'utf8')).toBe('precious');
      }
    });

    it('[CHK13] a name that is a link in the commit and a folder in the index leads nowhere', async () => {
      const victim = suite.place.path('far/victim');
      writeFileSync(victim, 'precious');
      const top = suite.place.repository('overlap', { keep: 'k', 'zz/victim': 'x' });
      const index = readFileSync(join(top, '.git/index'));
      git(top, 'rm', '-qr', 'zz');
      symlinkSync(suite.place.path('far'), join(top, 'zz'));
      suite.place.commit(top, 'a link now');
      writeFileSync(join(top, '.git/index'), index);
      const { checkout } = await suite.make(top, { includesChanges: true });
      expect(readFileSync(victim, 'utf8')).toBe('precious');
      expect(readFiles(checkout.root).zz).toBe(`-> ${suite.place.path('far')}`);
      rmSync(join(top, 'zz'));
      suite.place.write(join(top, 'zz/victim'), 'overwritten');
      const real = await suite.make(top, { includesChanges: true });
      expect(readFiles(real.checkout.root)['zz/victim']).toBe('overwritten');
      expect(readFileSync(victim, 'utf8')).toBe('precious');
    });

    it('[CHK13] a git directory behind a link is read where it is', async () => {
      const top = suite.place.repository('moved');
      arm(join(top, '.git'));
      const elsewhere = suite.place.path('elsewhere', 'real.git');
      renameSync(join(top, '.git'), elsewhere);
      symlinkSync(elsewhere, join(top, '.git'));
      const before = describeTree(elsewhere);
      const { created } = await suite.make(top, { includesChanges: true });
      expect(created).toMatchObject({ kind: 'git', files: 2, carried: 0 });
      expect(describeTree(elsewhere)).toEqual(before);
    });

    it('[CHK13] replaced objects and grafts do not change what is checked out', async () => {
      const top = suite.place.repository('replaced', { a: 'honest\n' });
      const honest = git(top, 'rev-parse', 'HEAD:a');
      git(top, 'replace', honest, gitInput(top, 'forged\n', 'hash-object', '-w', '--stdin'));
      const { checkout } = await suite.make(top);
      expect(readFiles(checkout.root)).toEqual({ a: 'honest\n' });
    });
  });
}
