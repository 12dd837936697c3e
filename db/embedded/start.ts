/** Starts, adopts and stops the Postgres of one cluster. Knows neither why nor how often. */
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { asAccount, isAllowed } from './account.ts';
import { type Cluster, port } from './cluster.ts';
import { readClusterState, removeLeftover, removeSocketLock } from './pid-file.ts';
import { isCode, isRunning } from './process.ts';
import { settingArgs } from './settings.ts';

const logLimitBytes = 16 * 1024 * 1024;
const pollMs = 10;
const reportMs = 4_000;
const stopSteps = [
  ['SIGINT', 8_000],
  ['SIGQUIT', 4_000],
  ['SIGKILL', 2_000],
] as const;
/** A postmaster that was killed leaves backends for up to about a second, and they hold its shared memory. */
const restartPatienceMs = 20_000;
/** If we are killed, Postgres gets SIGINT and shuts down cleanly. Where this is missing the next server adopts it. */
const followPrefix = ['setpriv', '--pdeathsig', 'INT'];

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
        await removeSocketLock(join(socketDir, `.s.PGSQL.${port}.lock`), cluster.dataDir);
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
  for (let next = performance.now() + reportMs; ; ) {
    const state = await readClusterState(cluster.dataDir);
    if (state.kind !== seen.kind || ('pid' in state && state.pid !== seen.pid)) return;
    if (performance.now() > next) {
      progress(`database is ${seen.kind} (pid ${seen.pid})`);
      next += reportMs;
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
    const canFollow = await isAllowed([...followPrefix, 'true']);
    const line = [...(canFollow ? followPrefix : []), join(cluster.native.bin, 'postgres'), ...args];
    const { command, args: rest, options } = asAccount(cluster.account, line);
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
    if (waited > 0 && waited % reportMs === 0) progress('database is recovering');
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

/**
 * Shuts the cluster down: fast first, without waiting for clients; immediately after 8 s. Both keep every committed row.
 * Throws `database.unavailable` when it runs on nevertheless.
 */
export async function stopCluster(cluster: Cluster): Promise<void> {
  for (const [signal, patienceMs] of stopSteps) {
    const state = await readClusterState(cluster.dataDir);
    if (state.kind === 'down') return;
    try {
      process.kill(state.pid, signal);
    } catch (cause) {
      if (!isCode(cause, 'ESRCH')) throw cause;
    }
    for (let waited = 0; waited < patienceMs; waited += pollMs) {
      if (!(await isRunning(state.pid))) return;
      await sleep(pollMs);
    }
  }
  throw new AppError({ code: 'database.unavailable', message: `PostgreSQL in ${cluster.dataDir} does not stop` });
}
