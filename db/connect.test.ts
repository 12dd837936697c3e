import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPool, type Sql } from './connect.ts';
import { isPassing } from './connection-error.ts';
import { createTestDatabase } from './testing.ts';

/** Stands between a pool and Postgres and can break every connection as a killed Postgres does. */
let proxy: Server;
let clients: Set<Socket>;
let sql: Sql;
let drop: () => Promise<void>;
let adminPool: () => Sql;

beforeEach(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  adminPool = () => createPool({ at: database.at, log: () => undefined }, 1);
  const { host, port, user, password, database: name } = database.at.embedded;
  clients = new Set();
  proxy = createServer((client) => {
    const upstream = connect(`${host}/.s.PGSQL.${port}`);
    for (const socket of [client, upstream]) socket.on('error', () => upstream.destroy());
    client.pipe(upstream).pipe(client);
    clients.add(client);
    client.on('close', () => clients.delete(client));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const url = `postgres://${login}@127.0.0.1:${(proxy.address() as AddressInfo).port}/${name}`;
  sql = createPool({ at: { url }, log: () => undefined }, 1);
});

afterEach(async () => {
  await sql.end({ timeout: 1 });
  proxy.close();
  await drop();
});

const breakAll = () => {
  for (const client of clients) client.resetAndDestroy();
};

it('[DB17] a query asked the moment its connection breaks is answered with its own rows or refused, and so are those after it', async () => {
  for (let round = 0; round < 5; round++) {
    const first = await sql`select ${`first ${round}`} as word`;
    expect(first[0]?.word).toBe(`first ${round}`);
    const broken = sql`select pg_sleep(20), 'broken' as word`.execute();
    const again = broken.then(
      () => 'not broken',
      () =>
        sql`select ${`again ${round}`} as word`.then(
          (rows) => rows[0]?.word,
          () => `again ${round}`,
        ),
    );
    setTimeout(breakAll, 50);
    expect(await again).toBe(`again ${round}`);
    for (const n of [1, 2, 3]) {
      const rows = await sql`select ${`after ${n}`} as word`.catch(() => sql`select ${`after ${n}`} as word`);
      expect(rows[0]?.word).toBe(`after ${n}`);
    }
  }
});

it('[DB17] a query whose server is told to stop is refused, and the next one is asked on a new connection', async () => {
  const admin = adminPool();
  try {
    for (let round = 0; round < 3; round++) {
      const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const asleep = sql`select pg_sleep(20)`.execute().catch((error: unknown) => error);
      setTimeout(() => void admin`select pg_terminate_backend(${row?.pid ?? 0}::int)`.execute(), 50);
      expect(isPassing(await asleep)).toBe(true);
      const [next] = await sql`select ${`after ${round}`} as word`;
      expect(next?.word).toBe(`after ${round}`);
    }
  } finally {
    await admin.end({ timeout: 1 });
  }
});

it('[DB17] rows that came before a connection broke leave no holes in the next answer', async () => {
  for (let round = 0; round < 3; round++) {
    const cut = sql`select n, case when n > 1000 then pg_sleep(20)::text end from generate_series(1, 1001) n`.catch(
      isPassing,
    );
    setTimeout(breakAll, 100);
    expect(await cut).toBe(true);
    expect(Array.from(await sql`select ${`after ${round}`} as word`)).toEqual([{ word: `after ${round}` }]);
  }
});

it('[DB17] a connection that breaks while queries are being written to it comes back at once', async () => {
  for (let round = 0; round < 5; round++) {
    const answers: Promise<unknown>[] = [];
    await sql`select 1`;
    setImmediate(breakAll);
    for (let turn = 0; turn < 200; turn++) {
      // Without parameters, so that it is sent behind those that wait for their answer.
      answers.push(sql`select 1 as one`.catch((error: unknown) => expect(isPassing(error)).toBe(true)));
      await new Promise(setImmediate);
    }
    const started = performance.now();
    await Promise.all(answers);
    await sql`select 1`.catch(() => sql`select 1`);
    expect(performance.now() - started).toBeLessThan(2_000);
  }
});

it('[DB17] what a transaction asks after its connection broke is refused, not done outside of it', async () => {
  await sql`create table kept (word text)`;
  let refused: Promise<unknown> | undefined;
  const transaction = sql.begin(async (inside) => {
    await inside`insert into kept values ('first')`;
    const others = Promise.all([sql`select 1`, sql`select 2`]);
    breakAll();
    await others;
    refused = inside`insert into kept values ('second')`.then(() => false, isPassing);
    await refused;
  });
  await expect(transaction).rejects.toThrow();
  await vi.waitFor(() => expect(refused).toBeDefined());
  expect(await refused).toBe(true);
  expect(Array.from(await sql`select word from kept`)).toEqual([]);
});
