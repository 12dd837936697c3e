/** The log read as an audit: every stored row of every chain, and those that match a filter, newest first. */
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { EventType, SessionEvent } from '#protocol/event.ts';
import { type ChainRow, hex } from './chain.ts';
import { type EventRow, toEvent } from './stored-event.ts';

/** Where an export stands: everything up to this row was read. */
export interface RecordCursor {
  chain: string;
  seq: number;
}

/** One row as it is stored, with what its hash covers: sha256(previous hash ‖ canonical JSON of the rest but `hash`). */
export interface StoredRow extends Omit<ChainRow, 'sessionId'> {
  chain: string;
  /** Hex. */
  hash: string;
}

interface RawRow extends Omit<StoredRow, 'at' | 'hash'> {
  at: Date;
  hash: Uint8Array;
}

/** Rows after `after` by chain, then seq; fewer than `limit` at the end. */
export async function readRecords(sql: Sql, after: RecordCursor | null, limit: number): Promise<StoredRow[]> {
  const rows = await sql<RawRow[]>`
    select session_id as chain, seq, type, version, at, principal, dedupe_key as "dedupeKey", payload, hash
    from events where (session_id, seq) > (${after?.chain ?? ''}, ${after?.seq ?? 0})
    order by session_id, seq limit ${limit}`;
  return rows.map((row) => ({ ...row, at: row.at.toISOString(), hash: hex(row.hash) }));
}

export interface RecordFilter {
  /** Who: a principal's id. */
  principal?: string | undefined;
  types?: readonly EventType[] | undefined;
  session?: string | undefined;
  /** Found anywhere in what is stored, whatever its case. */
  text?: string | undefined;
  /** `next` of an earlier page. */
  before?: string | null | undefined;
  limit: number;
}

/** A fact with what is stored around it. */
export type FoundRecord = SessionEvent & Pick<StoredRow, 'dedupeKey' | 'hash'> & { sessionName: string | null };

export interface RecordPage {
  records: FoundRecord[];
  /** Pass as `before` for older ones; null when there are none. A page may be short and still have a next. */
  next: string | null;
}

const hourMs = 3_600_000;
/** A search goes back in steps that grow, so that what is new is found without reading what is old. */
const stepsMs = [hourMs, 24 * hourMs, 14 * 24 * hourMs, 180 * 24 * hourMs, Number.POSITIVE_INFINITY];

interface FoundRow extends EventRow {
  name: string | null;
  dedupe_key: string;
  hash: Uint8Array;
}

/** Matching events of all chains, newest first. Throws `input.invalid` on a bad `before`. */
export async function findRecords(sql: Sql, filter: RecordFilter, now: number): Promise<RecordPage> {
  const before = filter.before ? decode(filter.before) : { at: new Date(now + 24 * hourMs), chain: '', seq: 0 };
  for (const step of stepsMs) {
    const from = new Date(Math.max(0, before.at.getTime() - step));
    const rows = await findSince(sql, filter, before, from);
    if (rows.length === filter.limit || step === Number.POSITIVE_INFINITY) return toPage(rows, filter.limit);
  }
  return { records: [], next: null };
}

function toPage(rows: readonly FoundRow[], limit: number): RecordPage {
  const last = rows.at(-1);
  const records = rows.map((row) => ({
    ...toEvent(row),
    ...{ sessionName: row.name || null, dedupeKey: row.dedupe_key, hash: hex(row.hash) },
  }));
  const next = last && rows.length === limit ? `${last.at.toISOString()} ${last.session_id} ${last.seq}` : null;
  return { records, next };
}

interface Before {
  at: Date;
  chain: string;
  seq: number;
}

function findSince(sql: Sql, filter: RecordFilter, before: Before, from: Date): Promise<FoundRow[]> {
  const { principal = null, session = null, text, types = [], limit } = filter;
  const pattern = text ? `%${text.replace(/[\\%_]/g, (found) => `\\${found}`)}%` : null;
  return sql<FoundRow[]>`
    select e.session_id, e.seq, e.type, e.version, e.at, e.principal, e.payload, e.dedupe_key, e.hash, s.name
    from events e join sessions s on s.id = e.session_id
    where e.at >= ${from} and e.at <= ${before.at}
      and (e.at, e.session_id, e.seq) < (${before.at}, ${before.chain}, ${before.seq})
      and (${principal}::text is null or e.principal = ${principal})
      and (${session}::text is null or e.session_id = ${session})
      and (${types.length === 0} or e.type = any(${types as string[]}))
      and (${pattern}::text is null or e.payload::text ilike ${pattern})
    order by e.at desc, e.session_id desc, e.seq desc limit ${limit}`;
}

function decode(cursor: string): Before {
  const [at = '', chain = '', seq = ''] = cursor.split(' ');
  const time = new Date(at);
  if (Number.isNaN(time.getTime()) || !/^\d{1,15}$/.test(seq)) {
    throw new AppError({ code: 'input.invalid', message: 'before: unknown cursor, start from the first page' });
  }
  return { at: time, chain, seq: Number(seq) };
}
