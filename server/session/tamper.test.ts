/** Random tampering with stored logs, past the server: whatever is altered, deleted, reordered or cut is found and named. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Sql } from '#db/client.ts';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { SessionId } from '#protocol/id.ts';
import { openAnchors } from './anchor.ts';
import { type BadRow, type Fault, type HashedRow, hashRow, zeroHash } from './chain.ts';
import { counted, openTestLog, startSession, type TestLog } from './testing.ts';
import { verifyLog } from './verify.ts';

/** Rows of each chain, and after how many of them the heads were anchored. */
const length = 24;
const anchored = [9, 17, length] as const;

let database: TestDatabase;
let test: TestLog;
let folder: string;
let chains: SessionId[];
/** Everything as it was written. */
let kept: { events: Row[]; heads: Head[] };

type Row = Omit<HashedRow, 'at'> & { at: Date };
interface Head {
  id: string;
  last_seq: number;
  head_hash: Uint8Array;
}

const readRows = (sql: Sql) => sql<Row[]>`
  select session_id as "sessionId", seq, type, version, at, principal, dedupe_key as "dedupeKey", payload, hash
  from events order by session_id, seq`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-tamper-'));
  database = await openTestDatabase();
  test = await openTestLog(database.sql);
  const { sql } = database;
  const anchors = openAnchors({ file: fileOf(), sql, source: test.log, clock: test.clock, log: () => undefined });
  chains = await Promise.all(Array.from({ length: 3 }, () => startSession(test.log)));
  for (let rows = 2; rows <= length; rows++) {
    for (const chain of chains) await test.log.append(chain, [counted(rows, `row ${rows}`)]);
    if (anchored.some((each) => each === rows)) await anchors.write();
  }
  kept = { events: await readRows(sql), heads: await sql<Head[]>`select id, last_seq, head_hash from sessions` };
});
afterAll(async () => {
  await test.log.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = () => join(folder, 'anchors.jsonl');
const verify = () => verifyLog({ sql: database.sql, anchorFile: fileOf() });

/** What somebody does to one chain with a hand on the database, and what has to be found. */
interface Tampering {
  tamper: (sql: Sql, chain: string) => Promise<unknown>;
  seq: number;
  why: Fault;
}

const rowsOf = (chain: string): HashedRow[] =>
  kept.events.filter((row) => row.sessionId === chain).map((row) => ({ ...row, at: row.at.toISOString() }));

async function store(sql: Sql, { sessionId, seq, hash, ...row }: HashedRow): Promise<void> {
  const payload = sql.json(row.payload as never);
  await sql`update events set principal = ${row.principal}, payload = ${payload}, hash = ${hash as Uint8Array}
    where session_id = ${sessionId} and seq = ${seq}`;
}

const changes: readonly ((sql: Sql, chain: string, seq: number) => Promise<unknown>)[] = [
  (sql, chain, seq) =>
    sql`update events set payload = payload || '{"extra": 1}' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) =>
    sql`update events set payload = payload - 'reason' - 'name' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) => sql`update events set type = 'session.paused' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) => sql`update events set version = version + 1 where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) => sql`update events set at = at + interval '1 ms' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) => sql`update events set principal = 'per_else' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) => sql`update events set dedupe_key = 'else' where session_id = ${chain} and seq = ${seq}`,
  (sql, chain, seq) =>
    sql`update events set hash = set_byte(hash, 31, get_byte(hash, 31) # 1) where session_id = ${chain} and seq = ${seq}`,
];

const seq = fc.integer({ min: 1, max: length });

const altered = fc
  .record({ seq, change: fc.constantFrom(...changes) })
  .map(
    ({ seq: at, change }): Tampering => ({ tamper: (sql, chain) => change(sql, chain, at), seq: at, why: 'altered' }),
  );

/** Somebody who knows how hashes are made, up to a row: the row itself, or everything from it on with the head. */
const rehashed = fc.record({ from: seq, isWhole: fc.boolean() }).map(({ from, isWhole }): Tampering => {
  const until = isWhole ? length : from;
  const tamper = async (sql: Sql, chain: string) => {
    const rows = rowsOf(chain);
    let previous = rows[from - 2]?.hash ?? zeroHash;
    for (const row of rows.slice(from - 1, until)) {
      const forged = row.seq === from ? { ...row, principal: 'per_else' } : row;
      previous = hashRow(previous, forged);
      await store(sql, { ...forged, hash: previous });
    }
    if (isWhole) await sql`update sessions set head_hash = ${previous as Uint8Array} where id = ${chain}`;
  };
  const anchor = anchored.find((each) => each >= from && each <= until);
  if (anchor !== undefined) return { tamper, seq: anchor, why: 'forked' };
  return { tamper, seq: from + 1, why: 'altered' };
});

