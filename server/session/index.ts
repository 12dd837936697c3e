/** The log of every session: append, read, follow, list, search. The only door to the tables sessions and events. */
import type { Sql } from '#db/client.ts';
import { untilReachable } from '#db/reach.ts';
import { AppError } from '#protocol/error.ts';
import type { EventType, NewEvent, SessionEvent } from '#protocol/event.ts';
import { type SessionId, serverChain } from '#protocol/id.ts';
import { type Attention, attentionFor, type SessionView } from '#protocol/session-view.ts';
import type { Bus } from '#server/bus/index.ts';
import type { ChainHead } from './anchor.ts';
import { AppendQueue } from './append.ts';
import type { Appended, Decide, Part } from './batch.ts';
import { hex, zeroHash } from './chain.ts';
import { type Counts, countSessions, type ListOptions, listSessions, type SessionPage, summaryOf } from './list.ts';
import {
  findSession,
  foldLog,
  type OpenedSession,
  openSession,
  type Range,
  readEvents,
  readEventsOf,
  readView,
  recallEvent,
} from './read.ts';
import { type SearchOptions, type SearchPage, searchEvents } from './search.ts';
import { SearchFiller } from './search-filler.ts';
import { followLog } from './subscribe.ts';

export { anchorFileOf, openAnchors } from './anchor.ts';
export type { Appended, Decide } from './batch.ts';
export type { Counts, ListOptions, SessionPage } from './list.ts';
export type { Range } from './read.ts';
export {
  type FoundRecord,
  findRecords,
  type RecordCursor,
  type RecordFilter,
  type RecordPage,
  readRecords,
  type StoredRow,
} from './records.ts';
export type { SearchOptions, SearchPage } from './search.ts';
export { type EventRow, toEvent } from './stored-event.ts';
export { type VerifyResult, verifyLog } from './verify.ts';

/** What the log publishes, always after commit. */
export interface SessionTopics {
  /** The new view of any session that changed. */
  sessions: SessionView;
  /** Every event of every session. */
  events: SessionEvent;
  [topic: `session:${string}`]: SessionEvent;
}

export interface LogOptions {
  sql: Sql;
  bus: Bus<SessionTopics>;
  /** ms since the epoch; dates events. */
  clock: { now(): number };
  /** Fills the bytes with cryptographic randomness. */
  random(bytes: Uint8Array): void;
  /** False while the database's disk is nearly full: then appends are refused. Asked at most once a second. */
  hasRoom?: () => Promise<boolean>;
  /** How long an append outlives a database that is away. Default 5 s. */
  patienceMs?: number;
  log?: (line: string) => void;
}

export interface Log {
  /**
   * Appends events to one log, all or none, and resolves when they are on disk: for each event, in order, its seq and
   * whether it is new. A repeated dedupe key yields the old seq. The function form decides from the newest view, with
   * nothing in between; it may run several times and rejects the append by throwing.
   * Rejects with `session.not-found` unless the session exists or the first event is `session.created`, `session.conflict`
   * when it is created twice, `input.invalid`, `input.too-large` above 500 events, `event.unstorable`, and
   * `database.unavailable` when too much waits, the disk is nearly full, or after 5 s without a database: then it is
   * unknown whether it happened. What `lingers` shares the commit of the next append that does not, within 20 ms.
   */
  append(sessionId: string, events: NewEvent[] | Decide, lingers?: boolean): Promise<Appended[]>;
  /** Events in seq order: those after a seq, or before one, or without bounds the newest. Empty for unknown sessions. */
  read(sessionId: string, range: Range): Promise<SessionEvent[]>;
  /** The event with this dedupe key; null when there is none. */
  recall(sessionId: string, dedupeKey: string): Promise<SessionEvent | null>;
  /** The newest events of one type, at most `limit`, in seq order. */
  readOf<T extends EventType>(sessionId: string, type: T, limit: number): Promise<(SessionEvent & { type: T })[]>;
  /** Null for an unknown session and for the server's own chain. */
  view(sessionId: string): Promise<SessionView | null>;
  /** The id of the session that an id or unique name means, from memory where it can. Rejects as `find`. */
  resolve(ref: string): Promise<SessionId>;
  /** By id or unique name. Rejects with `session.not-found`, `session.ambiguous`. */
  find(ref: string): Promise<SessionView>;
  /** The same, with its newest events up to where the view stands. */
  open(ref: string, limit: number): Promise<OpenedSession>;
  /** Every event after seq `after`, in order, each once, until `signal` aborts. */
  subscribe(sessionId: string, after: number, signal: AbortSignal): AsyncGenerator<SessionEvent>;
  /** One page by need, most urgent group first, newest change first. Rejects with `input.invalid` on a bad cursor. */
  list(options: ListOptions): Promise<SessionPage>;
  /** How many sessions each group holds. */
  counts(): Counts;
  /** Whole words, newest first; lags behind appends by a moment. */
  search(options: SearchOptions): Promise<SearchPage>;
  /** Folds the session's view from its log and stores it; repairs a projection. Null for the server's own chain. */
  rebuild(sessionId: string): Promise<SessionView | null>;
  /** Heads that changed since the last call; for the anchors. */
  takeChangedHeads(): ChainHead[];
  /** Resolves when everything appended so far is committed and indexed. */
  flush(): Promise<void>;
  /** Refuses new appends, commits the accepted ones, stops. */
  close(): Promise<void>;
}

