/** What an append promises, on a real database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { NewEvent, SessionEvent } from '#protocol/event.ts';
import { serverChain } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { countSessions } from './list.ts';
import { counted, created, newPersonId, newSessionId, openTestLog, startSession, type TestLog } from './testing.ts';
import { verifyLog } from './verify.ts';

let database: TestDatabase;
let test: TestLog;

beforeAll(async () => {
  database = await openTestDatabase();
  test = await openTestLog(database.sql);
});

afterAll(async () => {
  await test.log.close();
  await database.close();
});

const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const seqsOf = async (id: string) => (await test.log.read(id, { after: 0, limit: 10_000 })).map((event) => event.seq);

describe('numbering', () => {
  it('[LOG1] seqs are gapless from 1 under concurrent appends to several sessions', async () => {
    const ids = await Promise.all(range(0, 5).map(() => startSession(test.log)));
    const results = await Promise.all(
      range(0, 400).map((n) => test.log.append(ids[n % 5] ?? '', [counted(n), counted(n)])),
    );
    for (const [index, id] of ids.entries()) {
      const own = results.filter((_, n) => n % 5 === index).flat();
      expect(own.map((result) => result.seq)).toEqual(range(2, 160));
      expect(own.every((result) => result.isNew)).toBe(true);
      expect(await seqsOf(id)).toEqual(range(1, 161));
    }
  });

  it('[LOG1] the events of one append follow each other', async () => {
    const id = await startSession(test.log);
    const results = await Promise.all(
      range(0, 50).map((n) =>
        test.log.append(
          id,
          range(0, 7).map(() => counted(n)),
        ),
      ),
    );
    for (const result of results) {
      const first = result[0]?.seq ?? 0;
      expect(result.map(({ seq }) => seq)).toEqual(range(first, 7));
    }
  });

  it('[LOG2] times are ISO 8601 UTC and come from the clock', async () => {
    const id = await startSession(test.log);
    test.clock.advance(1_234);
    await test.log.append(id, [counted(1)]);
    const [event] = await test.log.read(id, { limit: 1 });
    expect(event?.at).toBe(new Date(test.clock.now()).toISOString());
    expect(event?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('[LOG2] text keeps every character that can be stored', async () => {
    const id = newSessionId();
    const name = 'Ωmega 🦀 𝒳 ﷽ e\u0301 "quoted" \\ {a,b} \u{10ffff}';
    const principal = 'per_ünïcode, "with" {braces}';
    await test.log.append(id, [{ ...created(name), principal }]);
    const [event] = await test.log.read(id, { limit: 1 });
    expect(event?.principal).toBe(principal);
    expect(event?.type === 'session.created' && event.payload.name).toBe(name);
    expect((await test.log.find(name)).id).toBe(id);
  });
});

describe('the same fact again', () => {
  it('[LOG3] a repeated dedupe key returns the old seq and leaves no gap', async () => {
    const id = await startSession(test.log);
    const first = await test.log.append(id, [counted(1, 'a'), counted(2, 'b')]);
    await test.log.append(id, [counted(3)]);
    const second = await test.log.append(id, [counted(1, 'a'), counted(4, 'c'), counted(2, 'b')]);
    expect(first).toEqual([
      { seq: 2, isNew: true },
      { seq: 3, isNew: true },
    ]);
    expect(second).toEqual([
      { seq: 2, isNew: false },
      { seq: 5, isNew: true },
      { seq: 3, isNew: false },
    ]);
    expect(await seqsOf(id)).toEqual(range(1, 5));
  });

  it('[LOG3] 20 concurrent appends of the same keys store each once and agree on the seqs', async () => {
    const id = await startSession(test.log);
    const events = range(0, 6).map((n) => counted(n, `key ${n}`));
    const results = await Promise.all(range(0, 20).map(() => test.log.append(id, events)));
    for (const result of results) expect(result.map(({ seq }) => seq)).toEqual(range(2, 6));
    expect(results.flat().filter((result) => result.isNew)).toHaveLength(6);
    expect(await seqsOf(id)).toEqual(range(1, 7));
  });

  it('[LOG3] a key repeated within one append is one event', async () => {
    const id = await startSession(test.log);
    const result = await test.log.append(id, [counted(1, 'same'), counted(1, 'same')]);
    expect(result).toEqual([
      { seq: 2, isNew: true },
      { seq: 2, isNew: false },
    ]);
  });

  it('[LOG3] the same key in two sessions is two events', async () => {
    const [one, two] = [await startSession(test.log), await startSession(test.log)];
    expect(await test.log.append(one, [counted(1, 'k')])).toEqual([{ seq: 2, isNew: true }]);
    expect(await test.log.append(two, [counted(1, 'k')])).toEqual([{ seq: 2, isNew: true }]);
  });

  it('[LOG3] a repeat beside new events of other sessions in one batch harms none of them', async () => {
    const ids = await Promise.all(range(0, 10).map(() => startSession(test.log)));
    await Promise.all(ids.map((id) => test.log.append(id, [counted(0, 'k')])));
    const results = await Promise.all(
      ids.flatMap((id, n) => [
        test.log.append(id, [counted(n, n % 3 === 0 ? 'k' : 'fresh')]),
        test.log.append(id, [counted(n)]),
      ]),
    );
    for (const [index, id] of ids.entries()) {
      expect(results[2 * index]).toEqual([index % 3 === 0 ? { seq: 2, isNew: false } : { seq: 3, isNew: true }]);
      expect(await seqsOf(id)).toEqual(range(1, index % 3 === 0 ? 3 : 4));
    }
  });

  it('[LOG3] creating a session again with the same key returns its first event', async () => {
    const id = newSessionId();
    const events = [created('again', 'creation')];
    const results = await Promise.all([test.log.append(id, events), test.log.append(id, events)]);
    expect(results.flat()).toEqual([
      { seq: 1, isNew: true },
      { seq: 1, isNew: false },
    ]);
    expect(await test.log.append(id, events)).toEqual([{ seq: 1, isNew: false }]);
  });
});

describe('deciding from the view', () => {
  it('[LOG4] a function sees the newest view, with nothing in between', async () => {
    const id = await startSession(test.log);
    const seen: number[] = [];
    const claim = (view: SessionView | null): NewEvent[] => {
      seen.push(view?.lastSeq ?? 0);
      return view?.status === 'unreachable' ? [] : [counted(7)];
    };
    const results = await Promise.all(range(0, 30).map(() => test.log.append(id, claim)));
    expect(results.flat()).toEqual([{ seq: 2, isNew: true }]);
    expect(seen).toEqual([1, ...range(0, 29).map(() => 2)]);
  });

  it('[LOG4] a function that throws rejects its own append only', async () => {
    const id = await startSession(test.log);
    const failure = new Error('not now');
    const results = await Promise.allSettled([
      test.log.append(id, [counted(1)]),
      test.log.append(id, () => {
        throw failure;
      }),
      test.log.append(id, [counted(2)]),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: failure });
    expect(await seqsOf(id)).toEqual([1, 2, 3]);
  });

  it('[LOG4] two servers writing one session make one chain, and each decides from what the other wrote', async () => {
    const other = await openTestLog(database.sql);
    const id = await startSession(test.log);
    const sees = (log: TestLog['log']) =>
      Promise.all(range(0, 60).map(() => log.append(id, (view) => [counted(view?.lastSeq ?? 0)])));
    const results = await Promise.all([sees(test.log), sees(other.log)]);
    expect(
      results
        .flat(2)
        .map(({ seq }) => seq)
        .sort((a, b) => a - b),
    ).toEqual(range(2, 120));
    const events = await test.log.read(id, { after: 1, limit: 1_000 });
    // Each event names the seq its writer saw: always the one before its own.
    for (const event of events) expect(event.payload).toMatchObject({ epoch: event.seq });
    expect(await verifyLog({ sql: database.sql, anchorFile: '/nonexistent' })).toMatchObject({ ok: true });
    await other.log.close();
  });

  it('[LOG9] group counts are right again after another server was seen to write', async () => {
    const other = await openTestLog(database.sql);
    const id = await startSession(other.log);
    await other.log.append(id, []);
    await test.log.append(id, [counted(1)]);
    await startSession(test.log);
    await other.log.append(id, [counted(2)]);
    await other.log.flush();
    expect(other.log.counts()).toEqual(await countSessions(database.sql));
    await other.log.close();
  });
});

describe('refusals', () => {
  it('[LOG5] a session that was never created is not found', async () => {
    await expect(test.log.append(newSessionId(), [counted(1)])).rejects.toMatchObject({ code: 'session.not-found' });
  });

  it('[LOG5] a session is created once', async () => {
    const id = await startSession(test.log);
    await expect(test.log.append(id, [created('b')])).rejects.toMatchObject({ code: 'session.conflict' });
    await expect(test.log.append(id, [created('b', 'other key')])).rejects.toMatchObject({ code: 'session.conflict' });
    expect(await seqsOf(id)).toEqual([1]);
  });

  it('[LOG5] what the database cannot hold is refused without harm to its neighbours', async () => {
    const id = await startSession(test.log);
    const bad: NewEvent[] = [
      { ...counted(1), principal: 'nul \0' },
      { ...counted(1), dedupeKey: 'half \ud83e' },
      {
        type: 'checkout.created',
        principal: 'server',
        payload: { kind: 'git', branch: null, baseCommit: null, files: 1, carried: 0, ms: 1, notes: ['a\0b'] },
      },
    ];
    const results = await Promise.allSettled([
      ...bad.map((event) => test.log.append(id, [event])),
      test.log.append(id, [counted(2)]),
    ]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
    for (const result of results.slice(0, 3)) expect(result).toMatchObject({ reason: { code: 'event.unstorable' } });
    expect(await seqsOf(id)).toEqual([1, 2]);
  });

  it('[LOG5] a payload that does not fit its type is refused, naming the field', async () => {
    const id = await startSession(test.log);
    const event = { ...counted(1), payload: { epoch: 0, reason: 'x' } } as NewEvent;
    await expect(test.log.append(id, [event])).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringContaining('epoch'),
    });
  });

  it('[LOG5] more than 500 events in one append are refused, 500 are not', async () => {
    const id = await startSession(test.log);
    const many = (count: number) => range(0, count).map((n) => counted(n));
    await expect(test.log.append(id, many(501))).rejects.toMatchObject({ code: 'input.too-large' });
    expect(await test.log.append(id, many(500))).toHaveLength(500);
  });

  it('[LOG5] one append is stored wholly or not at all', async () => {
    const id = await startSession(test.log);
    const bad = { ...counted(2), principal: '\0' };
    await expect(test.log.append(id, [counted(1), bad])).rejects.toMatchObject({ code: 'event.unstorable' });
    expect(await seqsOf(id)).toEqual([1]);
  });

  it('[LOG6] beyond 20,000 waiting appends the next are refused as unavailable', async () => {
    const other = await openTestLog(database.sql);
    const id = await startSession(other.log);
    const results = await Promise.allSettled(
      range(0, 20_010).map((n) => other.log.append(id, n % 100 ? [] : [counted(n)])),
    );
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(10);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'database.unavailable' } });
    await other.log.close();
    await expect(other.log.append(id, [counted(1)])).rejects.toMatchObject({ code: 'database.unavailable' });
  });
});

describe('a full disk', () => {
  it('[LOG26] appends are refused as unavailable while the disk is nearly full, and go on after', async () => {
    let isFull = true;
    let asked = 0;
    const hasRoom = async () => {
      asked++;
      return !isFull;
    };
    const other = await openTestLog(database.sql, { hasRoom });
    const id = newSessionId();
    const refused = await Promise.allSettled(range(0, 20).map(() => other.log.append(id, [created('full')])));
    for (const result of refused) expect(result).toMatchObject({ reason: { code: 'database.unavailable' } });
    expect(asked).toBe(1);
    isFull = false;
    const deadline = performance.now() + 5_000;
    const attempt = () => other.log.append(id, [created('room', 'once')]).catch(() => null);
    let result = await attempt();
    while (!result && performance.now() < deadline) result = await attempt();
    expect(result).toEqual([{ seq: 1, isNew: true }]);
    await other.log.close();
  });
});

describe('publishing', () => {
  it('[LOG7] events and views are published after commit, in order', async () => {
    const id = newSessionId();
    const events: SessionEvent[] = [];
    const views: SessionView[] = [];
    const stored: Promise<number>[] = [];
    test.bus.subscribe(`session:${id}`, (event) => {
      events.push(event);
      stored.push(
        database.sql`select 1 from events where session_id = ${id} and seq = ${event.seq}`.then((r) => r.length),
      );
    });
    test.bus.subscribe('sessions', (view) => {
      if (view.id === id) views.push(view);
    });
    await test.log.append(id, [created('published')]);
    await Promise.all(range(0, 40).map((n) => test.log.append(id, [counted(n)])));
    expect(events.map((event) => event.seq)).toEqual(range(1, 41));
    expect(await Promise.all(stored)).toEqual(range(0, 41).map(() => 1));
    expect(events).toEqual(await test.log.read(id, { after: 0, limit: 100 }));
    expect(views.at(-1)).toEqual(await test.log.view(id));
  });

  it('[LOG8] the chain of the server itself takes facts and is never listed', async () => {
    const personId = newPersonId();
    const event = { type: 'person.created', principal: 'server', payload: { personId, name: 'Ada' } } as const;
    const [result] = await test.log.append(serverChain, [event]);
    expect(await test.log.read(serverChain, { limit: 1 })).toMatchObject([
      { seq: result?.seq, type: 'person.created' },
    ]);
    expect(await test.log.view(serverChain)).toBeNull();
    await expect(test.log.append(serverChain, [created('no')])).rejects.toMatchObject({ code: 'session.conflict' });
    let cursor: string | null = null;
    do {
      const page = await test.log.list({ limit: 50, cursor });
      expect(page.sessions.map((view) => view.id)).not.toContain(serverChain);
      cursor = page.next;
    } while (cursor);
  });
});
