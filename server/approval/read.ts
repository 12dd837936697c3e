/** Approvals read from the log: those that wait, by the views of their sessions; others by their events. */
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

/** Everything about these approvals, each with its events. In the order of `ids`. */
async function eventsOf(sql: Sql, ids: readonly string[]): Promise<ApprovalEvents[]> {
  if (ids.length === 0) return [];
  const [people, rows] = await Promise.all([
    peopleOf(sql),
    sql<NamedRow[]>`
      with asked as (
        select session_id, payload->>'actionId' as action_id from events
        where type = 'approval.requested' and payload->>'approvalId' = any(${ids as string[]})
      )
      select e.session_id, e.seq, e.type, e.version, e.at, e.principal, e.payload, s.name
      from asked a join events e on e.session_id = a.session_id and e.payload->>'actionId' = a.action_id
        and (e.type like 'approval.%' or e.type in ('action.judged', 'action.acted'))
      join sessions s on s.id = e.session_id
      order by e.session_id, e.seq`,
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
  for (const { events, name } of byAction.values()) {
    const requested = events.find((event): event is Asked => event.type === 'approval.requested');
    if (requested) found.set(requested.payload.approvalId, { requested, later: events, people, sessionName: name });
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

export const findApproval = async (sql: Sql, approvalId: ApprovalId): Promise<ApprovalEvents | null> =>
  (await eventsOf(sql, [approvalId]))[0] ?? null;

/** Oldest first. */
export async function pendingApprovals(sql: Sql): Promise<ApprovalEvents[]> {
  const rows = await sql<
    { view: SessionView }[]
  >`select view from sessions where attention = 'needs' and view is not null`;
  const ids = rows
    .flatMap(({ view }) => view.turns?.actions ?? [])
    .flatMap(({ approval }) => (approval && approval.decided === null ? [approval] : []))
    .sort((one, other) => (one.at < other.at ? -1 : 1))
    .map(({ approvalId }) => approvalId);
  return eventsOf(sql, ids.slice(0, maxPending));
}

/** Those that do not wait any more, newest first. */
export async function newestDecided(sql: Sql, limit: number): Promise<ApprovalEvents[]> {
  const rows = await sql<{ id: string }[]>`
    select payload->>'approvalId' as id from events where type in ('approval.decided', 'approval.expired', 'approval.withdrawn') order by at desc limit ${limit}`;
  return eventsOf(
    sql,
    rows.map(({ id }) => id),
  );
}
