/** The log as an audit, on a real database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { NewEvent } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { canonicalJson, hashRow, hex, zeroHash } from '#server/session/chain.ts';
import { newPersonId, openTestLog, random, startSession, type TestLog } from '#server/session/testing.ts';
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

it('[AUD5] a record says what it is about, with the policy that spoke, and how it is stored', async () => {
  const id = await startSession(test.log, 1, 'rates');
  const source = { now: test.clock.now, random };
  const personId = newPersonId();
  const actionId = newId('action', source);
  const approvalId = newId('approval', source);
  const turnId = newId('turn', source);
  const policyHash = 'a'.repeat(64);
  const event = (type: string, payload: object, dedupeKey = type, principal = 'server') =>
    ({ type, payload, principal, dedupeKey }) as NewEvent;
  const action = { agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command: 'git push', cwd: '/c' };
  const judged = { verdict: 'ask', rule: 'rules[0]', reasons: [], policyHash, command: null };
  const decision = { decision: 'approved', note: null, edit: null, subject: '', forSession: false };
  await test.log.append(id, [
    event('turn.queued', { turnId, agent: 'coder', prompt: 'ship it' }, turnId, personId),
    event('action.requested', { ...action, actionId, turnId, paths: [] }, `requested:${actionId}`),
    event('action.judged', { ...judged, actionId }, `judged:${actionId}`),
    event('approval.decided', { ...decision, approvalId, actionId, from: '127.0.0.1, Firefox' }, 'decided', personId),
    event('action.acted', { actionId, outcome: 'ran' }),
    event('turn.completed', { turnId, status: 'completed', reason: null, conversation: null }),
  ]);
  const { records } = await audit.find({ limit: 20 });
  const told = Object.fromEntries(records.map(({ type, about, policyHash: hash }) => [type, [about?.what, hash]]));
  expect(told).toEqual({
    'session.created': [undefined, null],
    'turn.queued': [undefined, null],
    'action.requested': [undefined, policyHash],
    'action.judged': ['git push', policyHash],
    'approval.decided': ['git push', policyHash],
    'action.acted': ['git push', policyHash],
    'turn.completed': ['ship it', null],
  });
  const stored = await audit.read({ chain: id, seq: 0 }, 20);
  expect(records.map(({ dedupeKey, hash }) => `${dedupeKey} ${hash}`).reverse()).toEqual(
    stored.map(({ dedupeKey, hash }) => `${dedupeKey} ${hash}`),
  );
});
