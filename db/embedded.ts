/** The embedded PostgreSQL of one home: made, started or adopted, kept alive, stopped. Knows nothing of tables. */
import { realpath, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { chooseAccount } from './embedded/account.ts';
import { type Cluster, createCluster, databaseUser, port, prepareSocketDir, readPassword } from './embedded/cluster.ts';
import { prepareNative } from './embedded/native.ts';
import { type Settings, settingArgs } from './embedded/settings.ts';
import { startOrAdopt, stopCluster } from './embedded/start.ts';
import { supervise } from './embedded/supervisor.ts';

/** Below this Postgres may fail to make its next log segment and then panics; work is refused before that. */
const defaultLeastFreeBytes = 200 * 1024 * 1024;

export interface EmbeddedOptions {
  /** `$OMNIGENT_HOME`; made if missing. */
  home: string;
  /** One line of the server's log. */
  log: (line: string) => void;
  /** One line for the person who waits for the start. */
  progress: (line: string) => void;
  random: (bytes: Uint8Array) => void;
  settings?: Settings;
  /** Refuses to start, and reports no room, with less than this left on the disk. Default 200 MiB. */
  leastFreeBytes?: number;
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
  const settings = options.settings ?? {};
  settingArgs(settings);
  const account = await chooseAccount(options.home);
  const home = await realpath(options.home);
  const hasRoom = () => hasFree(home, options.leastFreeBytes ?? defaultLeastFreeBytes);
  if (!(await hasRoom())) {
    throw new AppError({
      code: 'database.unavailable',
      message: `the disk of ${home} is nearly full: make room first`,
    });
  }
  const native = await prepareNative(home, account);
  const folder = join(home, 'postgres');
  const cluster: Cluster = { folder, dataDir: join(folder, 'data'), account, native, settings };
  options.progress('starting the database');
  await createCluster(cluster, options.random);
  const socketDir = await prepareSocketDir(cluster);
  const password = await readPassword(cluster);
  const supervisor = supervise({
    first: await startOrAdopt(cluster, socketDir, options.progress),
    start: () => startOrAdopt(cluster, socketDir, options.log),
    stop: () => stopCluster(cluster),
    log: options.log,
  });
  return {
    address: { host: socketDir, port, user: databaseUser, password, database: 'postgres' },
    port,
    pid: supervisor.pid,
    onRestart: supervisor.onRestart,
    hasRoom,
    release: supervisor.release,
    async stop() {
      await supervisor.stop();
      if (!socketDir.startsWith(folder)) await rm(socketDir, { recursive: true, force: true });
    },
  };
}

async function hasFree(folder: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= bytes;
}