/** Rows of the middle. */
const deleted = fc.uniqueArray(fc.integer({ min: 1, max: length - 1 }), { minLength: 1, maxLength: 4 }).map(
  (gone): Tampering => ({
    tamper: (sql, chain) => sql`delete from events where session_id = ${chain} and seq = any(${gone}::int[])`,
    seq: Math.min(...gone),
    why: 'missing',
  }),
);

const reordered = fc.uniqueArray(seq, { minLength: 2, maxLength: 2 }).map((pair): Tampering => {
  const [one, other] = [Math.min(...pair), Math.max(...pair)];
  const tamper = async (sql: Sql, chain: string) => {
    await sql`update events set seq = -1 where session_id = ${chain} and seq = ${one}`;
    await sql`update events set seq = ${one} where session_id = ${chain} and seq = ${other}`;
    await sql`update events set seq = ${other} where session_id = ${chain} and seq = -1`;
  };
  return { tamper, seq: one, why: 'reordered' };
});

/** The end, with or without a head that says so; nothing but the anchors knows of it then. */
const truncated = fc
  .record({ last: fc.integer({ min: 0, max: length - 1 }), hidesIt: fc.boolean() })
  .map(({ last, hidesIt }): Tampering => {
    const tamper = async (sql: Sql, chain: string) => {
      await sql`delete from events where session_id = ${chain} and seq > ${last}`;
      if (!hidesIt) return;
      if (last === 0) await sql`delete from sessions where id = ${chain}`;
      const hash = rowsOf(chain)[last - 1]?.hash ?? zeroHash;
      await sql`update sessions set last_seq = ${last}, head_hash = ${hash as Uint8Array} where id = ${chain}`;
    };
    return { tamper, seq: last + 1, why: 'truncated' };
  });

/** The chain is as it was, so that the next one has it to tamper with. */
async function restore(sql: Sql, chain: string): Promise<void> {
  await sql`delete from events where session_id = ${chain}`;
  for (const { sessionId, dedupeKey, payload, ...row } of kept.events.filter((each) => each.sessionId === chain)) {
    const stored = { session_id: sessionId, dedupe_key: dedupeKey, payload: sql.json(payload as never), ...row };
    await sql`insert into events ${sql(stored as never)}`;
  }
  const head = kept.heads.find(({ id }) => id === chain);
  const at = new Date(test.clock.now());
  await sql`
    insert into sessions (id, name, updated_at, created_at, last_seq, head_hash)
    values (${chain}, ${chain}, ${at}, ${at}, ${head?.last_seq ?? 0}, ${(head?.head_hash ?? zeroHash) as Uint8Array})
    on conflict (id) do update set last_seq = excluded.last_seq, head_hash = excluded.head_hash`;
}

it('[AUD10] whatever row is altered, deleted, reordered or cut, alone or with its hashes made anew, is found by chain and seq', async () => {
  const { sql } = database;
  const untouched = await verify();
  expect(untouched).toMatchObject({ ok: true, rows: 3 * length });
  const found = new Map<Fault, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(altered, rehashed, deleted, reordered, truncated),
      fc.nat(2),
      async ({ tamper, seq: at, why }, n) => {
        const chain = chains[n] ?? '';
        await tamper(sql, chain);
        const result = await verify();
        await restore(sql, chain);
        const firstBad: BadRow = { chain, seq: at, why };
        expect(result).toEqual({ ok: false, firstBad });
        found.set(why, (found.get(why) ?? 0) + 1);
      },
    ),
    { numRuns: 300 },
  );
  expect([...found.keys()].sort()).toEqual(['altered', 'forked', 'missing', 'reordered', 'truncated']);
  expect(await verify()).toEqual(untouched);
}, 120_000);

it('[AUD11] 50 writers at once leave one chain: gapless, unforked, each event once', async () => {
  const { sql } = database;
  const id = await startSession(test.log);
  const writers = await Promise.all(Array.from({ length: 50 }, () => openTestLog(sql)));
  await Promise.all(
    writers.flatMap(({ log }, w) => Array.from({ length: 4 }, (_, n) => log.append(id, [counted(n, `${w} ${n}`)]))),
  );
  await Promise.all(writers.map(({ log }) => log.close()));
  const rows = (await readRows(sql)).filter(({ sessionId }) => sessionId === id);
  expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 201 }, (_, n) => n + 1));
  expect(new Set(rows.map(({ dedupeKey }) => dedupeKey)).size).toBe(201);
  expect(await verify()).toMatchObject({ ok: true, rows: 3 * length + 201 });
}, 60_000);
