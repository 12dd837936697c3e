/** What is stored beside the log equals what the log says. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import { serverChain } from '#protocol/id.ts';
import { attentionFor } from '#protocol/session-view.ts';
import { canonicalJson } from './chain.ts';
import { countSessions, summaryOf } from './list.ts';
import { foldLog } from './read.ts';
import { created, eventSequence, newSessionId, openTestLog, type TestLog } from './testing.ts';
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

it('[LOG15] views, list keys and counts rebuilt from the logs equal the stored ones', async () => {
  const sequence = fc.tuple(eventSequence(40), fc.integer({ min: 1, max: 9 }), fc.nat(3_000));
  await fc.assert(
    fc.asyncProperty(sequence, async ([events, step, pauseMs]) => {
      const id = newSessionId();
      await test.log.append(id, [created(`session ${id}`)]);
      for (let at = 0; at < events.length; at += step) {
        test.clock.advance(pauseMs);
        await test.log.append(id, events.slice(at, at + step));
      }
      const [row] = await database.sql`select * from sessions where id = ${id}`;
      const { view, seq } = await foldLog(database.sql, id);
      expect(row?.view).toEqual(view);
      expect(row?.summary).toEqual(view && summaryOf(view));
      expect(row).toMatchObject({ name: `session ${id}`, last_seq: seq, attention: view && attentionFor(view) });
      expect(seq).toBe(events.length + 1);
      const lag = Date.parse(view?.updatedAt ?? '') - row?.updated_at.getTime();
      expect(lag).toBeGreaterThanOrEqual(0);
      expect(lag).toBeLessThan(1_000);
      await database.sql`update sessions set view = '{}', summary = '{}', attention = null where id = ${id}`;
      expect(await test.log.rebuild(id)).toEqual(view);
      expect(await test.log.view(id)).toEqual(view);
    }),
    { numRuns: 60 },
  );
  expect(test.log.counts()).toEqual(await countSessions(database.sql));
  expect(await verifyLog({ sql: database.sql, anchorFile: '/nonexistent' })).toMatchObject({ ok: true });
}, 60_000);

it('[LOG15] rebuilding an unknown session is refused, and the chain of the server has no view', async () => {
  await expect(test.log.rebuild(newSessionId())).rejects.toMatchObject({ code: 'session.not-found' });
  expect(await test.log.rebuild(serverChain)).toBeNull();
});

it('[LOG10] canonical json is the same before and after the database', async () => {
  const values = fc.sample(fc.jsonValue({ noUnicodeString: false }), { numRuns: 500, seed: 1 });
  const texts = values.map((value) => JSON.stringify(value)).filter((text) => !text.includes('\\u0000'));
  texts.push('1e308', '5e-324', '-0', '123456789012345680000', '0.1', '[1e21, 1.5e-7]', '{"b":1,"a":{"é":"\\u2028"}}');
  const rows = await database.sql<{ value: unknown }[]>`
    select t.text::jsonb as value from unnest(${texts}::text[]) with ordinality as t(text, n) order by n`;
  expect(rows.map((row) => canonicalJson(row.value))).toEqual(texts.map((text) => canonicalJson(JSON.parse(text))));
});
