/** One approval as people see it, folded from its events. Pure. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { ApprovalStatus } from '#protocol/approval.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { ApprovalId, SessionId } from '#protocol/id.ts';

/** Events about one approval and its action, in order. */
export interface ApprovalEvents {
  sessionName: string;
  requested: SessionEvent & { type: 'approval.requested' };
  later: SessionEvent[];
  /** Names by person's id. */
  people: ReadonlyMap<string, string>;
}

export interface ApprovalView {
  id: ApprovalId;
  sessionId: SessionId;
  sessionName: string;
  turnId: string | null;
  agent: string;
  kind: string;
  tool: string;
  command: string | null;
  paths: string[];
  cwd: string;
  effect: string;
  rule: string;
  reasons: string[];
  hash: string;
  status: ApprovalStatus;
  facts: ActionFacts | null;
  /** ISO 8601 UTC; null: not yet. */
  requestedAt: string;
  shownAt: string | null;
  decidedAt: string | null;
  deliveredAt: string | null;
  actedAt: string | null;
  /** What became of it: `ran`, `blocked` where an edited command could not replace it, `unknown`. */
  outcome: string | null;
  /** Name of a person. */
  decidedBy: string | null;
  note: string | null;
  edit: string | null;
  forSession: boolean;
}

type Of<T extends SessionEvent['type']> = SessionEvent & { type: T };

export function approvalOf({ requested, later, people, sessionName }: ApprovalEvents): ApprovalView {
  const find = <T extends SessionEvent['type']>(type: T) => later.find((event): event is Of<T> => event.type === type);
  const { approvalId: id, actionId: _actionId, subject: _subject, ...asked } = requested.payload;
  const decided = find('approval.decided');
  const acted = find('action.acted');
  // What began may turn out to be unknown.
  const outcome = later.findLast((event) => event.type === 'action.acted')?.payload.outcome ?? null;
  return {
    ...{ ...asked, id, sessionId: requested.sessionId as SessionId, sessionName, requestedAt: requested.at },
    status: statusOf(decided, outcome, find('approval.withdrawn'), find('approval.expired')),
    facts: find('action.judged')?.payload.facts ?? null,
    shownAt: find('approval.shown')?.at ?? null,
    decidedAt: decided?.at ?? null,
    deliveredAt: find('approval.delivered')?.at ?? null,
    actedAt: acted?.at ?? null,
    outcome,
    decidedBy: decided ? (people.get(decided.principal) ?? decided.principal) : null,
    note: decided?.payload.note ?? null,
    edit: decided?.payload.edit ?? null,
    forSession: decided?.payload.forSession ?? false,
  };
}

function statusOf(
  decided: Of<'approval.decided'> | undefined,
  outcome: ApprovalView['outcome'],
  withdrawn: Of<'approval.withdrawn'> | undefined,
  expired: Of<'approval.expired'> | undefined,
): ApprovalStatus {
  if (decided && outcome === 'unknown') return 'unknown';
  if (decided) return decided.payload.decision;
  if (withdrawn) return 'withdrawn';
  return expired || outcome ? 'expired' : 'pending';
}
