/** The embedded PostgreSQL of one home: made, started or adopted, kept alive, stopped. Knows nothing of tables. */
import { mkdir, realpath, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { chooseAccount } from './embedded/account.ts';
import {
  type Cluster,
  createCluster,
  databaseUser,
  port,
  prepareSocketDir,
  type Running,
  readPassword,
  startOrAdopt,
  stopCluster,
} from './embedded/cluster.ts';
import { prepareNative } from './embedded/native.ts';
import { isRunning } from './embedded/process.ts';
import type { Settings } from './embedded/settings.ts';

/** Below this Postgres may fail to make its next log segment and then panics; work is refused before that. */
const leastFreeBytes = 200 * 1024 * 1024;
const watchMs = 100;
const retryMs = { first: 20, most: 1_000 };

export interface EmbeddedOptions {
  /** `$OMNIGENT_HOME`; made if missing. */
  home: string;
  /** One line of the server's log. */
  log: (line: string) => void;
  /** One line for the person who waits for the start. */
  progress: (line: string) => void;
  random: (bytes: Uint8Array) => void;
  settings?: Settings;
}

/** How a client reaches the cluster; `host` is the folder of its socket. */
export interface SocketAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface Embedded {
  readonly address: SocketAddress;
  /** Of the postmaster; changes with every restart. */
  pid(): number;
  readonly port: number;
  /** Called with the new pid after Postgres died and was started again. */
  onRestart(listener: (pid: number) => void): void;
  /** True while the disk has room for more work. */
  hasRoom(): Promise<boolean>;
  /** Stops watching and leaves Postgres running: for a server that finds the database in use by another. */
  release(): void;
  /** Stops Postgres cleanly. */
  stop(): Promise<void>;
}

/**
 * Opens the cluster under `home`, creating it the first time (about 1.5 s) and adopting one that still runs.
 * Throws `database.unavailable` when it cannot run, `input.invalid` on an unknown setting.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const account = await chooseAccount(options.home);
  const home = await realpath(options.home);
  if (!(await hasRoom(home))) {
    throw new AppError({ code: 'database.unavailable', message: `less than 200 MB free in ${home}: make room first` });
  }
  const native = await prepareNative(home, account);
  const folder = join(home, 'postgres');
  const cluster: Cluster = { folder, dataDir: join(folder, 'data'), account, native, settings: options.settings ?? {} };
  options.progress('starting the database');
  await createCluster(cluster, options.random);
  const socketDir = await prepareSocketDir(cluster);
  const first = await startOrAdopt(cluster, socketDir, options.progress);
  const password = await readPassword(cluster);
  const supervisor = supervise(first, () => startOrAdopt(cluster, socketDir, options.log), options.log);
  return {
    address: { host: socketDir, port, user: databaseUser, password, database: 'postgres' },
    port,
    pid: supervisor.pid,
    onRestart: supervisor.onRestart,
    hasRoom: () => hasRoom(home),
    release: supervisor.release,
    async stop() {
      await supervisor.stop();
      if (!socketDir.startsWith(folder)) await rm(socketDir, { recursive: true, force: true });
    },
  };
}

async function hasRoom(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= leastFreeBytes;
}

type Supervised =
  | { kind: 'running'; pid: number }
  | { kind: 'restarting'; pid: number; done: Promise<void> }
  | { kind: 'released' };

/** Keeps one Postgres running: one that dies is started again, one start at a time. */
function supervise(first: Running, start: () => Promise<Running>, log: (line: string) => void) {
  const listeners: ((pid: number) => void)[] = [];
  let lastPid = first.pid;
  let state: Supervised = { kind: 'running', pid: first.pid };
  let unwatch = watch(first, restart);

  function restart(): void {
    if (state.kind !== 'running') return;
    log(`postgres (pid ${state.pid}) ended; starting it again`);
    state = { kind: 'restarting', pid: state.pid, done: startUntilRunning() };
  }

  async function startUntilRunning(): Promise<void> {
    for (let delay = retryMs.first; state.kind !== 'released'; delay = Math.min(delay * 2, retryMs.most)) {
      try {
        const next = await start();
        lastPid = next.pid;
        if (isReleased()) return;
        state = { kind: 'running', pid: next.pid };
        unwatch = watch(next, restart);
        log(`postgres runs again (pid ${next.pid})`);
        for (const listener of listeners) listener(next.pid);
        return;
      } catch (cause) {
        log(`postgres did not start: ${describe(cause)}`);
        await sleep(delay);
      }
    }
  }

  const isReleased = () => state.kind === 'released';

  return {
    pid: () => lastPid,
    onRestart: (listener: (pid: number) => void) => void listeners.push(listener),
    release() {
      unwatch();
      state = { kind: 'released' };
    },
    async stop() {
      const before = state;
      unwatch();
      state = { kind: 'released' };
      if (before.kind === 'restarting') await before.done;
      await stopCluster(lastPid);
    },
  };
}

const describe = (cause: unknown): string => {
  if (cause instanceof AppError) return cause.detail ? `${cause.message}: ${cause.detail}` : cause.message;
  return String(cause);
};

/** Calls `onEnd` once when the process is gone; the result stops looking. */
function watch(running: Running, onEnd: () => void): () => void {
  if (running.child) {
    const { child } = running;
    child.once('exit', onEnd);
    if (child.exitCode !== null || child.signalCode !== null) setImmediate(onEnd);
    return () => child.off('exit', onEnd);
  }
  const timer = setInterval(async () => {
    if (await isRunning(running.pid)) return;
    clearInterval(timer);
    onEnd();
  }, watchMs).unref();
  return () => clearInterval(timer);
}
