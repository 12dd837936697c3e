/** Arrays cross the database unchanged. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const text = fc.string({ unit: 'binary' }).filter((value) => !/[\0\p{Surrogate}]/u.test(value));

it('[DB12] arrays of text and of numbers arrive as they were sent', async () => {
  const texts = fc.array(
    fc.oneof(fc.constantFrom('', 'NULL', 'null', '{}', 'a,b', '"', '\\', '\n', ' x '), text, fc.constant(null)),
  );
  const integers = fc.array(fc.option(fc.integer(), { nil: null }));
  const bigints = fc.array(fc.option(fc.maxSafeInteger(), { nil: null }));
  await fc.assert(
    fc.asyncProperty(texts, integers, bigints, async (one, two, three) => {
      const [row] = await database.sql`
        select ${one}::text[] as one, ${two}::int[] as two, ${three}::bigint[] as three, ${two}::int[]::text[] as four`;
      expect(row).toEqual({ one, two, three, four: two.map((value) => (value === null ? null : String(value))) });
      const rows = await database.sql`select * from unnest(${one}::text[], ${three}::bigint[]) as x(a, b)`;
      expect(rows.map((r) => r.a).slice(0, one.length)).toEqual(one);
    }),
    { numRuns: 100 },
  );
});
