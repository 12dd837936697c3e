/** The embedded cluster through everything that may happen to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inspectProcess, isRunning } from './embedded/process.ts';
import { type Embedded, type EmbeddedOptions, openEmbedded } from './embedded.ts';
import { prepareHome } from './testing-home.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let home: string;
let opened: Embedded[];
let children: ChildProcess[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'omnigent-home-'));
  opened = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const embedded of opened) await embedded.stop();
  await rm(home, { recursive: true, force: true });
});

async function open(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await openEmbedded({
    home,
    log: () => undefined,
    progress: () => undefined,
    random: (bytes) => void randomFillSync(bytes),
    ...options,
  });
  opened.push(embedded);
  return embedded;
}

async function query(embedded: Embedded, text: string): Promise<unknown[]> {
  const sql = postgres({ ...embedded.address, max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(10);
  }
}

async function parentOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
}

/** The pids of all postmasters of the home. A process that one has just forked still carries its arguments. */
async function postmasters(): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const found: number[] = [];
  for (const pid of pids) {
    const facts = await inspectProcess(pid);
    if (facts && !facts.isZombie && facts.argv.includes(join(home, 'postgres', 'data'))) found.push(pid);
  }
  const parents = await Promise.all(found.map(parentOf));
  return found.filter((_, at) => !found.includes(parents[at] ?? 0));
}

/** What the home holds but for a copy of the binaries, which an installation below a private folder needs. */
async function databaseFolders(): Promise<string[]> {
  return (await readdir(home)).filter((name) => name !== 'native');
}

/** Starts another process that owns the cluster; resolves with the pid of its Postgres. */
async function startOwner(env: NodeJS.ProcessEnv = process.env): Promise<{ owner: ChildProcess; pid: number }> {
  const file = fileURLToPath(new URL('./testing-owner.ts', import.meta.url));
  const owner = spawn(process.execPath, ['--import', 'tsx', file, home], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(owner);
  const pid = await new Promise<number>((resolve, reject) => {
    owner.stdout?.once('data', (data: Buffer) => resolve(Number(data)));
    owner.once('exit', (code) => reject(new Error(`owner exited ${code}`)));
  });
  return { owner, pid };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

describe('first start', () => {
  it('[DB1] listens on a private socket only, with a password of its own', async () => {
    const embedded = await open();
    expect(await query(embedded, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    const { mode } = await stat(join(embedded.address.host, '.s.PGSQL.5432'));
    expect(mode & 0o777).toBe(0o700);
    for (const path of ['postgres', 'postgres/data', 'postgres/run']) {
      expect((await stat(join(home, path))).mode & 0o777, path).toBe(0o700);
    }
    expect((await stat(join(home, 'postgres/password'))).mode & 0o777).toBe(0o600);
    const stranger = postgres({ ...embedded.address, password: 'guess', max: 1 });
    await expect(stranger`select 1`).rejects.toMatchObject({ code: '28P01' });
    await stranger.end();
  });

  it('[DB1] does not run as root, and gets nothing of our environment', async () => {
    const embedded = await open();
    const data = await stat(join(home, 'postgres', 'data'));
    const status = await readFile(`/proc/${embedded.pid()}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\t${data.uid}\\t`, 'm'));
    expect(data.uid).not.toBe(0);
    const environment = (await readFile(`/proc/${embedded.pid()}/environ`, 'utf8')).split('\0').filter((line) => line);
    const names = environment.map((line) => line.split('=')[0]).filter((name) => name !== 'PG_GRANDPARENT_PID');
    expect(names.sort()).toEqual(['LC_ALL', 'PATH', 'PGTZ', 'TZ']);
  });

  it('[DB2] an unknown setting is refused by name, before anything starts', async () => {
    const settings = { shared_bufers: '1GB' } as EmbeddedOptions['settings'] & object;
    await expect(open({ settings })).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('shared_bufers'),
    });
    expect(await readdir(home)).toEqual([]);
  });

  it('[DB3] what a server that died while creating it left behind is cleared away', async () => {
    const dead = spawn('true');
    await new Promise((resolve) => dead.once('exit', resolve));
    await mkdir(join(home, `postgres.${dead.pid}-abcdef`, 'data'), { recursive: true });
    await open();
    expect(await databaseFolders()).toEqual(['postgres']);
  });

  it('[DB3] two servers that create it at the same time end up with one cluster', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(two?.pid()).toBe(one?.pid());
    expect(await postmasters()).toEqual([one?.pid()]);
    expect(await databaseFolders()).toEqual(['postgres']);
    two?.release();
  });

  it('[DB4] a home that cannot hold a socket gets a short private folder for it, removed at stop', async () => {
    const root = home;
    for (const name of ['deep'.repeat(30), `odd, "name' of-a home`]) {
      home = join(root, name);
      const embedded = await open();
      expect(embedded.address.host).toMatch(/^\/tmp\/omnigent-\d+-[0-9a-f]{12}$/);
      expect((await stat(embedded.address.host)).mode & 0o777).toBe(0o700);
      expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }]);
      await embedded.stop();
      expect(existsSync(embedded.address.host)).toBe(false);
    }
    opened = [];
    home = root;
  });

  it('[DB5] is refused on a disk that is nearly full', async () => {
    await expect(open({ leastFreeBytes: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({
      code: 'database.unavailable',
      message: expect.stringContaining('nearly full'),
    });
    expect(await (await open()).hasRoom()).toBe(true);
  });

  it('[DB6] a home below a folder only its owner may enter works, or says what to do', async () => {
    const root = home;
    chmodSync(root, 0o700);
    home = join(root, 'home');
    try {
      const embedded = await open();
      expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }]);
      await embedded.stop();
      expect(await query(await open(), 'select 2 as two')).toEqual([{ two: 2 }]);
      await opened.at(-1)?.stop();
    } catch (error) {
      expect(error).toMatchObject({ code: 'database.unavailable', message: expect.stringContaining('OMNIGENT_HOME') });
    } finally {
      opened = [];
      home = root;
    }
  });

  it('[DB7] data of another major version is refused, naming both', async () => {
    await prepareHome(home);
    await (await open()).stop();
    opened = [];
    const file = join(home, 'postgres', 'data', 'PG_VERSION');
    const version = await readFile(file, 'utf8');
    await writeFile(file, '9\n');
    await expect(open()).rejects.toMatchObject({
      code: 'database.unavailable',
      message: expect.stringMatching(/9, .*18/),
    });
    await writeFile(file, version);
  });
});

