/** Whole-word search over the logs, newest first. */
import * as z from 'zod';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { wordsOf } from './search-text.ts';

/** As in the index: 65,536 ids. */
const bucketItems = 65_536;
/** Each bucket costs up to 0.3 ms; older ones are the next page. */
const maxBuckets = 40;
const maxQueryWords = 10;

export interface SearchOptions {
  query: string;
  /** `next` of an earlier answer. */
  before?: string | null | undefined;
  limit: number;
}

export interface SearchHit {
  sessionId: string;
  name: string;
  seq: number;
  /** ISO 8601 UTC. */
  at: string;
  text: string;
}

export interface SearchPage {
  hits: SearchHit[];
  /** Pass as `before` for older hits; null when there are none. A page may be empty and still have a next. */
  next: string | null;
}

interface HitRow {
  id: number;
  session_id: string;
  name: string;
  seq: number;
  at: Date;
  body: string;
}

/** Newest first: events that hold every word of `query`. No words, no hits. Throws `input.invalid` on a bad `before`. */
export async function searchEvents(sql: Sql, { query, before, limit }: SearchOptions): Promise<SearchPage> {
  const words = wordsOf(query).slice(0, maxQueryWords);
  const start = before ? decodeBefore(before) : await afterNewest(sql);
  if (words.length === 0 || start <= 1) return { hits: [], next: null };
  // Words are letters and digits only: quoted they are lexemes as they stand.
  const lexemes = words.map((word) => `'${word}'`).join(' & ');
  const rows = await sql<HitRow[]>`
    select h.id, h.session_id, h.seq, h.at, h.body,
      -- Not a join: the planner takes the function for 1,000 rows and would read every session.
      (select s.name from sessions s where s.id = h.session_id) as name
    from search_newest(${lexemes}::text::tsquery, ${limit}, ${start}, ${maxBuckets}) h order by h.id desc`;
  const hits = rows.map((row) => ({
    sessionId: row.session_id,
    name: row.name,
    seq: row.seq,
    at: row.at.toISOString(),
    text: row.body,
  }));
  return { hits, next: nextBefore(start, rows, limit) };
}

function nextBefore(start: number, rows: HitRow[], limit: number): string | null {
  const last = rows.at(-1);
  if (last && rows.length >= limit) return String(last.id);
  const oldestBucket = Math.floor((start - 1) / bucketItems) - maxBuckets + 1;
  return oldestBucket > 0 ? String(oldestBucket * bucketItems) : null;
}

async function afterNewest(sql: Sql): Promise<number> {
  const [row] = await sql<{ id: number | null }[]>`select max(id) as id from search_items`;
  return (row?.id ?? 0) + 1;
}

function decodeBefore(before: string): number {
  const parsed = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).safeParse(before);
  if (parsed.success) return parsed.data;
  throw new AppError({
    code: 'input.invalid',
    message: 'unknown cursor: start from the first page',
    cause: parsed.error,
  });
}
