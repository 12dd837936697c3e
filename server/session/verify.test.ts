/** The stored logs checked against themselves and the anchor file. */
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import { serverChain } from '#protocol/id.ts';
import { type Anchors, openAnchors } from './anchor.ts';
import { counted, newPersonId, openTestLog, startSession, type TestLog } from './testing.ts';
import { verifyLog } from './verify.ts';

let database: TestDatabase;
let test: TestLog;
let anchors: Anchors;
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-anchors-'));
  file = join(folder, 'audit', 'anchors.jsonl');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  database = await openTestDatabase();
  test = await openTestLog(database.sql);
  const lines = (line: string) => void test.lines.push(line);
  anchors = openAnchors({ file, sql: database.sql, source: test.log, clock: test.clock, log: lines });
});
afterEach(async () => {
  await test.log.close();
  await database.close();
  await rm(file, { force: true });
});

const verify = () => verifyLog({ sql: database.sql, anchorFile: file });

it('[LOG11] untouched logs verify, with the number of rows and one head for all', async () => {
  const personId = newPersonId();
  await test.log.append(serverChain, [
    { type: 'person.created', principal: 'server', payload: { personId, name: 'Ada' } },
  ]);
  await Promise.all(Array.from({ length: 5 }, () => startSession(test.log, 300)));
  await anchors.write();
  const first = await verify();
  expect(first).toMatchObject({ ok: true, rows: 1_501, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(await verify()).toEqual(first);
  await startSession(test.log);
  expect(await verify()).not.toEqual(first);
});

it('[LOG11] each kind of tampering in the database is found and named', async () => {
  const id = await startSession(test.log, 20);
  await anchors.write();
  const bad = (seq: number, why: string) => ({ ok: false, firstBad: { chain: id, seq, why } });
  const { sql } = database;
  /** What a tamperer does, undone when it was looked at. */
  const tamper = async (work: (tx: typeof sql) => Promise<unknown>) => {
    const [kept, heads] = [await sql`select * from events where session_id = ${id}`, await sql`select * from sessions`];
    await work(sql);
    const result = await verify();
    await sql`delete from events where session_id = ${id}`;
    await sql`insert into events ${sql(kept as never)}`;
    for (const head of heads) {
      await sql`update sessions set last_seq = ${head.last_seq}, head_hash = ${head.head_hash} where id = ${head.id}`;
    }
    expect(await verify()).toMatchObject({ ok: true });
    return result;
  };
  expect(await tamper((tx) => tx`update events set payload = payload || '{"epoch": 99}' where seq = 7`)).toEqual(
    bad(7, 'altered'),
  );
  expect(await tamper((tx) => tx`update events set at = at + interval '1 ms' where seq = 3`)).toEqual(
    bad(3, 'altered'),
  );
  expect(await tamper((tx) => tx`delete from events where session_id = ${id} and seq = 9`)).toEqual(bad(9, 'missing'));
  expect(
    await tamper(async (tx) => {
      await tx`update events set seq = -5 where session_id = ${id} and seq = 5`;
      await tx`update events set seq = 5 where session_id = ${id} and seq = 6`;
      await tx`update events set seq = 6 where session_id = ${id} and seq = -5`;
    }),
  ).toEqual(bad(5, 'reordered'));
  expect(await tamper((tx) => tx`delete from events where session_id = ${id} and seq > 15`)).toEqual(
    bad(16, 'truncated'),
  );
  expect(
    await tamper(async (tx) => {
      const [last] = await tx`delete from events where session_id = ${id} and seq > 15 returning hash`;
      expect(last).toBeDefined();
      await tx`update sessions set last_seq = 15, head_hash = (select hash from events where session_id = ${id} and seq = 15) where id = ${id}`;
    }),
  ).toEqual(bad(16, 'truncated'));
  expect(await tamper((tx) => tx`delete from events where session_id = ${id}`)).toEqual(bad(1, 'truncated'));
});

it('[LOG11] a log rewritten after it was anchored is a fork, and a removed one is found', async () => {
  const id = await startSession(test.log, 10);
  await anchors.write();
  const text = (await readFile(file, 'utf8')).replace(/"hash":"[0-9a-f]{4}/, '"hash":"ffff');
  await writeFile(file, text);
  expect(await verify()).toEqual({ ok: false, firstBad: { chain: id, seq: 10, why: 'forked' } });
  await database.sql`delete from events where session_id = ${id}`;
  await database.sql`delete from sessions where id = ${id}`;
  expect(await verify()).toEqual({ ok: false, firstBad: { chain: id, seq: 1, why: 'truncated' } });
});

it('[LOG12] anchors hold the changed heads only, in a private file that is only added to', async () => {
  const [one, two] = [await startSession(test.log, 3), await startSession(test.log, 4)];
  expect(await anchors.write()).toBe(2);
  expect(await anchors.write()).toBe(0);
  test.clock.advance(60_000);
  await test.log.append(two, [counted(1)]);
  const before = await readFile(file, 'utf8');
  expect(await anchors.write()).toBe(1);
  const after = await readFile(file, 'utf8');
  expect(after.startsWith(before)).toBe(true);
  const lines = after.split('\n').filter((line) => line !== '');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { chain: one, seq: 3 },
    { chain: two, seq: 4 },
    { chain: two, seq: 5, at: new Date(test.clock.now()).toISOString() },
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('[LOG12] after a crash the heads nobody anchored are anchored at start, also behind a torn line', async () => {
  const one = await startSession(test.log, 3);
  await anchors.write();
  await appendFile(file, '\n{"at":"2030-01-01T00:00:00.000Z","chain":"ses_to');
  const two = await startSession(test.log, 4);
  test.log.takeChangedHeads();
  const again = openAnchors({ file, sql: database.sql, source: test.log, clock: test.clock, log: () => undefined });
  await again.start();
  await again.stop();
  const text = await readFile(file, 'utf8');
  expect(text).toContain(`"chain":"${two}","seq":4`);
  expect(await verify()).toMatchObject({ ok: true });
  await database.sql`delete from events where session_id = ${one} and seq = 3`;
  expect(await verify()).toMatchObject({ firstBad: { chain: one, seq: 3, why: 'truncated' } });
});
