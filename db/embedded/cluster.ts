/** Creates, starts and stops one Postgres cluster in a directory; supervision and clients are elsewhere. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError } from '#protocol/error.ts';
import { type Account, isAllowed, namespacePrefix } from './account.ts';
import type { Native } from './native.ts';
import { readClusterState, removeLeftover } from './pid-file.ts';
import { isCode, isRunning } from './process.ts';
import { type Settings, settingArgs } from './settings.ts';

const run = promisify(execFile);

/** The superuser inside the cluster and its one database. */
export const databaseUser = 'omnigent';
/** Only names the socket file; nothing listens on TCP. */
export const port = 5432;

/** `sockaddr_un` holds 108 bytes with the final NUL. */
const socketPathLimit = 107;
const logLimitBytes = 16 * 1024 * 1024;
const pollMs = 10;
/** A postmaster that was killed leaves backends for up to about a second, and they hold its shared memory. */
const restartPatienceMs = 20_000;

/** Nothing of our own environment (keys, tokens) reaches Postgres. */
const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  PGTZ: 'UTC',
} as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv;

export interface Cluster {
  /** `$OMNIGENT_HOME/postgres`: data/, run/, password, log. */
  folder: string;
  dataDir: string;
  account: Account;
  native: Native;
  settings: Settings;
}

