/** The SQL of the append path: the one statement that writes events, and the look-ups around it. */
import type { Sql } from '#db/client.ts';
import type { DraftEvent, Part } from './batch.ts';
import { hex } from './chain.ts';
import { summaryOf } from './list.ts';

/**
 * Writes the parts whose session still stands at `before`, in one transaction, and returns the ids of those sessions. The
 * others are untouched: somebody else appended there. Sessions are locked in id order, so that writers never deadlock.
 */
export async function writeParts(sql: Sql, parts: Part[]): Promise<Set<string>> {
  const events = parts.flatMap((part) => part.drafts);
  const pick = <T>(get: (draft: DraftEvent) => T): T[] => events.map(get);
  const rows = await sql<{ id: string }[]>`
    with j as materialized (
      select * from unnest(
        ${parts.map((part) => part.sessionId)}::text[],
        ${parts.map(({ before }) => (before.exists ? before.seq : -1))}::bigint[],
        ${parts.map((part) => part.after.seq)}::bigint[],
        ${parts.map((part) => hex(part.after.hash))}::text[], ${parts.map((part) => part.after.view?.name ?? '')}::text[],
        ${parts.map((part) => part.after.attention)}::text[],
        ${parts.map((part) => new Date(part.after.listedAt).toISOString())}::text[],
        ${parts.map((part) => part.after.view && JSON.stringify(part.after.view))}::text[],
        ${parts.map((part) => part.after.view && JSON.stringify(summaryOf(part.after.view)))}::text[]
      ) as j(id, expected, last, head, name, attention, listed, view, summary)
    ),
    l as materialized (
      select s.id from sessions s join j on j.id = s.id
      where s.last_seq = j.expected order by s.id for no key update of s
    ),
    u as (
      update sessions s
      set last_seq = j.last, head_hash = decode(j.head, 'hex'), attention = j.attention,
        updated_at = j.listed::timestamptz, view = j.view::json, summary = j.summary::json
      from l join j on j.id = l.id
      where s.id = l.id and s.last_seq = j.expected
      returning s.id
    ),
    n as (
      insert into sessions (id, name, attention, updated_at, created_at, last_seq, head_hash, view, summary)
      select j.id, j.name, j.attention, j.listed::timestamptz, j.listed::timestamptz, j.last, decode(j.head, 'hex'),
        j.view::json, j.summary::json
      from j where j.expected = -1 order by j.id
      on conflict (id) do nothing
      returning id
    ),
    w as (select id from u union all select id from n),
    i as (
      insert into events (session_id, seq, type, version, at, principal, dedupe_key, payload, hash)
      select x.id, x.seq, x.type, x.version, x.at::timestamptz, x.principal, x.key, x.payload::jsonb, decode(x.hash, 'hex')
      from unnest(
        ${pick((draft) => draft.event.sessionId)}::text[], ${pick((draft) => draft.event.seq)}::bigint[],
        ${pick((draft) => draft.event.type)}::text[], ${pick((draft) => draft.event.version)}::smallint[],
        ${pick((draft) => draft.event.at)}::text[], ${pick((draft) => draft.event.principal)}::text[],
        ${pick((draft) => draft.dedupeKey)}::text[], ${pick((draft) => JSON.stringify(draft.event.payload))}::text[],
        ${pick((draft) => hex(draft.hash))}::text[]
      ) as x(id, seq, type, version, at, principal, key, payload, hash)
      join w on w.id = x.id
    )
    select id from w`;
  return new Set(rows.map((row) => row.id));
}

/** Seqs of stored events by session and key: `result.get(sessionId)?.get(dedupeKey)`. */
export async function findKeys(
  sql: Sql,
  wanted: { sessionId: string; key: string }[],
): Promise<Map<string, Map<string, number>>> {
  const rows = await sql<{ session_id: string; dedupe_key: string; seq: number }[]>`
    select e.session_id, e.dedupe_key, e.seq
    from unnest(${wanted.map((w) => w.sessionId)}::text[], ${wanted.map((w) => w.key)}::text[]) as w(id, key)
    join events e on e.session_id = w.id and e.dedupe_key = w.key`;
  const found = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const keys = found.get(row.session_id) ?? new Map<string, number>();
    found.set(row.session_id, keys.set(row.dedupe_key, row.seq));
  }
  return found;
}

/** True for a violation of the unique dedupe key, the one error that a repeated fact causes. */
export const isRepeatedKey = (error: unknown): boolean =>
  error instanceof Error && 'constraint_name' in error && error.constraint_name === 'events_dedupe';
