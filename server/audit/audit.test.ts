/** The log as an audit, on a real database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import { canonicalJson, hashRow, hex, zeroHash } from '#server/session/chain.ts';
import { newPersonId, openTestLog, startSession, type TestLog } from '#server/session/testing.ts';
import { Audit } from './index.ts';

let database: TestDatabase;
let test: TestLog;
let folder: string;
let audit: Audit;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-audit-'));
  database = await openTestDatabase();
  test = await openTestLog(database.sql);
  audit = new Audit({ sql: database.sql, anchorFile: join(folder, 'anchors.jsonl'), now: test.clock.now });
});
afterEach(async () => {
  await test.log.close();
  await database.close();
  await rm(folder, { recursive: true });
});

async function exported() {
  const rows = [];
  for (let after: { chain: string; seq: number } | null = null; ; ) {
    const page: Awaited<ReturnType<Audit['read']>> = await audit.read(after, 7);
    rows.push(...page);
    const last = page.at(-1);
    if (!last || page.length < 7) return rows;
    after = { chain: last.chain, seq: last.seq };
  }
}

it('[AUD1] an export holds every row once, and its chains can be checked with nothing else', async () => {
  const ids = [await startSession(test.log, 20), await startSession(test.log, 3), await startSession(test.log, 7)];
  const rows = await exported();
  expect(rows.length).toBe(30);
  for (const id of ids) {
    let previous = zeroHash;
    const chain = rows.filter((row) => row.chain === id);
    expect(chain.map(({ seq }) => seq)).toEqual(chain.map((_, n) => n + 1));
    for (const { chain: sessionId, hash, ...row } of chain) {
      previous = hashRow(previous, { sessionId, ...row });
      expect(hex(previous), canonicalJson(row)).toBe(hash);
    }
  }
  expect(await audit.verify()).toMatchObject({ ok: true, rows: 30 });
});

it('[AUD2] records are found by who, what, where and words, newest first, page by page', async () => {
  const personId = newPersonId();
  const old = await startSession(test.log, 5, 'old');
  test.clock.advance(40 * 24 * 3_600_000);
  const young = await startSession(test.log, 4, 'young');
  await test.log.append(young, [
    { type: 'member.joined', principal: personId, payload: { personId, name: 'Ada 100%', role: 'owner' } },
  ]);
  const found = async (filter: Partial<Parameters<Audit['find']>[0]>) => {
    const all = [];
    for (let before: string | null = null; ; ) {
      const { records, next } = await audit.find({ limit: 3, before, ...filter });
      all.push(...records.map(({ sessionName, seq, type }) => `${sessionName} ${seq} ${type}`));
      before = next;
      if (next === null) return all;
    }
  };
  const all = await found({});
  expect(all.length).toBe(10);
  expect(all[0]).toBe('young 5 member.joined');
  expect(all.at(-1)).toBe('old 1 session.created');
  expect(await found({ principal: personId })).toEqual(['young 5 member.joined']);
  expect(await found({ types: ['session.created'] })).toEqual(['young 1 session.created', 'old 1 session.created']);
  expect(await found({ session: old, text: 'NUMBER 2' })).toEqual(['old 4 runner.lost']);
  expect(await found({ text: '100%' })).toEqual(['young 5 member.joined']);
  expect(await found({ text: '1%0' })).toEqual([]);
  await expect(audit.find({ limit: 3, before: 'yesterday' })).rejects.toMatchObject({ code: 'input.invalid' });
});