/** Makes the cluster unless it is there: in a folder beside it, renamed when complete, so a crash leaves none half made. */
export async function createCluster(cluster: Cluster, random: (bytes: Uint8Array) => void): Promise<void> {
  if (await readVersion(cluster)) return;
  const unfinished = `${cluster.folder}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const passwordFile = join(unfinished, 'password');
  await writeFile(passwordFile, Buffer.from(randomBytes(random)).toString('base64url'), { mode: 0o600 });
  await give(unfinished, cluster.account);
  await give(passwordFile, cluster.account);
  await initialise(cluster, join(unfinished, 'data'), passwordFile);
  try {
    await rename(unfinished, cluster.folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    // Another server was faster: its cluster is as good.
    if (!isCode(cause, 'ENOTEMPTY', 'EEXIST')) throw cause;
  }
}

function randomBytes(random: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(32);
  random(bytes);
  return bytes;
}

async function initialise(cluster: Cluster, dataDir: string, passwordFile: string): Promise<void> {
  const { command, args, options } = asAccount(cluster.account, join(cluster.native.bin, 'initdb'), [
    ...['-D', dataDir, '-U', databaseUser, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--lc-messages=C', '--data-checksums'],
  ]);
  try {
    await run(command, args, { ...options, maxBuffer: 4 * 1024 * 1024 });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : undefined;
    throw new AppError({
      code: 'database.unavailable',
      message: `the database could not be created in ${cluster.folder}`,
      ...(detail && { detail }),
      cause,
    });
  }
}

/** Checks that the binaries fit the data. Null: there is no cluster. Throws `database.unavailable` when they don't. */
async function readVersion(cluster: Cluster): Promise<string | null> {
  const version = await readFile(join(cluster.dataDir, 'PG_VERSION'), 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return null;
    throw cause;
  });
  if (version === null || version.trim() === cluster.native.major) return version;
  throw new AppError({
    code: 'database.unavailable',
    message: `${cluster.dataDir} is from PostgreSQL ${version.trim()}, the installed one is ${cluster.native.major}`,
  });
}

/** Reads the password that `createCluster` stored. */
export const readPassword = (cluster: Cluster): Promise<string> => readFile(join(cluster.folder, 'password'), 'utf8');

/**
 * The folder of the socket file, made private to the account. A data folder too deep for a socket address gets a short
 * one under /tmp. Throws `database.unavailable` when somebody else holds that name.
 */
export async function prepareSocketDir(cluster: Cluster): Promise<string> {
  const own = join(cluster.folder, 'run');
  const isShort = Buffer.byteLength(join(own, `.s.PGSQL.${port}`)) <= socketPathLimit;
  const hash = createHash('sha256').update(cluster.dataDir).digest('hex').slice(0, 12);
  const dir = isShort ? own : `/tmp/omnigent-${process.getuid?.() ?? 0}-${hash}`;
  const isNew = await mkdir(dir, { mode: 0o700 }).then(
    () => true,
    (cause: unknown) => {
      if (isCode(cause, 'EEXIST')) return false;
      throw cause;
    },
  );
  if (isNew) await give(dir, cluster.account);
  const found = await lstat(dir);
  const expected = cluster.account.kind === 'user' ? cluster.account.uid : process.getuid?.();
  if (!found.isDirectory() || (expected !== undefined && found.uid !== expected)) {
    throw new AppError({ code: 'database.unavailable', message: `${dir} belongs to somebody else: remove it` });
  }
  await chmod(dir, 0o700);
  return dir;
}

export interface Running {
  pid: number;
  /** Null when it was adopted: then only looking tells that it died. */
  child: ChildProcess | null;
}

/**
 * Adopts the cluster's Postgres when one runs, else starts it and waits until it is ready. `progress` hears about long
 * recoveries. Throws `database.unavailable` with the end of the log as detail.
 */
export async function startOrAdopt(
  cluster: Cluster,
  socketDir: string,
  progress: (line: string) => void,
): Promise<Running> {
  const deadline = performance.now() + restartPatienceMs;
  for (;;) {
    const state = await readClusterState(cluster.dataDir);
    switch (state.kind) {
      case 'ready':
        return { pid: state.pid, child: null };
      case 'starting':
      case 'stopping':
        // Ours from before a crash, or another server's: wait for what it becomes.
        await waitWhile(cluster, state, progress);
        continue;
      case 'down': {
        if (state.isLeftover) await removeLeftover(cluster.dataDir);
        const started = await launch(cluster, socketDir, progress);
        if (typeof started !== 'string') return started;
        if (performance.now() > deadline || !isPassing(started)) throw startError(cluster, started);
        await sleep(20);
        continue;
      }
      default:
        return state satisfies never;
    }
  }
}

/** Refusals that end by themselves: the dead postmaster's backends are still leaving, or another server was faster. */
const isPassing = (logEnd: string): boolean => /still in use|lock file ".*" already exists/.test(logEnd);

const startError = (cluster: Cluster, logEnd: string): AppError =>
  new AppError({
    code: 'database.unavailable',
    message: `the database does not start; its log is ${join(cluster.folder, 'log')}`,
    detail: logEnd,
  });

async function waitWhile(
  cluster: Cluster,
  seen: { kind: string; pid: number },
  progress: (line: string) => void,
): Promise<void> {
  const every = 4_000;
  for (let next = performance.now() + every; ; ) {
    const state = await readClusterState(cluster.dataDir);
    if (state.kind !== seen.kind || ('pid' in state && state.pid !== seen.pid)) return;
    if (performance.now() > next) {
      progress(`database is ${seen.kind} (pid ${seen.pid})`);
      next += every;
    }
    await sleep(pollMs);
  }
}

/** Starts one Postgres. A string is the end of its log: it ended before it was ready. */
async function launch(
  cluster: Cluster,
  socketDir: string,
  progress: (line: string) => void,
): Promise<Running | string> {
  const logFile = join(cluster.folder, 'log');
  if ((await sizeOf(logFile)) > logLimitBytes) await rename(logFile, `${logFile}.1`);
  const log = await open(logFile, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const args = ['-D', cluster.dataDir, '-k', socketDir, '-p', String(port), ...settingArgs(cluster.settings)];
    // If we are killed, Postgres gets SIGINT: it shuts down cleanly. Elsewhere the next server adopts it.
    const canFollow = await isAllowed(['setpriv', '--pdeathsig', 'INT', 'true']);
    const program = join(cluster.native.bin, 'postgres');
    const line = canFollow ? ['setpriv', '--pdeathsig', 'INT', program, ...args] : [program, ...args];
    const { command, args: rest, options } = asAccount(cluster.account, line[0] ?? program, line.slice(1));
    const child = spawn(command, rest, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
    child.unref();
    const pid = await pidOf(child);
    return (await isReady(cluster, pid, child, progress)) ? { pid, child } : await readFrom(logFile, size);
  } finally {
    await log.close();
  }
}

const pidOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new AppError({ code: 'database.unavailable', message: 'PostgreSQL could not be run', cause })),
    );
    child.once('spawn', () => resolve(child.pid ?? 0));
  });

async function isReady(
  cluster: Cluster,
  pid: number,
  child: ChildProcess,
  progress: (line: string) => void,
): Promise<boolean> {
  for (let waited = 0; child.exitCode === null && child.signalCode === null; waited += pollMs) {
    const state = await readClusterState(cluster.dataDir);
    if (state.kind === 'ready' && state.pid === pid) return true;
    if (waited > 0 && waited % 4_000 === 0) progress('database is recovering');
    await sleep(pollMs);
  }
  return false;
}

async function readFrom(file: string, start: number): Promise<string> {
  const text = await readFile(file);
  return text.subarray(start).toString('utf8').slice(-4_000);
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    (cause: unknown) => {
      if (isCode(cause, 'ENOENT')) return 0;
      throw cause;
    },
  );

/** Shuts `pid` down: fast first, without waiting for clients; immediately after 8 s. Both keep every committed row. */
export async function stopCluster(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 8_000],
    ['SIGQUIT', 4_000],
    ['SIGKILL', 2_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if (isCode(cause, 'ESRCH')) return;
      throw cause;
    }
    for (let waited = 0; waited < patienceMs; waited += pollMs) {
      if (!(await isRunning(pid))) return;
      await sleep(pollMs);
    }
  }
  throw new AppError({ code: 'database.unavailable', message: `PostgreSQL (pid ${pid}) does not stop` });
}

async function give(path: string, account: Account): Promise<void> {
  if (account.kind === 'user') await chown(path, account.uid, account.gid);
}

function asAccount(account: Account, program: string, args: string[]) {
  const options = { cwd: '/', env: environment };
  switch (account.kind) {
    case 'self':
      return { command: program, args, options };
    case 'user':
      return { command: program, args, options: { ...options, uid: account.uid, gid: account.gid } };
    case 'namespace': {
      const [command = 'unshare', ...before] = namespacePrefix;
      return { command, args: [...before, program, ...args], options };
    }
    default:
      return account satisfies never;
  }
}
