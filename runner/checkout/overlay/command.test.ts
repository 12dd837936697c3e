/** The process that works on checkouts for the host, as the host starts it: as root it works for another user. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromText, toBytes } from '../byte-path.ts';
import { git, Workplace } from '../contract/source.testing.ts';
import { checkoutView, mounted, mountNamespace, mountScript, viewCommand, waitingCommand } from '../index.ts';
import { filesBelow } from '../walk.ts';

const me = process.getuid?.() ?? 0;
const isRoot = me === 0;
/** A number that no user of the machine has. */
const owner = isRoot ? { uid: 60_417, gid: 60_417 } : null;
const uid = owner?.uid ?? me;

const asUser = isRoot ? ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'] : [];
const split = ([file, ...args]: [string, ...string[]]): [string, string[]] => [file, args];

/** What the program answers to a request. */
function ask(command: object): { ok: boolean; result?: Record<string, unknown>; code?: string; message?: string } {
  const [program, ...prefix] = mountNamespace(me);
  const args = [...prefix, process.execPath, '--import', 'tsx', 'runner/checkout-main.ts'];
  const { stdout, stderr } = spawnSync(program, args, { input: JSON.stringify(command), encoding: 'utf8' });
  expect(stdout.split('\n'), stderr).toHaveLength(2);
  return JSON.parse(stdout);
}

/** The command that runs `program` as the sessions' user where the files are mounted. */
async function inView(directory: string, program: string[]): Promise<[string, ...string[]]> {
  const view = await checkoutView(directory, { isReadOnly: false });
  if (!view) throw new Error('there is no checkout');
  const [command = 'false', ...args] = [...asUser, ...viewCommand(view, { uid }, program)];
  return [command, ...args];
}

