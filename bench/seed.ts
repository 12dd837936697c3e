/** Fills an empty database with many sessions through COPY: chains, views and search items as the log makes them. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Sql } from '#db/client.ts';
import { attentionFor, foldSession, type SessionView } from '#protocol/session-view.ts';
import { hashRow, hex, zeroHash } from '#server/session/chain.ts';
import { summaryOf } from '#server/session/list.ts';
import { eventText, wordsOf } from '#server/session/search-text.ts';
import { sampleSession } from './seed-session.ts';

export interface SeedOptions {
  sql: Sql;
  sessions: number;
  eventsPerSession: number;
  /** Newest time of the data, ms since the epoch; sessions lie one minute apart before it. */
  now: number;
  /** The same seed makes the same data. */
  seed: number;
}

/** Names and words to look for in the seeded data, from frequent to rare, and one session's id. */
export interface Seeded {
  sessionIds: string[];
  words: { common: string; middle: string; rare: string; absent: string };
}

const chunkBytes = 256 * 1024;

/**
 * Seeds and analyzes. The database must be empty. 100,000 sessions of 50 events take some minutes and about 4 GB.
 * Open the log after it: it counts at open.
 */
export async function seed({ sql, sessions, eventsPerSession, now, seed: start }: SeedOptions): Promise<Seeded> {
  const sessionIds: string[] = [];
  const index = await dropSearchIndex(sql);
  const copies = await openCopies(sql);
  for (let n = 0; n < sessions; n++) {
    const at = now - (sessions - n) * 60_000;
    sessionIds.push(await copySession(copies, sampleSession({ n, at, length: eventsPerSession, seed: start })));
  }
  for (const copy of Object.values(copies)) await copy.end();
  await sql.unsafe(index);
  await sql`vacuum analyze`;
  return { sessionIds, words: { common: 'project', middle: 'w12', rare: 'w4000', absent: 'nowhere' } };
}

/** The index is built at the end: filling it row by row takes many times as long. */
async function dropSearchIndex(sql: Sql): Promise<string> {
  const [row] = await sql<
    { indexdef: string }[]
  >`select indexdef from pg_indexes where indexname = 'search_items_words'`;
  await sql`drop index search_items_words`;
  return row?.indexdef ?? '';
}

interface Copies {
  events: Copy;
  sessions: Copy;
  items: Copy;
  marks: Copy;
}

async function openCopies(sql: Sql): Promise<Copies> {
  return {
    events: await openCopy(
      sql`copy events (session_id, seq, type, version, at, principal, dedupe_key, payload, hash) from stdin`,
    ),
    sessions: await openCopy(
      sql`copy sessions (id, name, attention, updated_at, created_at, last_seq, head_hash, view, summary) from stdin`,
    ),
    items: await openCopy(sql`copy search_items (session_id, seq, at, body, words) from stdin`),
    marks: await openCopy(sql`copy search_marks (session_id, seq) from stdin`),
  };
}

async function copySession(copies: Copies, sample: ReturnType<typeof sampleSession>): Promise<string> {
  let hash = zeroHash;
  let view: SessionView | null = null;
  for (const event of sample) {
    const { sessionId, seq, type, version, at, principal, payload } = event;
    const dedupeKey = `seed ${seq}`;
    hash = hashRow(hash, { ...event, dedupeKey });
    view = foldSession(view, event);
    const row = [sessionId, seq, type, version, at, principal, dedupeKey, JSON.stringify(payload), `\\x${hex(hash)}`];
    await copies.events.write(row);
    const text = eventText(event);
    if (text) await copies.items.write([sessionId, seq, at, text, lexemes(text)]);
  }
  if (!view) throw new Error('a sample begins with session.created');
  const { id, name, updatedAt, createdAt, lastSeq } = view;
  const attention = attentionFor(view);
  const texts = [JSON.stringify(view), JSON.stringify(summaryOf(view))];
  await copies.sessions.write([id, name, attention, updatedAt, createdAt, lastSeq, `\\x${hex(hash)}`, ...texts]);
  await copies.marks.write([id, lastSeq]);
  return id;
}

const lexemes = (text: string): string =>
  wordsOf(text)
    .map((word) => `'${word}'`)
    .join(' ');

type Statement = { writable(): Promise<Writable> };

interface Copy {
  write(row: (string | number)[]): Promise<void>;
  end(): Promise<void>;
}

/** https://www.postgresql.org/docs/18/sql-copy.html, text format. */
async function openCopy(statement: Statement): Promise<Copy> {
  const stream: Writable = await statement.writable();
  let pending = '';
  const flush = async () => {
    const chunk = pending;
    pending = '';
    if (!stream.write(chunk)) await once(stream, 'drain');
  };
  return {
    async write(row) {
      pending += `${row.map((value) => toField(String(value))).join('\t')}\n`;
      if (pending.length > chunkBytes) await flush();
    },
    async end() {
      stream.end(pending);
      await finished(stream);
    },
  };
}

const toField = (text: string): string =>
  text.replace(/[\\\t\n\r]/g, (found) => ({ '\t': '\\t', '\n': '\\n', '\r': '\\r' })[found] ?? '\\\\');
