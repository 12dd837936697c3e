/** The list of sessions by need, page by page, and how many each group holds. */
import * as z from 'zod';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { sessionIdSchema } from '#protocol/id.ts';
import { type Attention, attentionSchema, attentions, type SessionView } from '#protocol/session-view.ts';

export type Counts = Record<Attention, number>;

export interface SessionPage {
  /** With all open terminals and the newest closed one. */
  sessions: SessionView[];
  /** Pass as `cursor` for the next page; null after the last. */
  next: string | null;
}

export interface ListOptions {
  /** Only this group; absent: all, most urgent first. */
  group?: Attention | undefined;
  cursor?: string | null | undefined;
  limit: number;
}

/** Where a page begins: in this group, behind the row; without one, before the group's first. */
interface Position {
  group: Attention;
  behind: { updatedAt: string; id: string } | null;
}

/** A row as few and cheap columns: the client takes longer to read times than Postgres to find the rows. */
interface ListRow {
  /** Ms since 1970. */
  at: number;
  view: SessionView;
}

const keptClosed = 1;

/** What a list shows of a session: of its closed terminals only the newest one. Most of a long session's view is those. */
export function summaryOf(view: SessionView): SessionView {
  const closed = view.terminals.filter((terminal) => terminal.closed !== null);
  const left = new Set(closed.slice(0, -keptClosed));
  return left.size === 0 ? view : { ...view, terminals: view.terminals.filter((terminal) => !left.has(terminal)) };
}

/** Within a group the newest change comes first. Throws `input.invalid` on a cursor that is not one of ours. */
export async function listSessions(sql: Sql, { group, cursor, limit }: ListOptions): Promise<SessionPage> {
  const start = cursor ? decodeCursor(cursor) : null;
  const groups = group ? [group] : attentions.slice(start ? attentions.indexOf(start.group) : 0);
  const sessions: SessionView[] = [];
  for (const current of groups) {
    const behind = start?.group === current ? start.behind : null;
    const wanted = limit - sessions.length;
    const rows = await readGroup(sql, current, behind, wanted + 1);
    sessions.push(...rows.slice(0, wanted).map((row) => row.view));
    if (rows.length <= wanted) continue;
    const last = rows[wanted - 1];
    const next = last ? { updatedAt: new Date(last.at).toISOString(), id: last.view.id } : behind;
    return { sessions, next: encodeCursor({ group: current, behind: next }) };
  }
  return { sessions, next: null };
}

const columns = (sql: Sql) => sql`(extract(epoch from updated_at) * 1000)::int8 as at, coalesce(summary, view) as view`;

/** Both bounds on updated_at are needed: the first is the index condition, an OR alone would scan from the start. */
function readGroup(sql: Sql, group: Attention, after: Position['behind'], limit: number): Promise<ListRow[]> {
  if (!after) {
    return sql<ListRow[]>`
      select ${columns(sql)} from sessions where attention = ${group}
      order by updated_at desc, id limit ${limit}`;
  }
  return sql<ListRow[]>`
    select ${columns(sql)} from sessions
    where attention = ${group} and updated_at <= ${after.updatedAt}::text::timestamptz
      and (updated_at < ${after.updatedAt}::text::timestamptz or id > ${after.id})
    order by updated_at desc, id limit ${limit}`;
}

const positionSchema = z.object({
  group: attentionSchema,
  // A year before 1 is a date to JavaScript and none to Postgres.
  behind: z.object({ updatedAt: z.iso.datetime().startsWith('2'), id: sessionIdSchema }).nullable(),
});

const encodeCursor = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function decodeCursor(cursor: string): Position {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new AppError({ code: 'input.invalid', message: 'unknown cursor: start from the first page', cause });
  }
}

export async function countSessions(sql: Sql): Promise<Counts> {
  const rows = await sql<{ attention: Attention; n: number }[]>`
    select attention, count(*) as n from sessions where attention is not null group by attention`;
  const counts: Counts = { needs: 0, working: 0, idle: 0, done: 0 };
  for (const row of rows) counts[row.attention] = row.n;
  return counts;
}
