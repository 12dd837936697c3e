/** Finding sessions: the list by need, names, pages of history. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { NewEvent } from '#protocol/event.ts';
import { attentionFor, attentions } from '#protocol/session-view.ts';
import { counted, newSessionId, newTerminalId, openTestLog, startSession, type TestLog } from './testing.ts';

let database: TestDatabase;
let test: TestLog;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await database.sql`truncate sessions, events`;
  test = await openTestLog(database.sql);
});
afterEach(() => test.log.close());
afterAll(() => database.close());

const paused: NewEvent = { type: 'session.paused', principal: 'server', payload: { reason: 'lunch' } };
const ended: NewEvent = { type: 'session.ended', principal: 'server', payload: { checkout: 'kept' } };

/** Pages through the whole list. */
async function listAll(limit: number, group?: (typeof attentions)[number]) {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page = await test.log.list({ limit, cursor, group });
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    pages.push(page.sessions.map((view) => view.id));
    cursor = page.next;
  } while (cursor);
  return pages;
}

describe('list', () => {
  it('[LOG17] groups come by need, the newest change first, and pages neither repeat nor skip', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 23; n++) {
      const id = await startSession(test.log);
      if (n % 4 === 1) await test.log.append(id, [counted(1)]);
      if (n % 4 === 2) await test.log.append(id, [paused]);
      if (n % 4 === 3) await test.log.append(id, [ended]);
      // Two of three share their time: then the id decides.
      if (n % 3 === 0) test.clock.advance(2_000);
      ids.push(id);
    }
    for (const limit of [1, 2, 5, 6, 7, 23, 50]) {
      const pages = await listAll(limit);
      expect(pages.flat().sort()).toEqual([...ids].sort());
      expect(pages.length).toBe(Math.ceil(23 / limit));
    }
    const { sessions, next } = await test.log.list({ limit: 50 });
    expect(next).toBeNull();
    const order = sessions.map((view) => [attentions.indexOf(attentionFor(view)), -Date.parse(view.updatedAt)]);
    expect(order).toEqual([...order].sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
    const idle = (await listAll(2, 'idle')).flat();
    expect(idle).toEqual(sessions.filter((view) => attentionFor(view) === 'idle').map((view) => view.id));
    expect(test.log.counts()).toEqual({ needs: 6, working: 6, idle: 6, done: 5 });
  });

  it('[LOG17] a page may begin in a group that no longer has its last row', async () => {
    const ids = [await startSession(test.log), await startSession(test.log), await startSession(test.log)];
    const first = await test.log.list({ limit: 1 });
    await test.log.append(first.sessions[0]?.id ?? '', [ended]);
    const rest = await test.log.list({ limit: 5, cursor: first.next });
    expect([...first.sessions, ...rest.sessions].map((view) => view.id)).toEqual(expect.arrayContaining(ids));
  });

  it('[LOG27] a listed session has its open terminals and the newest closed one; its view has all', async () => {
    const id = await startSession(test.log);
    const terminals = Array.from({ length: 12 }, () => newTerminalId());
    const size = { cols: 80, rows: 24 };
    await test.log.append(id, [
      ...terminals.map((terminalId): NewEvent => {
        return {
          type: 'terminal.opened',
          principal: 'server',
          payload: { terminalId, name: 'sh', command: null, ...size },
        };
      }),
      ...terminals.slice(2, 10).map((terminalId): NewEvent => {
        const payload = { terminalId, exitCode: 0, signal: null, reason: null };
        return { type: 'terminal.closed', principal: 'server', payload };
      }),
    ]);
    const { sessions } = await test.log.list({ limit: 5 });
    const expected = [...terminals.slice(0, 2), ...terminals.slice(9)];
    expect(sessions[0]?.terminals.map((terminal) => terminal.terminalId)).toEqual(expected);
    expect((await test.log.view(id))?.terminals).toHaveLength(12);
  });

  it('[LOG17] a cursor that is not ours is refused', async () => {
    for (const cursor of [
      'x',
      Buffer.from('["needs"]').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ]) {
      await expect(test.log.list({ limit: 5, cursor })).rejects.toMatchObject({ code: 'input.invalid' });
    }
  });

  it('[LOG17] the place in the list is renewed at most once a second, and at once when the status changes', async () => {
    const id = await startSession(test.log);
    const placed = async () => (await database.sql`select updated_at from sessions where id = ${id}`)[0]?.updated_at;
    const first = await placed();
    test.clock.advance(400);
    await test.log.append(id, [{ ...paused, type: 'session.resumed', payload: {} }]);
    expect(await placed()).toEqual(first);
    test.clock.advance(100);
    await test.log.append(id, [paused]);
    expect((await placed()).getTime()).toBe(test.clock.now());
    test.clock.advance(1_000);
    await test.log.append(id, [paused]);
    expect((await placed()).getTime()).toBe(test.clock.now());
  });
});

describe('names', () => {
  it('[LOG18] a session is found by id and by unique name; several of one name are ambiguous', async () => {
    const one = await startSession(test.log, 1, 'fix');
    expect((await test.log.find('fix')).id).toBe(one);
    expect((await test.log.find(one)).id).toBe(one);
    const two = await startSession(test.log, 1, 'fix');
    await expect(test.log.find('fix')).rejects.toMatchObject({ code: 'session.ambiguous' });
    await test.log.append(one, [ended]);
    expect((await test.log.find('fix')).id).toBe(two);
    await test.log.append(two, [ended]);
    await expect(test.log.find('fix')).rejects.toMatchObject({ code: 'session.ambiguous' });
    for (const ref of ['fi', 'FIX', '', newSessionId(), 'server']) {
      await expect(test.log.find(ref)).rejects.toMatchObject({ code: 'session.not-found' });
    }
  });
});

describe('history', () => {
  it('[LOG19] a session opens with its newest events, which end where its view stands, while others append', async () => {
    const name = 'opened by its name';
    const id = await startSession(test.log, 100, name);
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await test.log.append(id, [counted(1)]);
    })();
    for (let n = 0; n < 50; n++) {
      const { view, events } = await test.log.open(n % 2 === 0 ? id : name, 20);
      const first = events[0]?.seq ?? 0;
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => first + at));
      expect(events.at(-1)?.seq).toBe(view.lastSeq);
      expect(view.lastSeq - first).toBeLessThan(20);
    }
    isOver = true;
    await writing;
  });

  it('[LOG19] pages run after a seq or before one; without bounds the newest come', async () => {
    const id = await startSession(test.log, 100);
    const seqs = async (range: { after?: number; before?: number; limit: number }) =>
      (await test.log.read(id, range)).map((event) => event.seq);
    expect(await seqs({ after: 0, limit: 3 })).toEqual([1, 2, 3]);
    expect(await seqs({ after: 98, limit: 3 })).toEqual([99, 100]);
    expect(await seqs({ before: 50, limit: 3 })).toEqual([47, 48, 49]);
    expect(await seqs({ before: 2, limit: 3 })).toEqual([1]);
    expect(await seqs({ limit: 2 })).toEqual([99, 100]);
    expect(await seqs({ after: 10, before: 13, limit: 9 })).toEqual([11, 12]);
    expect(await test.log.read(newSessionId(), { limit: 5 })).toEqual([]);
  });
});
