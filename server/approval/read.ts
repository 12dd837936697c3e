/** Approvals read from the log: those that wait, by the views of their sessions; others by their events. */
import type { PendingQuery, Row } from 'postgres';
import type { Sql } from '#db/client.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { ApprovalId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { type EventRow, toEvent } from '#server/session/index.ts';
import type { ApprovalEvents } from './approval-view.ts';

/** Most that are listed as waiting. */
const maxPending = 2_000;

interface NamedRow extends EventRow {
  name: string;
}

type Asked = SessionEvent & { type: 'approval.requested' };

async function peopleOf(sql: Sql): Promise<Map<string, string>> {
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
async function eventsOf(sql: Sql, subjects: readonly Subject[]): Promise<ApprovalEvents[]> {
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
  return found ?? null;
}

/** Oldest first. */
export async function pendingApprovals(sql: Sql): Promise<ApprovalEvents[]> {
  const rows = await sql<
    { view: SessionView }[]
  >`select view from sessions where attention = 'needs' and view is not null`;
  const waiting = rows.flatMap(({ view }) =>
    (view.turns?.actions ?? []).flatMap(({ actionId, approval }) =>
      approval && approval.decided === null ? [{ at: approval.at, session: view.id, action: actionId }] : [],
    ),
  );
  waiting.sort((one, other) => (one.at < other.at ? -1 : 1));
  return eventsOf(sql, waiting.slice(0, maxPending));
}

/** Those that do not wait any more, newest first. */
export async function newestDecided(sql: Sql, limit: number): Promise<ApprovalEvents[]> {
  const subjects = await sql<Subject[]>`
    select session_id as session, payload->>'actionId' as action from events
    where type in ('approval.decided', 'approval.expired', 'approval.withdrawn') order by at desc limit ${limit}`;
  return eventsOf(sql, subjects);
}
