/** Decisions that were like one that is to be made: the same program, or tool, with the same effect, in any session. */
import type { Sql } from '#db/client.ts';
import type { ApprovalEvents } from './approval-view.ts';
import { eventsOf } from './read.ts';

/** Newest decisions that are looked through, and those that are told. */
const lookBack = 400;
const shown = 5;

/** Newest first. */
export async function similarTo(sql: Sql, { requested, later }: ApprovalEvents): Promise<ApprovalEvents[]> {
  const { approvalId, effect, tool } = requested.payload;
  const judged = later.find((event) => event.type === 'action.judged');
  const program = judged?.payload.facts?.commands[0]?.program ?? null;
  const rows = await sql<{ session: string; action: string }[]>`
    with recent as (
      select session_id, at, payload->>'approvalId' as id, payload->>'actionId' as action_id
      from events where type = 'approval.decided' order by at desc limit ${lookBack}
    )
    select recent.session_id as session, recent.action_id as action from recent
      join events asked on asked.session_id = recent.session_id and asked.dedupe_key = 'approval:' || recent.action_id
      join events judged on judged.session_id = recent.session_id and judged.dedupe_key = 'judged:' || recent.action_id
    where recent.id <> ${approvalId} and asked.payload->>'effect' = ${effect} and asked.payload->>'tool' = ${tool}
      and judged.payload->'facts'->'commands'->0->>'program' is not distinct from ${program}
    order by recent.at desc limit ${shown}`;
  return eventsOf(sql, rows);
}
