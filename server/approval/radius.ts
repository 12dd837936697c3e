/** What an allowance for a session would have allowed there so far: past actions of the same subject, from the log. */
import type { Sql } from '#db/client.ts';
import type { EventPayload } from '#protocol/event.ts';
import { subjectOf } from '#server/turn/index.ts';
import type { ApprovalEvents } from './approval-view.ts';
import { peopleOf } from './read.ts';

/** Past actions that are compared, the newest; events that are looked through for them; and those that are told. */
const lookBack = { actions: 500, events: 20_000, told: 20 } as const;

export interface PastAction {
  actionId: string;
  /** ISO 8601 UTC. */
  at: string;
  agent: string;
  /** What became of it then: by a person, or by the rules alone. */
  was: 'approved' | 'denied' | 'allowed' | 'not decided';
  /** Name of the person who decided; null: nobody did. */
  by: string | null;
}

export interface Radius {
  /** Past actions of the session that were compared. */
  of: number;
  /** Of those, how many would have been allowed. */
  count: number;
  /** The newest of these first. */
  actions: PastAction[];
}

type Subject = Pick<EventPayload<'action.requested'>, 'actionId' | 'agent' | 'tool' | 'command' | 'paths' | 'cwd'> & {
  input: { digest: string } | null;
};

interface JudgedRow {
  action_id: string;
  verdict: 'allow' | 'ask' | 'deny';
  decision: 'approved' | 'denied' | null;
  principal: string | null;
}

/** Actions that the rules denied are not among them: an allowance does not reach those. */
export async function radiusOf(sql: Sql, { requested }: ApprovalEvents): Promise<Radius> {
  const { sessionId, seq, payload } = requested;
  const past = (await pastActions(sql, sessionId, seq)).filter(({ actionId }) => actionId !== payload.actionId);
  const same = past.filter((each) => subjectOf(each) === payload.subject);
  if (same.length === 0) return { of: past.length, count: 0, actions: [] };
  const ids = same.map(({ actionId }) => actionId);
  const [rows, people] = await Promise.all([judgements(sql, sessionId, ids), peopleOf(sql)]);
  const judged = new Map(rows.map((row) => [row.action_id, row]));
  const reached = same.filter(({ actionId }) => judged.get(actionId)?.verdict !== 'deny');
  const actions = reached.slice(0, lookBack.told).map(({ actionId, agent, at }) => {
    const { verdict, decision = null, principal = null } = judged.get(actionId) ?? {};
    const was = decision ?? (verdict === 'allow' ? 'allowed' : 'not decided');
    return { actionId, agent, at, was, by: principal && (people.get(principal) ?? principal) } as const;
  });
  return { of: past.length, count: reached.length, actions };
}

/** Newest first, before the event `seq`. */
async function pastActions(sql: Sql, sessionId: string, seq: number): Promise<(Subject & { at: string })[]> {
  const rows = await sql<(Subject & { at: Date })[]>`
    select at, payload->>'actionId' as "actionId", payload->>'agent' as agent, payload->>'tool' as tool,
      payload->>'command' as command, payload->'paths' as paths, payload->>'cwd' as cwd,
      (payload->'input') - 'text' as input
    from events where session_id = ${sessionId} and type = 'action.requested'
      and seq < ${seq} and seq > ${seq - lookBack.events}
    order by seq desc limit ${lookBack.actions}`;
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

const judgements = (sql: Sql, sessionId: string, actionIds: string[]): Promise<JudgedRow[]> => sql<JudgedRow[]>`
  select action_id, judged.payload->>'verdict' as verdict, decided.payload->>'decision' as decision, decided.principal
  from unnest(${actionIds}::text[]) as action_id
    join events judged on judged.session_id = ${sessionId} and judged.dedupe_key = 'judged:' || action_id
    left join events decided on decided.session_id = ${sessionId} and decided.payload->>'actionId' = action_id
      and decided.type = 'approval.decided' and decided.type like 'approval.%'`;
