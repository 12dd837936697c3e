/** One approval as people see it, folded from its events. Pure. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { ApprovalStatus, Demand, Finding } from '#protocol/approval.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { ApprovalId, SessionId } from '#protocol/id.ts';
import type { ToolInput } from '#protocol/turn-event.ts';

type Requested = SessionEvent & { type: 'approval.requested' };

/** Events about one approval and its action, in order. */
export interface ApprovalEvents {
  sessionName: string;
  requested: Requested;
  later: SessionEvent[];
  /** What the tool is given; absent where nobody asked for it. */
  input?: ToolInput | null;
  /** Names by person's id. */
  people: ReadonlyMap<string, string>;
}

/** What a list says of it. */
export interface ApprovalSummary {
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
  /** What it does to paths outside of the folder that agents work in, the worst of it; null: nothing. */
  outside: 'reads' | 'changes' | null;
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
  /** What somebody found who looked whether an unknown one had happened, and who; null: nobody did. */
  settled: { found: Finding; by: string } | null;
  /** What the rules demand beyond one person who may approve; null: nothing. */
  demand: Demand | null;
  /** Its agent waits no longer, ISO 8601 UTC. */
  expiresAt: string;
}

export interface ApprovalView extends ApprovalSummary {
  facts: ActionFacts | null;
  /** What the tool is given; null: it was not recorded then. */
  input: ToolInput | null;
  /** Names of those who approved so far, where several must. */
  votes: string[];
  /** Further people who may approve by now. */
  escalatedTo: string[];
  /** It was decided and did not come to anything, as far as one knew then. */
  overdueAt: string | null;
}

type Of<T extends SessionEvent['type']> = SessionEvent & { type: T };

/** One that waits, and what is to be known of it. */
export interface PendingApproval {
  requested: Requested;
  sessionName: string;
  outside: ApprovalSummary['outside'];
  shownAt: string | null;
}

/** `holdMs`: how long any question is held. Field by field: the inbox opens with a thousand of them, and to spread a payload takes ten times as long. */
export function pendingOf(
  { requested, sessionName, outside, shownAt }: PendingApproval,
  holdMs: number,
): ApprovalSummary {
  const { payload, at, sessionId } = requested;
  const { turnId, agent, kind, tool, command, paths, cwd, effect, rule, reasons, hash, demand = null } = payload;
  const until = Date.parse(at) + (demand?.expiresInMs ?? holdMs);
  return {
    id: payload.approvalId,
    sessionId: sessionId as SessionId,
    sessionName,
    turnId,
    agent,
    kind,
    tool,
    command,
    paths,
    cwd,
    effect,
    rule,
    reasons,
    hash,
    status: 'pending',
    outside,
    requestedAt: at,
    shownAt,
    decidedAt: null,
    deliveredAt: null,
    actedAt: null,
    outcome: null,
    decidedBy: null,
    note: null,
    edit: null,
    forSession: false,
    settled: null,
    demand,
    expiresAt: new Date(until).toISOString(),
  };
}

function outsideOf(facts: ActionFacts | null): ApprovalSummary['outside'] {
  const outside = facts?.paths.filter(({ isInBase }) => !isInBase) ?? [];
  if (outside.length === 0) return null;
  return outside.every(({ effect }) => effect === 'read' || effect === 'list') ? 'reads' : 'changes';
}

/** Without what it would touch: a list has many. */
export const summaryOf = ({
  facts: _facts,
  input: _input,
  votes: _votes,
  escalatedTo: _escalatedTo,
  overdueAt: _overdueAt,
  ...summary
}: ApprovalView): ApprovalSummary => summary;

export function approvalOf(
  { requested, later, input = null, people, sessionName }: ApprovalEvents,
  holdMs: number,
): ApprovalView {
  const find = <T extends SessionEvent['type']>(type: T) => later.find((event): event is Of<T> => event.type === type);
  const facts = find('action.judged')?.payload.facts ?? null;
  const nameOf = (person: string) => people.get(person) ?? person;
  const decided = find('approval.decided');
  const acted = find('action.acted');
  const settled = find('approval.settled');
  // What began may turn out to be unknown.
  const outcome = later.findLast((event) => event.type === 'action.acted')?.payload.outcome ?? null;
  return {
    ...pendingOf(
      { requested, sessionName, outside: outsideOf(facts), shownAt: find('approval.shown')?.at ?? null },
      holdMs,
    ),
    status: statusOf(decided, outcome, find('approval.withdrawn'), find('approval.expired')),
    facts,
    input,
    decidedAt: decided?.at ?? null,
    deliveredAt: find('approval.delivered')?.at ?? null,
    actedAt: acted?.at ?? null,
    outcome,
    decidedBy: decided ? nameOf(decided.principal) : null,
    votes: [...new Set(later.flatMap((each) => (each.type === 'approval.voted' ? [each.principal] : [])))].map(nameOf),
    escalatedTo: find('approval.escalated')?.payload.to ?? [],
    overdueAt: acted ? null : (find('approval.overdue')?.at ?? null),
    note: decided?.payload.note ?? null,
    edit: decided?.payload.edit ?? null,
    forSession: decided?.payload.forSession ?? false,
    settled: settled ? { found: settled.payload.found, by: nameOf(settled.principal) } : null,
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
