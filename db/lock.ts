/** The advisory lock that keeps two servers off one database; held by a connection of its own. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import type { Connect, Sql } from './connect.ts';
import { isPassing } from './connection-error.ts';
import { isRunning } from './embedded/process.ts';
import type { Reach } from './reach.ts';

/** Two 32-bit keys: "omni", "gent". */
const lockKey = [0x6f6d6e69, 0x67656e74] as const;
const pauseMs = 50;
/** A killed server's connection may outlive it by a moment. */
const deadHolderPatienceMs = 5_000;

export interface LockOptions {
  connect: Connect;
  reach: Reach;
  log: (line: string) => void;
  onLost: (error: AppError) => void;
}

export interface ServerLock {
  release(): Promise<void>;
}

/** Names the holder to others: seen in pg_stat_activity, at most 63 bytes. */
const ownName = () => `omnigent-server ${process.pid}@${hostname()}`.slice(0, 63);

/**
 * Takes the lock. It is taken again whenever its connection breaks (a Postgres restart); `onLost` is called when another
 * server was faster then. Throws `database.locked` naming the holder's pid.
 */
export async function takeLock(options: LockOptions): Promise<ServerLock> {
  let state: 'taking' | 'held' | 'released' = 'taking';
  const client = options.connect(1, {
    connection: { application_name: ownName() },
    onclose: () => {
      if (state !== 'held') return;
      state = 'taking';
      void takeAgain();
    },
  });

  async function takeAgain(): Promise<void> {
    while (state === 'taking') {
      try {
        if (await tryLock(client)) {
          state = 'held';
          return;
        }
        const holder = await findHolder(client);
        // Our own old connection, which Postgres has not given up yet.
        if (holder !== null && holder !== ownName()) {
          state = 'released';
          options.onLost(lockedError(holder));
          return;
        }
      } catch (cause) {
        if (!isPassing(cause)) options.log(`database lock: ${String(cause)}`);
      }
      await sleep(pauseMs);
    }
  }

  try {
    await takeFirst(client, options.reach);
  } catch (cause) {
    await client.end({ timeout: 1 });
    throw cause;
  }
  state = 'held';
  return {
    async release() {
      state = 'released';
      await client.end({ timeout: 1 });
    },
  };
}

async function takeFirst(client: Sql, reach: Reach): Promise<void> {
  const deadline = performance.now() + deadHolderPatienceMs;
  while (!(await reach(() => tryLock(client)))) {
    const holder = await reach(() => findHolder(client));
    if (holder !== null && (performance.now() > deadline || !(await isGone(holder)))) throw lockedError(holder);
    await sleep(pauseMs);
  }
}

async function tryLock(client: Sql): Promise<boolean> {
  const [row] = await client<{ taken: boolean }[]>`select pg_try_advisory_lock(${lockKey[0]}, ${lockKey[1]}) as taken`;
  return row?.taken === true;
}

async function findHolder(client: Sql): Promise<string | null> {
  const [row] = await client<{ name: string }[]>`
    select a.application_name as name from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 2
      and l.classid = ${lockKey[0]} and l.objid = ${lockKey[1]}
      and l.database = (select oid from pg_database where datname = current_database())`;
  return row?.name ?? null;
}

const holderPid = (holder: string): number | null => {
  const match = /^omnigent-server (\d+)@/.exec(holder);
  return match ? Number(match[1]) : null;
};

/** True when the holder was a process of this machine that no longer runs. */
async function isGone(holder: string): Promise<boolean> {
  const pid = holderPid(holder);
  return pid !== null && holder.includes(`@${hostname()}`.slice(0, 40)) && !(await isRunning(pid));
}

function lockedError(holder: string): AppError {
  const pid = holderPid(holder);
  const who = pid === null ? holder : `pid ${pid}`;
  return new AppError({
    code: 'database.locked',
    message: `another server (${who}) uses this database`,
    detail: holder,
  });
}