describe('checkouts made for the host', { timeout: 60_000 }, () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
    chmodSync(place.folder, 0o711);
  });
  afterAll(() => place.remove());

  /** A source that nobody else may read, with something restricted. */
  function source(name: string): string {
    const top = place.repository(`private/${name}`, { 'a.txt': 'a\n', 'b/c.txt': 'c\n', '.env': 'canary' });
    place.write(join(top, 'new.txt'), 'untracked\n');
    chmodSync(place.path('private'), 0o700);
    return top;
  }

  const request = (top: string, options: object = {}) => ({
    ...{ op: 'create', method: 'overlay', data: place.path('home'), directory: place.session(), source: top },
    ...{ branch: 'work', includesChanges: true, restricted: [join(top, '.env')], owner },
    ...options,
  });

  it.each(['overlay', 'copy'])(
    '[OVL10] a %s belongs to its user, who alone works in it, and is compared and removed',
    async (method) => {
      const top = source(`made-${method}`);
      const command = request(top, { method });
      const { directory } = command;
      expect(ask(command)).toMatchObject({
        ok: true,
        result: { start: join(directory, 'checkout'), created: { files: 3 } },
      });
      for (const path of await filesBelow(fromText(directory))) expect(lstatSync(toBytes(path)).uid, path).toBe(uid);
      const script = `
      const { openCheckout } = await import(process.cwd() + '/runner/checkout/index.ts');
      const first = await openCheckout(${JSON.stringify(directory)});
      const second = await openCheckout(${JSON.stringify(directory)});
      console.log(JSON.stringify([first.created?.notes, second.created, first.checkout.root]));`;
      const [node = '', ...args] = await inView(directory, [
        process.execPath,
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        script,
      ]);
      const opened = spawnSync(node, args, { encoding: 'utf8' });
      expect(JSON.parse(opened.stdout || `"${opened.stderr}"`)).toEqual([
        expect.arrayContaining(['Left out as restricted: 1 file: .env.']),
        null,
        join(directory, 'checkout'),
      ]);
      const work =
        'cd "$0" && git status --porcelain && echo more >>a.txt && rm -r b && git add -A && git commit -qm work && git status --porcelain';
      const env = {
        ...process.env,
        HOME: '/nonexistent',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      };
      const [shell, ...rest] = await inView(directory, ['sh', '-c', work, join(directory, 'checkout')]);
      expect(spawnSync(shell, rest, { encoding: 'utf8', env })).toMatchObject({
        stdout: '?? new.txt\n',
        stderr: '',
        status: 0,
      });
      const other = request(top, { method });
      expect(ask(other)).toMatchObject({ ok: true });
      const compared = ask({ op: 'compare', directory, against: other.directory });
      expect(compared.result?.files).toEqual([
        { path: 'a.txt', change: 'modified', added: 1, removed: 0 },
        { path: 'b/c.txt', change: 'deleted', added: 0, removed: 1 },
      ]);
      expect(ask({ op: 'remove', directory, mode: 'if-saved' })).toMatchObject({
        result: { checkout: 'kept', reason: expect.stringMatching(/^1 commit not in the source/) },
      });
      expect(ask({ op: 'remove', directory, mode: 'discard' })).toMatchObject({ result: { checkout: 'discarded' } });
      expect(ask({ op: 'remove', directory: other.directory, mode: 'if-saved' })).toMatchObject({
        result: { checkout: 'unchanged' },
      });
      expect(readdirSync(other.directory).sort()).toEqual(['checkout.json', 'created.json']);
      expect(git(top, 'status', '--porcelain')).toBe('?? new.txt');
    },
  );

  it('[OVL10] while its runner lives a session is compared, but neither mounted again nor removed', async () => {
    const top = source('running');
    const command = request(top);
    const { directory } = command;
    ask(command);
    const [shell, ...rest] = await inView(directory, [
      'sh',
      '-c',
      'echo x >"$0/x"; echo; exec sleep 60',
      join(directory, 'checkout'),
    ]);
    const runner = spawn(shell, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => runner.stdout.once('data', resolve));
    const other = request(top);
    ask(other);
    expect(ask({ op: 'compare', directory, against: other.directory }).result?.files).toMatchObject([
      { path: 'x', change: 'added' },
    ]);
    expect(ask({ op: 'remove', directory, mode: 'discard' })).toMatchObject({ ok: false, code: 'checkout.failed' });
    const [again, ...more] = await inView(directory, ['true']);
    expect(spawnSync(again, more).status).toBe(75);
    runner.kill('SIGKILL');
    await new Promise((resolve) => runner.once('close', resolve));
    expect(ask({ op: 'remove', directory, mode: 'discard' })).toMatchObject({ result: { checkout: 'discarded' } });
    expect(existsSync(join(directory, 'checkout'))).toBe(false);
  });

  it('[OVL12] a runner that waits in namespaces of its own is given the files of its session, and holds them until it ends', async () => {
    const command = request(source('waiting'));
    const { directory } = command;
    ask(command);
    const script = `
      await new Promise((resolve) => process.stdin.once('data', resolve));
      const { openCheckout } = await import(process.cwd() + '/runner/checkout/index.ts');
      const { checkout, created } = await openCheckout(${JSON.stringify(directory)});
      const { readdirSync, writeFileSync } = await import('node:fs');
      writeFileSync(checkout.root + '/mine', 'm');
      console.log(JSON.stringify([created.files, readdirSync(checkout.root)]));
      setTimeout(() => checkout, 60_000);`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
    const more = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const [file = '', ...args] = [...asUser, ...waitingCommand({ uid, more }, node)];
    const outer = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'] });
    const view = await checkoutView(directory, { isReadOnly: false });
    (outer.stdio[3] as Writable).end(view && mountScript(view));
    const answer = await new Promise<Buffer>((resolve) => outer.stdio[4]?.once('data', resolve));
    expect(`${answer}`).toBe(`${mounted}\n`);
    outer.stdin?.write('go\n');
    const said = await new Promise<Buffer>((resolve) => outer.stdout?.once('data', resolve));
    expect(JSON.parse(`${said}`)).toEqual([3, ['.git', 'a.txt', 'b', 'mine', 'new.txt']]);
    expect(readdirSync(join(directory, 'checkout'))).toEqual([]);
    expect(spawnSync(...split(await inView(directory, ['true']))).status).toBe(75);
    expect(ask({ op: 'remove', directory, mode: 'discard' })).toMatchObject({ ok: false, code: 'checkout.failed' });
    outer.kill('SIGKILL');
    await new Promise((resolve) => outer.once('close', resolve));
    expect(ask({ op: 'remove', directory, mode: 'discard' })).toMatchObject({ result: { checkout: 'discarded' } });
  });

  it('[OVL11] a base is made ready ahead of its sessions, and unused ones are reaped; what goes wrong is said in one line', () => {
    const top = source('ahead');
    const data = place.path('ahead-data');
    const restricted = [join(top, '.env')];
    const built = ask({ op: 'build-base', data, source: top, restricted, owner });
    expect(built.result?.folder).toMatch(new RegExp(`^${data}/bases/[0-9a-f]+$`));
    const directory = join(data, 'sessions/one');
    expect(ask(request(top, { data, directory }))).toMatchObject({ ok: true });
    expect(readdirSync(join(data, 'bases')).filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
    expect(readFileSync(join(directory, 'up/.git/HEAD'), 'utf8')).toBe('ref: refs/heads/work\n');
    expect(ask({ op: 'reap', data, maxAgeMs: 0 }).result).toEqual({ removed: [] });
    ask({ op: 'remove', directory, mode: 'discard' });
    expect(ask({ op: 'reap', data, maxAgeMs: 0 }).result).toEqual({ removed: [built.result?.folder] });
    const folder = place.path('plain');
    mkdirSync(folder);
    writeFileSync(join(folder, 'f'), 'f');
    expect(ask({ op: 'build-base', data, source: folder, restricted: [], owner })).toEqual({ ok: true, result: null });
    expect(ask(request('/nonexistent'))).toMatchObject({ ok: false, code: 'source.invalid' });
    expect(ask({ op: 'unknown' })).toMatchObject({ ok: false, code: 'checkout.failed' });
  });
});
