/**
 * Whether a database changed: one hash of all rows for each table. The search index is left out: it is filled from the
 * events, which are hashed, some time after them.
 */
import type { Sql } from 'postgres';

/** Table name to hash. */
export async function markOf<T extends Record<string, unknown>>(sql: Sql<T>): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_name not like 'search\_%' order by 1`;
  const hashes = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] =
        await sql`select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as hash from ${sql(name)} t`;
      return [name, String(row?.hash)] as const;
    }),
  );
  return Object.fromEntries(hashes);
}
