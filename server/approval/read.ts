/** Approvals read from the log: those that wait, by the views of their sessions; others by their events. */
import type { PendingQuery, Row } from 'postgres';
import type { Sql } from '#db/client.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { ApprovalId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { ToolInput } from '#protocol/turn-event.ts';
import { type EventRow, toEvent } from '#server/session/index.ts';
import type { ApprovalEvents, PendingApproval } from './approval-view.ts';

/** Most that are listed as waiting. */
const maxPending = 2_000;

interface NamedRow extends EventRow {
  name: string;
}

type Asked = SessionEvent & { type: 'approval.requested' };

/** Names by person's id. */
export async function peopleOf(sql: Sql): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; name: string }[]>`select id, name from people`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Which action of which session an approval is about. */
interface Subject {
  session: string;
  action: string;
}

/** Everything about the approvals of the actions that `asked` (session_id, action_id) yields, by action. */
async function eventsByAction(sql: Sql, asked: PendingQuery<Row[]>): Promise<Map<string, ApprovalEvents>> {
  const [people, rows] = await Promise.all([
    peopleOf(sql),
    // One look into the index for each: a join would read all of it, however long the log is.
    sql<NamedRow[]>`
      select e.session_id, e.seq, e.type, e.version, e.at, e.principal, e.payload, s.name
      from ${asked} join sessions s on s.id = asked.session_id
      cross join lateral (
        select session_id, seq, type, version, at, principal, payload from events
        where session_id = asked.session_id and payload->>'actionId' = asked.action_id
          and (type like 'approval.%' or type in ('action.judged', 'action.acted'))
        order by seq offset 0
      ) e`,
  ]);
  const byAction = new Map<string, { events: SessionEvent[]; name: string }>();
  for (const row of rows) {
    const event = toEvent(row);
    const { actionId } = event.payload as { actionId: string };
    const group = byAction.get(actionId) ?? { events: [], name: row.name };
    group.events.push(event);
    byAction.set(actionId, group);
  }
  const found = new Map<string, ApprovalEvents>();
  for (const [actionId, { events, name }] of byAction) {
    const requested = events.find((event): event is Asked => event.type === 'approval.requested');
    if (requested) found.set(actionId, { requested, later: events, people, sessionName: name });
  }
  return found;
}

/** In the order of `subjects`. */
export async function eventsOf(sql: Sql, subjects: readonly Subject[]): Promise<ApprovalEvents[]> {
  if (subjects.length === 0) return [];
  const sessions = subjects.map(({ session }) => session);
  const actions = subjects.map(({ action }) => action);
  const asked = sql`unnest(${sessions}::text[], ${actions}::text[]) as asked (session_id, action_id)`;
  const found = await eventsByAction(sql, asked);
  return subjects.flatMap(({ action }) => found.get(action) ?? []);
}

export async function findApproval(sql: Sql, approvalId: ApprovalId): Promise<ApprovalEvents | null> {
  const asked = sql`(
    select session_id, payload->>'actionId' as action_id from events
    where type = 'approval.requested' and payload->>'approvalId' = ${approvalId}
  ) as asked`;
  const [found] = (await eventsByAction(sql, asked)).values();
  if (!found) return null;
  const { sessionId, payload } = found.requested;
  const [action] = await sql<{ input: ToolInput | null }[]>`
    select payload->'input' as input from events
    where session_id = ${sessionId} and dedupe_key = ${`requested:${payload.actionId}`}`;
  return { ...found, input: action?.input ?? null };
}

export interface Waiting {
  session: string;
  actionId: string;
  /** ISO 8601 UTC. */
  at: string;
  /** It was decided, and nobody knows whether it happened. */
  isUnknown: boolean;
}

/** What people are asked about now, by the views of sessions: parsed here, since Postgres takes five times as long. */
export async function waitingIn(sql: Sql, session: string | null): Promise<Waiting[]> {
  const rows = await sql<{ view: SessionView }[]>`
    select coalesce(summary, view) as view from sessions
    where attention = 'needs' and (${session}::text is null or id = ${session})`;
  return rows.flatMap(({ view }) => [
    ...(view.turns?.actions ?? []).flatMap(({ actionId, approval }) =>
      approval?.decided === null ? [{ session: view.id, actionId, at: approval.at, isUnknown: false }] : [],
    ),
    ...(view.turns?.unknown ?? []).map(({ actionId, at }) => ({ session: view.id, actionId, at, isUnknown: true })),
  ]);
}

interface PendingRow extends NamedRow {
  outside: PendingApproval['outside'];
  shown_at: Date | null;
}

/** Of `waiting` those that are asked about, oldest first. What they would touch stays where it is. */
export async function pendingApprovals(sql: Sql, waiting: readonly Waiting[]): Promise<PendingApproval[]> {
  const open = waiting.filter(({ isUnknown }) => !isUnknown);
  const asked = open.sort((one, other) => (one.at < other.at ? -1 : 1)).slice(0, maxPending);
  if (asked.length === 0) return [];
  const rows = await sql<PendingRow[]>`
    select e.session_id, e.seq, e.type, e.version, e.at, e.principal, e.payload, s.name, shown.at as shown_at,
      case when (judged.payload @? '$.facts.paths[*] ? (@.isInBase == false)') is not true then null
        when judged.payload @? '$.facts.paths[*] ? (@.isInBase == false && @.effect != "read" && @.effect != "list")'
        then 'changes' else 'reads' end as outside
    from unnest(${asked.map((each) => each.session)}::text[], ${asked.map((each) => each.actionId)}::text[])
        with ordinality as asked (session_id, action_id, place)
      join events e on e.session_id = asked.session_id and e.dedupe_key = 'approval:' || action_id
      join sessions s on s.id = asked.session_id
      left join events judged on judged.session_id = asked.session_id and judged.dedupe_key = 'judged:' || action_id
      left join events shown on shown.session_id = asked.session_id
        and shown.dedupe_key = 'shown:' || (e.payload->>'approvalId')
    order by place`;
  return rows.map((row) => ({
    requested: toEvent(row) as Asked,
    sessionName: row.name,
    outside: row.outside,
    shownAt: row.shown_at?.toISOString() ?? null,
  }));
}

/** Of `waiting` those that somebody has to look at: they were approved, and nobody knows whether they happened. */
export async function unknownApprovals(sql: Sql, waiting: readonly Waiting[]): Promise<ApprovalEvents[]> {
  const unknown = waiting.filter(({ isUnknown }) => isUnknown).slice(0, maxPending);
  return eventsOf(
    sql,
    unknown.map(({ session: id, actionId }) => ({ session: id, action: actionId })),
  );
}

export const countPending = async (sql: Sql): Promise<number> => (await waitingIn(sql, null)).length;

/** Those that do not wait any more, newest first. */
export async function newestDecided(sql: Sql, limit: number): Promise<ApprovalEvents[]> {
  const subjects = await sql<Subject[]>`
    select session_id as session, payload->>'actionId' as action from events
    where type in ('approval.decided', 'approval.expired', 'approval.withdrawn') order by at desc limit ${limit}`;
  return eventsOf(sql, subjects);
}
