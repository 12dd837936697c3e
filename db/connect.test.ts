import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPool, type Sql } from './connect.ts';
import { createTestDatabase } from './testing.ts';

/** Stands between a pool and Postgres and can break every connection as a killed Postgres does. */
let proxy: Server;
let clients: Set<Socket>;
let sql: Sql;
let drop: () => Promise<void>;

beforeEach(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
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