describe('after a server was killed', () => {
  beforeEach(() => prepareHome(home));

  it('[DB8] a Postgres that lives on is adopted, not started twice', async () => {
    // Without setpriv in its PATH the owner cannot make Postgres follow it into death.
    const bin = join(home, 'bin');
    await mkdir(bin);
    for (const program of ['id', 'true', 'unshare']) {
      const path = (process.env.PATH ?? '')
        .split(':')
        .map((folder) => join(folder, program))
        .find(existsSync);
      if (path) await symlink(path, join(bin, program));
    }
    const { owner, pid } = await startOwner({ ...process.env, PATH: bin });
    await kill(owner);
    expect(await isRunning(pid)).toBe(true);
    const embedded = await open();
    expect(embedded.pid()).toBe(pid);
    expect(await postmasters()).toEqual([pid]);
    process.kill(pid, 'SIGKILL');
    await until('an adopted one that dies is started again', async () => embedded.pid() !== pid);
    expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await postmasters()).toEqual([embedded.pid()]);
    await embedded.stop();
    expect(await postmasters()).toEqual([]);
  });

  it('[DB8] the next server starts at once, whatever Postgres is doing, and there is never a second one', async () => {
    for (const pauseMs of [0, 5, 20, 60]) {
      const { owner } = await startOwner();
      await kill(owner);
      await sleep(pauseMs);
      const embedded = await open();
      await until('it answers', () =>
        query(embedded, 'select 1').then(
          () => true,
          () => false,
        ),
      );
      expect(await postmasters()).toEqual([embedded.pid()]);
      await embedded.stop();
      opened = [];
    }
  });

  it('[DB9] a left-over pid file of any kind does not keep it from starting', async () => {
    await (await open()).stop();
    const data = join(home, 'postgres', 'data');
    const { uid, gid } = await stat(data);
    const identity = process.getuid?.() === 0 ? { uid, gid } : {};
    const stranger = spawn('sleep', ['60'], { ...identity, cwd: '/' });
    children.push(stranger);
    const lines = (pid: number) => `${pid}\n${data}\n1750000000\n5432\n${home}/postgres/run\n\n  1234 5678\nready   \n`;
    const dead = spawn('true');
    await new Promise((resolve) => dead.once('exit', resolve));
    for (const text of ['', 'garbage', '\0\0', lines(dead.pid ?? 0), lines(stranger.pid ?? 0), lines(process.pid)]) {
      await writeFile(join(data, 'postmaster.pid'), text, { mode: 0o600 });
      const embedded = await open();
      expect(await query(embedded, 'select 1 as one'), text).toEqual([{ one: 1 }]);
      await embedded.stop();
    }
    expect(stranger.exitCode).toBeNull();
  });

  it('[DB9] nor does a lock beside the socket whose process nobody buried, or whose pid is another program’s now', async () => {
    await (await open()).stop();
    const data = join(home, 'postgres', 'data');
    const { uid, gid } = await stat(data);
    const identity = process.getuid?.() === 0 ? { uid, gid } : {};
    const script = 'exec 3<&0; sh -c "read -r line" <&3 & echo $!; exec sleep 1000';
    const parent = spawn('/bin/sh', ['-c', script], { ...identity, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(parent);
    const child = await new Promise<number>((resolve) => parent.stdout.once('data', (data) => resolve(Number(data))));
    await until('the parent is no shell', async () => (await inspectProcess(parent.pid ?? 0))?.argv[0] === 'sleep');
    parent.stdin.end('\n');
    await until('there is a zombie', async () => (await inspectProcess(child))?.isZombie === true);
    for (const pid of [child, parent.pid]) {
      const lock = `${pid}\n${data}\n1750000000\n5432\n${home}/postgres/run\n`;
      await writeFile(join(home, 'postgres', 'run', '.s.PGSQL.5432.lock'), lock);
      const embedded = await open();
      expect(await query(embedded, 'select 1 as one')).toEqual([{ one: 1 }]);
      await embedded.stop();
    }
  });
});

describe('while it runs', () => {
  beforeEach(() => prepareHome(home));

  it('[DB10] a Postgres that is killed is started again by itself, one at a time', async () => {
    const embedded = await open();
    const restarts: number[] = [];
    embedded.onRestart((pid) => restarts.push(pid));
    await query(embedded, 'create table t (n int)');
    for (let n = 1; n <= 3; n++) {
      await query(embedded, `insert into t values (${n})`);
      process.kill(embedded.pid(), 'SIGKILL');
      await until('it runs again', async () => restarts.length === n);
      await until('it answers', () =>
        query(embedded, 'select 1').then(
          () => true,
          () => false,
        ),
      );
      expect(embedded.pid()).toBe(restarts.at(-1));
      expect(await postmasters()).toEqual([embedded.pid()]);
    }
    expect(await query(embedded, 'select count(*)::int as n from t')).toEqual([{ n: 3 }]);
  });

  it('[DB11] stop ends it cleanly with clients connected, and twice is harmless', async () => {
    const embedded = await open();
    const sql = postgres({ ...embedded.address, max: 1 });
    await sql`select 1`;
    await embedded.stop();
    await embedded.stop();
    expect(await postmasters()).toEqual([]);
    expect(existsSync(join(home, 'postgres', 'data', 'postmaster.pid'))).toBe(false);
    await sql.end({ timeout: 0 });
    const log = await readFile(join(home, 'postgres', 'log'), 'utf8');
    expect(log).not.toContain('was not properly shut down');
  });

  it('[DB11] a stop during a restart leaves nothing running', async () => {
    const embedded = await open();
    process.kill(embedded.pid(), 'SIGKILL');
    await until('it is dead', async () => !(await isRunning(embedded.pid())));
    await embedded.stop();
    expect(await postmasters()).toEqual([]);
  });
});
