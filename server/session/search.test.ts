/** Search over what was committed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { NewEvent } from '#protocol/event.ts';
import { eventText, wordsOf } from './search-text.ts';
import { created, newSessionId, newTerminalId, openTestLog, startSession, type TestLog } from './testing.ts';

let database: TestDatabase;
let test: TestLog;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await database.sql`truncate sessions, events, search_items, search_marks`;
  test = await openTestLog(database.sql);
});
afterEach(() => test.log.close());
afterAll(() => database.close());

const note = (reason: string): NewEvent => ({ type: 'session.paused', principal: 'server', payload: { reason } });
const find = async (query: string) => (await test.log.search({ query, limit: 20 })).hits.map((hit) => hit.text);

describe('words', () => {
  it('[LOG20] paths and identifiers fall into their parts, in any script and case', () => {
    expect(wordsOf('src/Foo-bar.test.ts FOO_BAZ')).toEqual(['src', 'foo', 'bar', 'test', 'ts', 'baz']);
    expect(wordsOf('Größe λόγος 東京 1e5 ①')).toEqual(['größe', 'λόγος', '東京', '1e5', '1']);
    expect(wordsOf(" '':*&|!() \u0000 🦀")).toEqual([]);
    expect(wordsOf('x'.repeat(5_000))[0]).toHaveLength(100);
  });

  it('[LOG20] an event yields its readable text, a bare state change none', () => {
    const at = { sessionId: 'ses_a', seq: 1, version: 1, at: '', principal: 'server' };
    const command = ['npm', 'run', 'build'];
    const payload = { terminalId: newTerminalId(), name: 'build', command, cols: 80, rows: 24 };
    expect(eventText({ ...at, type: 'terminal.opened', payload })).toBe('build · npm run build');
    expect(eventText({ ...at, type: 'session.resumed', payload: {} })).toBeNull();
    const long = { ...payload, command: ['🦀'.repeat(3_000)] };
    expect(eventText({ ...at, type: 'terminal.opened', payload: long })).not.toMatch(/\p{Surrogate}/u);
  });
});

describe('search', () => {
  it('[LOG20] finds events that hold every word, newest first, with session and seq', async () => {
    const id = newSessionId();
    await test.log.append(id, [created('payments'), note('waiting for Grace'), note("it's Grace's turn; really")]);
    await startSession(test.log, 1, 'other');
    await test.log.flush();
    const page = await test.log.search({ query: 'GRACE', limit: 20 });
    expect(page).toEqual({
      hits: [
        { sessionId: id, name: 'payments', seq: 3, at: expect.any(String), text: "it's Grace's turn; really" },
        { sessionId: id, name: 'payments', seq: 2, at: expect.any(String), text: 'waiting for Grace' },
      ],
      next: null,
    });
    expect(await find('grace waiting')).toEqual(['waiting for Grace']);
    expect(await find('payments')).toHaveLength(1);
    expect(await find('grac')).toEqual([]);
    expect(await find('waiting nowhere')).toEqual([]);
  });

  it('[LOG20] a query of no words, or of query syntax, finds nothing and fails nothing', async () => {
    await startSession(test.log);
    await test.log.flush();
    for (const query of ['', '   ', "'", "' | 'a", ':*', '\\', '!x & (', '\u0000', "a' <-> 'b", '%_']) {
      expect(Array.isArray(await find(query))).toBe(true);
    }
  });

  it('[LOG21] older hits come page by page, each once', async () => {
    const id = await startSession(test.log);
    await test.log.append(
      id,
      Array.from({ length: 95 }, (_, n) => note(`needle ${n}`)),
    );
    await test.log.flush();
    const seen: number[] = [];
    let before: string | null = null;
    do {
      const page = await test.log.search({ query: 'needle', limit: 10, before });
      seen.push(...page.hits.map((hit) => hit.seq));
      before = page.next;
    } while (before);
    expect(seen).toEqual(Array.from({ length: 95 }, (_, n) => 96 - n));
    await expect(test.log.search({ query: 'x', limit: 1, before: 'y' })).rejects.toMatchObject({
      code: 'input.invalid',
    });
  });

  it('[LOG21] a search stops after a bounded part of the index and says where to go on', async () => {
    const id = await startSession(test.log, 1, 'deep');
    await test.log.flush();
    await database.sql`
      insert into search_items (id, session_id, seq, at, body, words) overriding system value
      select g * 65536, ${id}, 1, now(), 'filler', to_tsvector('simple', 'filler') from generate_series(1, 90) g`;
    const pages: number[] = [];
    let before: string | null = null;
    do {
      const page = await test.log.search({ query: 'deep', limit: 10, before });
      pages.push(page.hits.length);
      before = page.next;
    } while (before);
    expect(pages).toEqual([0, 0, 1]);
  });

  it('[LOG22] what an earlier server did not index is indexed by the next, each event once', async () => {
    await test.log.close();
    const id = newSessionId();
    const first = await openTestLog(database.sql);
    await first.log.append(id, [created('late'), ...Array.from({ length: 450 }, (_, n) => note(`mark ${n}`))]);
    await first.log.append(
      id,
      Array.from({ length: 450 }, (_, n) => note(`mark ${n + 450}`)),
    );
    await first.log.close();
    await database.sql`delete from search_items`;
    await database.sql`update search_marks set seq = 0`;
    const [one, two] = await Promise.all([openTestLog(database.sql), openTestLog(database.sql)]);
    await Promise.all([one.log.append(id, [note('mark last')]), two.log.append(id, [note('mark last')])]);
    await Promise.all([one.log.flush(), two.log.flush()]);
    const [row] = await database.sql`select count(*) as n, count(distinct seq) as seqs from search_items`;
    expect(row).toEqual({ n: 903, seqs: 903 });
    await Promise.all([one.log.close(), two.log.close()]);
  });

  it('[LOG22] an event that cannot be read is left out, and the others are found', async () => {
    const id = await startSession(test.log);
    await test.log.close();
    await database.sql`update events set version = 9 where session_id = ${id}`;
    await database.sql`delete from search_marks`;
    test = await openTestLog(database.sql);
    await test.log.append(id, [note('readable')]);
    await test.log.flush();
    expect(await find('readable')).toEqual(['readable']);
    expect(test.lines.join()).toContain('newer server');
  });
});
