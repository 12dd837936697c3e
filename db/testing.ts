/** A real database for tests: one embedded cluster for each test run, one fresh migrated database for each caller. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { type Database, type DatabaseOptions, openDatabase } from './client.ts';
import { isCode } from './embedded/process.ts';
import type { SocketAddress } from './embedded.ts';

export const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));
/** In the run's folder: where the cluster can be reached, once it can. */
export const addressFile = 'address.json';
/** Instead of it: why there is no cluster. */
export const failureFile = 'failure';
export const templateName = 'omnigent_template';
const patienceMs = 60_000;

/** Where a test's database is. */
export type TestAddress = { embedded: SocketAddress };

export interface TestDatabase extends Database {
  /** For further clients of the same database. */
  at: TestAddress;
}

/**
 * Makes a migrated, empty database. The cluster behind it is shared by all workers of a run, started by the first that asks,
 * and stopped when the run's main process is gone, whatever ended it.
 */
export async function createTestDatabase(): Promise<{ at: TestAddress; drop(): Promise<void> }> {
  const cluster = await shareCluster();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = postgres({ ...cluster, max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name} template ${templateName}`);
  return {
    at: { embedded: { ...cluster, database: name } },
    async drop() {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}

/** Opens a database as the server does; what it has to report is dropped unless `options` says otherwise. */
export const openAt = (at: DatabaseOptions['at'], options: Partial<DatabaseOptions> = {}): Promise<Database> =>
  openDatabase({ at, migrationsFolder, log: () => undefined, onLockLost: () => undefined, ...options });

/** A database of its own, open; `close` drops it. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { at, drop } = await createTestDatabase();
  const database = await openAt(at);
  const close = async () => {
    await database.close();
    await drop();
  };
  return { ...database, at, close };
}

async function shareCluster(): Promise<SocketAddress> {
  const folder = join(tmpdir(), `omnigent-test-${process.ppid}-${startOf(process.ppid)}`);
  const isFirst = await mkdir(folder, { mode: 0o711 }).then(
    () => true,
    (cause: unknown) => {
      if (isCode(cause, 'EEXIST')) return false;
      throw cause;
    },
  );
  if (isFirst) {
    const keeper = fileURLToPath(new URL('./testing-keeper.ts', import.meta.url));
    const args = ['--import', 'tsx', keeper, String(process.ppid), folder];
    spawn(process.execPath, args, { detached: true, stdio: 'ignore' }).unref();
  }
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(20)) {
    const failure = await readFile(join(folder, failureFile), 'utf8').catch(() => null);
    if (failure !== null) throw new Error(`the test cluster did not start: ${failure}`);
    const text = await readFile(join(folder, addressFile), 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as SocketAddress;
  }
  throw new Error(`the test cluster in ${folder} did not start`);
}

/** With its pid, a process' start time names one process for ever. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '0';
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}
