/** Indexes new events for search a moment after they were committed. */
import type { Sql } from '#db/client.ts';
import { isPassing } from '#db/connection-error.ts';
import { AppError } from '#protocol/error.ts';
import { eventText, wordsOf } from './search-text.ts';
import { type EventRow, toEvent } from './stored-event.ts';

const delayMs = 200;
const retryMs = 1_000;
const maxSessions = 100;
const maxEvents = 500;

/** One row of search_items; `words` are separated by spaces. */
interface Item {
  id: string;
  seq: number;
  at: string;
  body: string;
  words: string;
}

/** Indexes what was committed, a little behind the log. Safe to run twice: a mark says how far each log is indexed. */
export class SearchFiller {
  readonly #sql: Sql;
  readonly #log: (line: string) => void;
  readonly #behind = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isClosed = false;

  constructor(sql: Sql, log: (line: string) => void) {
    this.#sql = sql;
    this.#log = log;
  }

  /** Finds what an earlier server left unindexed. */
  async catchUp(): Promise<void> {
    const rows = await this.#sql<{ id: string }[]>`
      select s.id from sessions s left join search_marks m on m.session_id = s.id
      where s.attention is not null and s.last_seq > coalesce(m.seq, 0)`;
    for (const row of rows) this.#behind.add(row.id);
    this.#schedule(0);
  }

  note(sessionId: string): void {
    this.#behind.add(sessionId);
    this.#schedule(delayMs);
  }

  /** Indexes everything noted so far. */
  async flush(): Promise<void> {
    while (this.#running || this.#behind.size > 0) await (this.#running ?? this.#start());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(afterMs: number): void {
    if (this.#isClosed || this.#timer || this.#behind.size === 0) return;
    this.#timer = setTimeout(() => void this.#start().catch((error: unknown) => this.#report(error)), afterMs).unref();
  }

  #report(error: unknown): void {
    if (!isPassing(error)) this.#log(`search index: ${String(error)}`);
  }

  #start(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running ??= this.#fill().finally(() => {
      this.#running = null;
      this.#schedule(retryMs);
    });
    return this.#running;
  }

  async #fill(): Promise<void> {
    while (this.#behind.size > 0) {
      const ids = [...this.#behind].slice(0, maxSessions);
      for (const id of ids) this.#behind.delete(id);
      try {
        for (const id of await this.#fillSessions(ids)) this.#behind.add(id);
      } catch (error) {
        for (const id of ids) this.#behind.add(id);
        throw error;
      }
    }
  }

  /** Returns the sessions that have more. */
  async #fillSessions(ids: string[]): Promise<Set<string>> {
    const rows = await this.#sql<(EventRow & { mark: number })[]>`
      select e.*, coalesce(m.seq, 0) as mark
      from unnest(${ids}::text[]) as w(id)
      left join search_marks m on m.session_id = w.id
      cross join lateral (
        select session_id, seq, type, version, at, principal, payload from events
        where session_id = w.id and seq > coalesce(m.seq, 0) order by seq limit ${maxEvents}
      ) e`;
    const marks = new Map<string, { from: number; to: number; count: number }>();
    const items: Item[] = [];
    for (const row of rows) {
      const mark = marks.get(row.session_id) ?? { from: row.mark, to: row.mark, count: 0 };
      marks.set(row.session_id, { from: mark.from, to: row.seq, count: mark.count + 1 });
      const body = this.#textOf(row);
      const words = body === null ? [] : wordsOf(body);
      if (body === null || words.length === 0) continue;
      items.push({ id: row.session_id, seq: row.seq, at: row.at.toISOString(), body, words: words.join(' ') });
    }
    await insertItems(this.#sql, items, marks);
    return new Set([...marks].filter(([, mark]) => mark.count === maxEvents).map(([id]) => id));
  }

  /** An event that cannot be read is not found; it must not keep the others from being found. */
  #textOf(row: EventRow): string | null {
    try {
      return eventText(toEvent(row));
    } catch (error) {
      this.#log(`search index: ${error instanceof AppError ? error.message : String(error)}`);
      return null;
    }
  }
}

/** Moves each mark on only from where it was read: of two fillers one wins, and no item is there twice. */
async function insertItems(sql: Sql, items: Item[], marks: Map<string, { from: number; to: number }>): Promise<void> {
  if (marks.size === 0) return;
  const moves = [...marks];
  await sql`
    with m as (
      insert into search_marks as s (session_id, seq)
      select w.id, w.upto from unnest(
        ${moves.map(([id]) => id)}::text[], ${moves.map(([, mark]) => mark.to)}::bigint[]
      ) as w(id, upto) order by w.id
      on conflict (session_id) do update set seq = excluded.seq
      where s.seq = (
        select f.start from unnest(
          ${moves.map(([id]) => id)}::text[], ${moves.map(([, mark]) => mark.from)}::bigint[]
        ) as f(id, start) where f.id = excluded.session_id
      )
      returning session_id
    )
    insert into search_items (session_id, seq, at, body, words)
    select x.id, x.seq, x.at::timestamptz, x.body, array_to_tsvector(string_to_array(x.words, ' '))
    from unnest(
      ${items.map((item) => item.id)}::text[], ${items.map((item) => item.seq)}::bigint[],
      ${items.map((item) => item.at)}::text[], ${items.map((item) => item.body)}::text[],
      ${items.map((item) => item.words)}::text[]
    ) with ordinality as x(id, seq, at, body, words, n)
    join m on m.session_id = x.id order by x.n`;
}
