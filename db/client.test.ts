/** The database client: numbers, migrations, the lock that keeps a second server out. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Database } from './client.ts';
import { people } from './schema/index.ts';
import { createTestDatabase, openAt, type TestAddress } from './testing.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

let at: TestAddress;
let drop: () => Promise<void>;
let opened: Database[];
let lost: Error[];

beforeEach(async () => {
  ({ at, drop } = await createTestDatabase());
  opened = [];
  lost = [];
});
afterEach(async () => {
  for (const database of opened) await database.close();
  await drop();
});

async function open(): Promise<Database> {
  const database = await openAt(at, { onLockLost: (error) => void lost.push(error) });
  opened.push(database);
  return database;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(10);
  }
}

/** Backend pids that hold the server lock, or wait for it. */
async function lockPids({ sql }: Database, granted: boolean): Promise<number[]> {
  const rows = await sql<{ pid: number }[]>`
    select pid from pg_locks where locktype = 'advisory' and objsubid = 2 and granted = ${granted}
      and database = (select oid from pg_database where datname = current_database())`;
  return rows.map((row) => row.pid);
}

/** Makes another server wait for the lock, then breaks the connection of `database` that holds it. */
async function loseLockTo(database: Database, name: string) {
  const other = postgres({ ...at.embedded, max: 1, connection: { application_name: name } });
  const waiting = other`select pg_advisory_lock(${0x6f6d6e69}, ${0x67656e74})`.execute();
  await until('the other waits for the lock', async () => (await lockPids(database, false)).length === 1);
  const [holder] = await lockPids(database, true);
  await database.sql`select pg_terminate_backend(${holder ?? 0}::int)`;
  await waiting;
  return other;
}

it('[DB12] numbers of 8 bytes arrive as numbers, exact to 2^53', async () => {
  const { sql, drizzle } = await open();
  const [row] = await sql`
    select 9007199254740991::bigint as most, count(*) as none, ${[1, 2]}::bigint[] as list from sessions`;
  expect(row).toEqual({ most: Number.MAX_SAFE_INTEGER, none: 0, list: [1, 2] });
  const ada = { id: 'per_a', name: 'Ada', role: 'owner' as const, createdAt: new Date(1_234) };
  await drizzle.insert(people).values(ada);
  expect(await drizzle.select().from(people)).toEqual([ada]);
});

it('[DB13] a second server on the same database is refused, naming the process of the first, until that one closes', async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({
    code: 'database.locked',
    message: expect.stringContaining(`pid ${process.pid}`),
  });
  await first.close();
  const second = await open();
  expect(await second.sql`select 1 as one`).toEqual([{ one: 1 }]);
});

it('[DB14] the lock is taken again after its connection broke', async () => {
  const database = await open();
  const [before] = await lockPids(database, true);
  await database.sql`select pg_terminate_backend(${before ?? 0}::int)`;
  await until('another connection holds it', async () => {
    const [pid] = await lockPids(database, true);
    return pid !== undefined && pid !== before;
  });
  await expect(open()).rejects.toMatchObject({ code: 'database.locked' });
  expect(lost).toEqual([]);
});

it('[DB14] a server that lost the lock to another is told, with the process of the other', async () => {
  const database = await open();
  const other = await loseLockTo(database, 'omnigent-server 4242@elsewhere');
  await until('this one is told', async () => lost.length === 1);
  expect(lost[0]).toMatchObject({ code: 'database.locked', message: expect.stringContaining('pid 4242') });
  await other.end();
});

it('[DB13] the lock of a server that is gone from this machine is waited for', async () => {
  const database = await open();
  const other = await loseLockTo(database, `omnigent-server 999999999@${hostname()}`);
  await database.close();
  const opening = open();
  await expect(Promise.race([opening, sleep(300, 'waits')])).resolves.toBe('waits');
  await other.end();
  await opening;
});

it('[DB15] a database that cannot be reached is reported as unavailable after the patience', async () => {
  const url = 'postgres://omnigent@127.0.0.1:9/none';
  await expect(openAt({ url }, { patienceMs: 300 })).rejects.toMatchObject({ code: 'database.unavailable' });
  await expect(openAt({ url: 'no url' })).rejects.toMatchObject({ code: 'input.invalid' });
});

it('[DB15] a url may name the folder of a socket, as libpq has it', async () => {
  const { host, user, password, database } = at.embedded;
  const { sql, close } = await openAt({ url: `postgres://${user}:${password}@localhost/${database}?host=${host}` });
  expect(await sql`select current_database() as name`).toEqual([{ name: database }]);
  await close();
});

it('[DB16] migrations that were applied are not applied again, and data stays', async () => {
  const first = await open();
  await first.sql`insert into search_marks (session_id, seq) values ('kept', 1)`;
  const applied = ({ sql }: Database) => sql`select id, hash from drizzle.__drizzle_migrations order by id`;
  const before = await applied(first);
  expect(before.length).toBeGreaterThanOrEqual(3);
  await first.close();
  const second = await open();
  expect(await applied(second)).toEqual(before);
  expect(await second.sql`select seq from search_marks`).toEqual([{ seq: 1 }]);
});
