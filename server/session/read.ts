/** Reads of one log and its view, straight from the database. */
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { type EventType, lineSchema, type SessionEvent } from '#protocol/event.ts';
import { sessionIdSchema } from '#protocol/id.ts';
import { foldSession, type SessionView } from '#protocol/session-view.ts';
import { type EventRow, toEvent } from './stored-event.ts';

/** Which events: those after a seq, those before one, or without either the newest. */
export interface Range {
  after?: number | undefined;
  before?: number | undefined;
  /** Most events returned. */
  limit: number;
}

/** Its events end where the view stands. */
export interface OpenedSession {
  view: SessionView;
  events: SessionEvent[];
}

const pageEvents = 1_000;
/** As `session.created` has it: other text names no session, and some of it no database takes. */
const maxNameLength = 120;

/** Events of one log in seq order; with `before`, or neither bound, the newest that fit. Empty for an unknown session. */
export async function readEvents(
  sql: Sql,
  sessionId: string,
  { after, before, limit }: Range,
): Promise<SessionEvent[]> {
  const isForward = after !== undefined;
  const rows = await sql<EventRow[]>`
    select session_id, seq, type, version, at, principal, payload from events
    where session_id = ${sessionId} and seq > ${after ?? 0} and seq < ${before ?? Number.MAX_SAFE_INTEGER}
    order by seq ${isForward ? sql`asc` : sql`desc`} limit ${limit}`;
  const events = rows.map((row) => toEvent(row));
  return isForward ? events : events.reverse();
}

/** The event that was stored under this key; null when there is none. */
export async function recallEvent(sql: Sql, sessionId: string, dedupeKey: string): Promise<SessionEvent | null> {
  const rows = await sql<EventRow[]>`
    select session_id, seq, type, version, at, principal, payload from events
    where session_id = ${sessionId} and dedupe_key = ${dedupeKey}`;
  return rows[0] ? toEvent(rows[0]) : null;
}

/** The newest events of one type, at most `limit`, in seq order. */
export async function readEventsOf<T extends EventType>(
  sql: Sql,
  sessionId: string,
  type: T,
  limit: number,
): Promise<(SessionEvent & { type: T })[]> {
  const rows = await sql<EventRow[]>`
    select session_id, seq, type, version, at, principal, payload from events
    where session_id = ${sessionId} and type = ${type} order by seq desc limit ${limit}`;
  return rows.map((row) => toEvent(row) as SessionEvent & { type: T }).reverse();
}

/** The stored view; null for an unknown session and for the server's own chain. */
export async function readView(sql: Sql, sessionId: string): Promise<SessionView | null> {
  const [row] = await sql<{ view: SessionView | null }[]>`select view from sessions where id = ${sessionId}`;
  return row?.view ?? null;
}

/**
 * The session that `ref` names: an id, else a name. A name may be used again after its session ended: then the one that
 * has not ended is meant. Throws `session.not-found`, or `session.ambiguous` when several have that name.
 */
export async function findSession(sql: Sql, ref: string): Promise<SessionView> {
  const isId = sessionIdSchema.safeParse(ref).success;
  const isName = () => lineSchema(maxNameLength).safeParse(ref).success;
  const found = isId ? await readView(sql, ref) : isName() ? await findByName(sql, ref) : null;
  if (found) return found;
  throw new AppError({ code: 'session.not-found', message: `no session ${ref}` });
}

/**
 * A session with its newest events, at most `limit`, up to where its view stands. Of an id both are read at once; what
 * was appended between the two is left to whoever follows the log from there. Throws as `findSession`.
 */
export async function openSession(sql: Sql, ref: string, limit: number): Promise<OpenedSession> {
  const isId = sessionIdSchema.safeParse(ref).success;
  const [view, newest] = await Promise.all([findSession(sql, ref), isId ? readEvents(sql, ref, { limit }) : []]);
  const [first, last] = [newest[0]?.seq ?? 0, newest.at(-1)?.seq ?? 0];
  const isWhole = first <= view.lastSeq && view.lastSeq <= last;
  const events = isWhole ? newest : await readEvents(sql, view.id, { before: view.lastSeq + 1, limit });
  return { view, events: events.filter(({ seq }) => seq <= view.lastSeq) };
}

async function findByName(sql: Sql, name: string): Promise<SessionView | null> {
  const rows = await sql<{ view: SessionView }[]>`
    select view from sessions where name = ${name} and attention is not null
    order by (attention = 'done'), id limit 2`;
  const [first, second] = rows.map((row) => row.view);
  if (first && second && (first.status === 'ended') === (second.status === 'ended')) {
    throw new AppError({ code: 'session.ambiguous', message: `several sessions are named ${name}: use an id` });
  }
  return first ?? null;
}

/** The view folded from the log alone, and the seq it stands at. */
export async function foldLog(sql: Sql, sessionId: string): Promise<{ view: SessionView | null; seq: number }> {
  let view: SessionView | null = null;
  let seq = 0;
  for (;;) {
    const events = await readEvents(sql, sessionId, { after: seq, limit: pageEvents });
    for (const event of events) view = foldSession(view, event);
    seq = events.at(-1)?.seq ?? seq;
    if (events.length < pageEvents) return { view, seq };
  }
}
