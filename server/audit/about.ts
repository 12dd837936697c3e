/** What records are about where they only point to it: the action with its policy, the prompt of a turn. Reads the log. */
import type { Sql } from '#db/client.ts';
import type { FoundRecord } from '#server/session/index.ts';

export interface About {
  agent: string;
  /** The command, the tool and what it was used on, or the prompt; cut. */
  what: string;
}

export type AuditRecord = FoundRecord & {
  /** Null where the record says it itself, or nobody knows. */
  about: About | null;
  /** Of the policy that the record is about, or that its action was judged by; null: of none. */
  policyHash: string | null;
};

const maxLength = 400;

interface AboutRow {
  session_id: string;
  dedupe_key: string;
  agent: string | null;
  what: string | null;
  policy_hash: string | null;
}

const keyOf = (session: string, key: string) => `${session} ${key}`;

/** Ids of what a record points to. */
function pointsTo({ type, payload }: FoundRecord): { action: string | null; turn: string | null } {
  const action = 'actionId' in payload ? payload.actionId : null;
  const isOfTurn = type.startsWith('turn.') && type !== 'turn.queued' && type !== 'turn.begun';
  return { action, turn: isOfTurn && 'turnId' in payload ? payload.turnId : null };
}

/** The records with what they are about, read by the keys under which it was stored. */
export async function withAbout(sql: Sql, records: readonly FoundRecord[]): Promise<AuditRecord[]> {
  const wanted = records.flatMap((record) => {
    const { action, turn } = pointsTo(record);
    const keys = action === null ? [turn] : [`requested:${action}`, `judged:${action}`];
    return keys.flatMap((key) => (key === null ? [] : [{ session: record.sessionId, key }]));
  });
  const rows =
    wanted.length === 0
      ? []
      : await sql<AboutRow[]>`
        select e.session_id, e.dedupe_key, e.payload->>'agent' as agent, e.payload->>'policyHash' as policy_hash,
          left(coalesce(e.payload->>'command', e.payload->>'prompt', concat_ws(' ', e.payload->>'tool',
            (select string_agg(path, ' ') from jsonb_array_elements_text(e.payload->'paths') path))), ${maxLength}) as what
        from (select distinct session, key from unnest(${wanted.map(({ session }) => session)}::text[],
            ${wanted.map(({ key }) => key)}::text[]) as wanted (session, key)) wanted
          join events e on e.session_id = wanted.session and e.dedupe_key = wanted.key`;
  const found = new Map(rows.map((row) => [keyOf(row.session_id, row.dedupe_key), row]));
  return records.map((record) => {
    const { action, turn } = pointsTo(record);
    const told = found.get(keyOf(record.sessionId, action === null ? (turn ?? '') : `requested:${action}`));
    const judged = found.get(keyOf(record.sessionId, `judged:${action}`));
    const isSaid = record.type === 'action.requested' || record.type === 'approval.requested';
    return {
      ...record,
      about: isSaid || !told?.what ? null : { agent: told.agent ?? '', what: told.what },
      policyHash: ownHash(record) || judged?.policy_hash || null,
    };
  });
}

function ownHash({ type, payload }: FoundRecord): string | null {
  if (type === 'policy.set' || type === 'policy.changed') return (payload as { hash: string }).hash;
  return 'policyHash' in payload ? (payload.policyHash ?? null) : null;
}
