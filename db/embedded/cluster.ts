/** One embedded cluster: where it is, who runs it, and how its folders are made. Starting it is elsewhere. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#protocol/error.ts';
import { type Account, asAccount } from './account.ts';
import { buildFolder } from './build-folder.ts';
import type { Native } from './native.ts';
import { isCode } from './process.ts';
import type { Settings } from './settings.ts';

const run = promisify(execFile);

/** The superuser inside the cluster. */
export const databaseUser = 'omnigent';
/** Only names the socket file; nothing listens on TCP. */
export const port = 5432;

/** `sockaddr_un` holds 108 bytes with the final NUL. */
const socketPathLimit = 107;

export interface Cluster {
  /** `$OMNIGENT_HOME/postgres`: data/, run/, password, log. */
  folder: string;
  dataDir: string;
  account: Account;
  native: Native;
  settings: Settings;
}

/** Makes the cluster unless it is there. Throws `database.unavailable` when that fails. */
export async function createCluster(cluster: Cluster, random: (bytes: Uint8Array) => void): Promise<void> {
  if (await hasCluster(cluster)) return;
  await buildFolder(cluster.folder, async (unfinished) => {
    const password = new Uint8Array(32);
    random(password);
    const passwordFile = join(unfinished, 'password');
    await writeFile(passwordFile, Buffer.from(password).toString('base64url'), { mode: 0o600 });
    await give(unfinished, cluster.account);
    await give(passwordFile, cluster.account);
    await initialise(cluster, join(unfinished, 'data'), passwordFile);
  });
}

async function initialise(cluster: Cluster, dataDir: string, passwordFile: string): Promise<void> {
  const { command, args, options } = asAccount(cluster.account, [
    join(cluster.native.bin, 'initdb'),
    ...['-D', dataDir, '-U', databaseUser, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--lc-messages=C', '--data-checksums'],
  ]);
  try {
    await run(command, args, { ...options, maxBuffer: 4 * 1024 * 1024 });
  } catch (cause) {
    const message = `the database could not be created in ${cluster.folder}`;
    throw new AppError({ code: 'database.unavailable', message, detail: String(cause), cause });
  }
}

/** Throws `database.unavailable` when the data is another user's, or of another major version than the binaries. */
async function hasCluster(cluster: Cluster): Promise<boolean> {
  const version = await readFile(join(cluster.dataDir, 'PG_VERSION'), 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return null;
    if (!isCode(cause, 'EACCES')) throw cause;
    throw new AppError({ code: 'database.unavailable', message: `${cluster.dataDir} belongs to another user`, cause });
  });
  if (version === null) return false;
  if (version.trim() === cluster.native.major) return true;
  throw new AppError({
    code: 'database.unavailable',
    message: `${cluster.dataDir} is from PostgreSQL ${version.trim()}, the installed one is ${cluster.native.major}`,
  });
}

/** The password that `createCluster` stored. */
export const readPassword = (cluster: Cluster): Promise<string> => readFile(join(cluster.folder, 'password'), 'utf8');

/**
 * The folder of the socket file, made private to the account. A data folder that cannot hold one (too deep, a comma in its
 * name) gets a short one under /tmp. Throws `database.unavailable` when somebody else holds that name.
 */
export async function prepareSocketDir(cluster: Cluster): Promise<string> {
  const own = join(cluster.folder, 'run');
  // Postgres reads the option as a list, so a comma or quote in it would make two folders.
  const isUsable = Buffer.byteLength(join(own, `.s.PGSQL.${port}`)) <= socketPathLimit && !/[,"@]/.test(own);
  const hash = createHash('sha256').update(cluster.dataDir).digest('hex').slice(0, 12);
  const dir = isUsable ? own : `/tmp/omnigent-${process.getuid?.() ?? 0}-${hash}`;
  const isNew = await mkdir(dir, { mode: 0o700 }).then(
    () => true,
    (cause: unknown) => {
      if (isCode(cause, 'EEXIST')) return false;
      throw cause;
    },
  );
  if (isNew) await give(dir, cluster.account);
  const found = await lstat(dir);
  const owner = cluster.account.kind === 'user' ? cluster.account.uid : process.getuid?.();
  if (!found.isDirectory() || (owner !== undefined && found.uid !== owner)) {
    throw new AppError({ code: 'database.unavailable', message: `${dir} belongs to somebody else: remove it` });
  }
  await chmod(dir, 0o700);
  return dir;
}

async function give(path: string, account: Account): Promise<void> {
  if (account.kind === 'user') await chown(path, account.uid, account.gid);
}