/** Opens the log of this database, creating the server's own chain the first time. Anchors are opened apart. */
export async function openLog(options: LogOptions): Promise<Log> {
  const { sql, bus, clock, random, hasRoom = async () => true, patienceMs = 5_000, log = () => undefined } = options;
  await untilReachable(() => createServerChain(sql, clock.now()));
  const counter = createCounter(await untilReachable(() => countSessions(sql)));
  const filler = new SearchFiller(sql, log);
  const changed = new Map<string, ChainHead>();
  const report = (what: string) => (error: unknown) => log(`${what}: ${String(error)}`);

  const onCommitted = (part: Part) => {
    const { sessionId, before, after } = part;
    changed.set(sessionId, { chain: sessionId, seq: after.seq, hash: hex(after.hash) });
    counter.move(before.attention, after.attention);
    for (const { event } of part.drafts) {
      bus.publish(`session:${sessionId}`, event);
      bus.publish('events', event);
    }
    if (!after.view) return;
    filler.note(sessionId);
    bus.publish('sessions', after.view);
  };

  const queue = new AppendQueue({
    sql,
    now: () => clock.now(),
    hasRoom,
    patienceMs,
    newKey: () => newKey(random),
    onCommitted,
    onForeignWrite: () => {
      // Between two statements, so that no commit of ours is counted twice.
      queue.exclusive(null, async () => counter.reset(await countSessions(sql))).catch(report('session counts'));
    },
  });
  filler.catchUp().catch(report('search index'));

  return {
    append: (sessionId, events, lingers) => queue.append(sessionId, events, lingers),
    read: (sessionId, range) => readEvents(sql, sessionId, range),
    recall: (sessionId, dedupeKey) => recallEvent(sql, sessionId, dedupeKey),
    readOf: (sessionId, type, limit) => readEventsOf(sql, sessionId, type, limit),
    view: (sessionId) => readView(sql, sessionId),
    resolve: async (ref) => (queue.isKnown(ref) ? (ref as SessionId) : (await findSession(sql, ref)).id),
    find: (ref) => findSession(sql, ref),
    open: (ref, limit) => openSession(sql, ref, limit),
    subscribe: (sessionId, after, signal) =>
      followLog(
        {
          listen: (listener) => bus.subscribe(`session:${sessionId}`, listener),
          read: (from, limit) => untilReachable(() => readEvents(sql, sessionId, { after: from, limit })),
        },
        after,
        signal,
      ),
    list: (options) => listSessions(sql, options),
    counts: counter.counts,
    search: (options) => searchEvents(sql, options),
    rebuild: (sessionId) => queue.exclusive(sessionId, () => rebuildView(sql, sessionId)),
    takeChangedHeads() {
      const heads = [...changed.values()];
      changed.clear();
      return heads;
    },
    async flush() {
      await queue.idle();
      await filler.flush();
    },
    async close() {
      await queue.close();
      await filler.close();
    },
  };
}

async function createServerChain(sql: Sql, now: number): Promise<void> {
  const at = new Date(now);
  await sql`
    insert into sessions (id, name, attention, updated_at, created_at, last_seq, head_hash, view)
    values (${serverChain}, '', null, ${at}, ${at}, 0, ${zeroHash}, null) on conflict (id) do nothing`;
}

/** Group sizes, kept from our own commits: counting 100,000 rows costs 17 ms. */
function createCounter(initial: Counts) {
  let counts = initial;
  return {
    counts: (): Counts => ({ ...counts }),
    reset(fresh: Counts) {
      counts = fresh;
    },
    move(from: Attention | null, to: Attention | null) {
      if (from === to) return;
      if (from) counts[from]--;
      if (to) counts[to]++;
    },
  };
}

/** The row only changes if the log has not moved on since it was folded. */
async function rebuildView(sql: Sql, sessionId: string): Promise<SessionView | null> {
  for (;;) {
    const { view, seq } = await foldLog(sql, sessionId);
    const text = view && JSON.stringify(view);
    const summary = view && JSON.stringify(summaryOf(view));
    const attention = view && attentionFor(view);
    const rows = await sql`
      update sessions set view = ${text}::text::json, summary = ${summary}::text::json, attention = ${attention}
      where id = ${sessionId} and last_seq = ${seq} returning id`;
    if (rows.length > 0) return view;
    if (!(await exists(sql, sessionId)))
      throw new AppError({ code: 'session.not-found', message: `no session ${sessionId}` });
  }
}

async function exists(sql: Sql, sessionId: string): Promise<boolean> {
  const rows = await sql`select 1 from sessions where id = ${sessionId}`;
  return rows.length > 0;
}

/** 128 random bits: a key nobody else has. */
function newKey(random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  return Buffer.from(bytes).toString('base64url');
}
