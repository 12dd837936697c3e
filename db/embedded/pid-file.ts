/** Reads postmaster.pid and says whether a Postgres of this data directory is alive behind it. */
import { readFile, readlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspectProcess, isCode } from './process.ts';

export type ClusterState =
  /** No Postgres of this directory runs. `isLeftover`: a file that would stop the next one from starting is there. */
  { kind: 'down'; isLeftover: boolean } | { kind: 'starting' | 'ready' | 'stopping'; pid: number };

const pidLine = 0;
const stateLine = 7;

/**
 * The state of the cluster in `dataDir`. A pid that is dead, a zombie, or not a Postgres on exactly this directory
 * (recycled after a container restart, say) counts as down.
 */
export async function readClusterState(dataDir: string): Promise<ClusterState> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return null;
    throw cause;
  });
  if (text === null) return { kind: 'down', isLeftover: false };
  const lines = text.split('\n');
  const pid = Number(lines[pidLine]?.trim());
  if (!Number.isSafeInteger(pid) || pid < 1 || !(await isPostmaster(pid, dataDir))) {
    return { kind: 'down', isLeftover: true };
  }
  const state = lines[stateLine]?.trim();
  if (state === 'ready') return { kind: 'ready', pid };
  return { kind: state === 'stopping' ? 'stopping' : 'starting', pid };
}

/** True when `pid` is alive and is a `postgres` with `dataDir` as its -D or working directory. */
async function isPostmaster(pid: number, dataDir: string): Promise<boolean> {
  const facts = await inspectProcess(pid);
  if (!facts || facts.isZombie || !facts.argv.some((part) => basename(part) === 'postgres')) return false;
  if (facts.argv.join(' ').includes(`-D ${dataDir} `)) return true;
  // In a container root may not read another user's cwd; the command line above is open to all.
  return (await readlink(`/proc/${pid}/cwd`).catch(() => null)) === dataDir;
}

/** Deletes a pid file that `readClusterState` called left over. Postgres' own shared-memory check still guards. */
export async function removeLeftover(dataDir: string): Promise<void> {
  await unlink(join(dataDir, 'postmaster.pid')).catch((cause: unknown) => {
    if (!isCode(cause, 'ENOENT')) throw cause;
  });
}

/**
 * Deletes the lock beside the socket unless a Postgres of `dataDir` holds it. Postgres takes a zombie, which nobody buries
 * where the first process of a container is no init, or a recycled pid for another postmaster and would never start.
 */
export async function removeSocketLock(lockFile: string, dataDir: string): Promise<void> {
  const text = await readFile(lockFile, 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return null;
    throw cause;
  });
  if (text === null) return;
  const pid = Number(text.split('\n')[pidLine]);
  if (Number.isSafeInteger(pid) && pid > 0 && (await isPostmaster(pid, dataDir))) return;
  await unlink(lockFile).catch((cause: unknown) => {
    if (!isCode(cause, 'ENOENT')) throw cause;
  });
}
