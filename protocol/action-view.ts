/** The fold of what agents are about to do: what was said of it, what people are asked, what they allowed. Pure; part of turn-view.ts. */
import type { CommandEffect } from './action-facts.ts';
import type { Coverage, Decision, Demand } from './approval.ts';
import type { EventPayload, NewEvent, SessionEvent } from './event.ts';
import type { ActionId, ApprovalId, ItemId, TurnId } from './id.ts';

type Judged = Pick<EventPayload<'action.judged'>, 'verdict' | 'reasons' | 'command'> & { policyHash?: string };

/** An action whose outcome is not known yet. */
export interface OpenAction {
  actionId: ActionId;
  turnId: TurnId | null;
  /** Null or absent where none is known to be about it. */
  itemId?: ItemId | null;
  agent: string;
  tool: string;
  /** Null until it is judged. `policyHash` is of the rules that it was judged, or approved, under. */
  judged: Judged | null;
  /** What people are asked about it; absent where nobody is. */
  approval?: OpenApproval;
}

/** A question to people about an action that waits. */
export interface OpenApproval {
  approvalId: ApprovalId;
  /** ISO 8601 UTC. */
  at: string;
  kind: string;
  /** Cut for lists: the log has it whole. */
  command: string | null;
  paths: string[];
  cwd: string;
  effect: CommandEffect;
  rule: string;
  hash: string;
  /** Of the rules that ask. */
  policyHash?: string;
  /** Absent: one person who may approve is enough. */
  demand?: Demand;
  /** Ids of those who approved so far, where several must. */
  votes?: string[];
  /** Further people who may approve by now. */
  escalatedTo?: string[];
  /** How long its session was paused while it waited, in ms: that time does not count. */
  pausedMs?: number;
  /** ISO 8601 UTC. It was decided long ago and has not come to anything. */
  overdueAt?: string;
  /** Null while it waits. */
  decided: { decision: Decision; by: string; at?: string } | null;
}

/** What a person allowed for the rest of the session: the same bytes in the same folder. */
export interface SessionAllowance {
  approvalId: ApprovalId;
  actionId: ActionId;
  by: string;
  /** ISO 8601 UTC; absent in views stored before it was kept. */
  at?: string;
  tool: string;
  command: string | null;
  paths: string[];
  cwd: string;
  /** sha256 (hex) over tool, bytes, paths and folder: command and paths are cut here. */
  subject: string;
  /** An edited command: it may be run once, where its harness cannot have it replace what was asked. */
  isOnce: boolean;
  /** Of the rules under which it was allowed: under others it is asked about again. */
  policyHash?: string;
  /** Absent where it was not recorded: then it covers nothing. */
  covers?: Coverage;
}

/** What a person approved and its agent has begun: over when its item is. */
interface BegunAction {
  actionId: ActionId;
  approvalId: ApprovalId;
  itemId: ItemId;
}

/** What a person approved, and nobody knows whether it happened: somebody has to look. */
interface UnknownAction {
  actionId: ActionId;
  approvalId: ApprovalId;
  /** ISO 8601 UTC. */
  at: string;
}

export interface ActionsView {
  /** Oldest first. */
  actions: OpenAction[];
  /** Absent where nothing approved is under way. */
  begun?: BegunAction[];
  /** Absent where everything is known. */
  unknown?: UnknownAction[];
  /** Absent before anything was allowed. */
  allowances?: SessionAllowance[];
}

const setAction = <V extends ActionsView>(view: V, id: ActionId, change: (action: OpenAction) => OpenAction): V => ({
  ...view,
  actions: view.actions.map((action) => (action.actionId === id ? change(action) : action)),
});

const setApproval = <V extends ActionsView>(
  view: V,
  id: ActionId,
  change: (approval: OpenApproval) => OpenApproval,
): V => setAction(view, id, (action) => (action.approval ? { ...action, approval: change(action.approval) } : action));

/** The verdict when nobody decided in time. */
export const expired: NonNullable<OpenAction['judged']> = {
  verdict: 'deny',
  reasons: ['nobody decided in time; ask again if it is still needed'],
  command: null,
};

/** Commands and paths of what is asked about, in a view: characters, and how many. */
const shownApproval = { command: 2_000, paths: 20 } as const;

function openApproval({ payload, at }: SessionEvent & { type: 'approval.requested' }): OpenApproval {
  const { approvalId, kind, command, paths, cwd, effect, rule, hash, demand, policyHash } = payload;
  return {
    ...{ approvalId, at, kind, cwd, effect, rule, hash, decided: null },
    ...(demand && { demand }),
    ...(policyHash !== undefined && { policyHash }),
    command: command?.slice(0, shownApproval.command) ?? null,
    paths: paths.slice(0, shownApproval.paths),
  };
}

/** The rule of a verdict that an allowance gave; behind it stands whose it was. */
export const allowedBy = 'session.allowed';

/** What was allowed once is used up by the verdict that it gave. */
function usedUp<V extends ActionsView>(view: V, rule: string): V {
  if (!rule.startsWith(`${allowedBy}:`)) return view;
  const used = rule.slice(allowedBy.length + 1);
  return withoutOnce(view, ({ approvalId }) => approvalId === used);
}

const withBegun = <V extends ActionsView>({ begun: _before, ...view }: V, begun: BegunAction[]): V =>
  ({ ...view, ...(begun.length > 0 && { begun }) }) as V;

/** The item is over, and so is what it was about. */
export const endBegun = <V extends ActionsView>(view: V, itemId: ItemId): V =>
  view.begun?.some((each) => each.itemId === itemId)
    ? withBegun(
        view,
        view.begun.filter((each) => each.itemId !== itemId),
      )
    : view;

/** A turn is over: nothing approved is under way any more, and what was allowed once is for nobody any more. */
export function endWithTurn<V extends ActionsView>(view: V): V {
  const ended = view.begun ? withBegun(view, []) : view;
  return withoutOnce(ended, () => true);
}

/** What was allowed once is not allowed any more. */
const withoutOnce = <V extends ActionsView>(view: V, isOver: (allowance: SessionAllowance) => boolean): V =>
  view.allowances?.some((each) => each.isOnce && isOver(each))
    ? { ...view, allowances: view.allowances.filter((each) => !(each.isOnce && isOver(each))) }
    : view;

/** Of these the newest are kept. */
const maxUnknown = 50;

/** It is let through, or over. An edited command needs its allowance only where it could not run in its place. */
function acted<V extends ActionsView>(view: V, { payload, at }: SessionEvent & { type: 'action.acted' }): V {
  const { actionId, outcome } = payload;
  const action = view.actions.find((each) => each.actionId === actionId);
  const approvalId = action?.approval?.approvalId ?? view.begun?.find((each) => each.actionId === actionId)?.approvalId;
  const others = (view.begun ?? []).filter((each) => each.actionId !== actionId);
  const itemId = outcome === 'ran' ? action?.itemId : null;
  const begun = approvalId && itemId ? [...others, { actionId, approvalId, itemId }] : others;
  const isUnknown = approvalId && outcome === 'unknown';
  const unknown = isUnknown ? [...(view.unknown ?? []), { actionId, approvalId, at }].slice(-maxUnknown) : view.unknown;
  const next = withBegun(
    { ...view, actions: view.actions.filter((each) => each !== action), ...(unknown && { unknown }) },
    begun,
  );
  return outcome === 'blocked' ? next : withoutOnce(next, (each) => each.actionId === actionId);
}

/** Allowances that a session keeps; older ones are asked about again. */
const maxAllowances = 100;

/** The verdict that a decision is. */
export function judgedBy({
  decision,
  note,
  edit,
}: EventPayload<'approval.decided'>): NonNullable<OpenAction['judged']> {
  const verdict = decision === 'approved' ? ('allow' as const) : ('deny' as const);
  const reasons = note === null ? (verdict === 'deny' ? ['a person denied it'] : []) : [note];
  return { verdict, reasons, command: edit };
}

/** The decision is the verdict from then on. */
function decided<V extends ActionsView>(
  view: V,
  { payload, principal, at }: SessionEvent & { type: 'approval.decided' },
): V {
  const { actionId, approvalId, decision, edit, forSession, subject, covers } = payload;
  const action = view.actions.find((each) => each.actionId === actionId);
  if (!action?.approval) return view;
  const { command, paths, cwd, policyHash } = action.approval;
  const judged = { ...judgedBy(payload), ...(policyHash !== undefined && { policyHash }) };
  const approval = { ...action.approval, decided: { decision, by: principal, at } };
  const next = setAction(view, actionId, (each) => ({ ...each, judged, approval }));
  if (decision !== 'approved' || (!forSession && edit === null)) return next;
  const { tool } = action;
  const allowance = {
    approvalId,
    actionId,
    by: principal,
    at,
    tool,
    command: edit ?? command,
    paths,
    cwd,
    subject,
    isOnce: !forSession,
    ...(policyHash !== undefined && { policyHash }),
    ...(covers && { covers }),
  };
  return { ...next, allowances: [...(view.allowances ?? []), allowance].slice(-maxAllowances) };
}

/** The view after `event`; events of other nouns change nothing. */
export function foldActions<V extends ActionsView>(view: V, event: SessionEvent): V {
  switch (event.type) {
    case 'action.requested': {
      const { actionId, turnId, itemId, agent, tool } = event.payload;
      return { ...view, actions: [...view.actions, { actionId, turnId, itemId, agent, tool, judged: null }] };
    }
    case 'action.judged': {
      const { actionId, verdict, reasons, command, policyHash } = event.payload;
      const judged = { verdict, reasons, command, policyHash };
      return usedUp(
        setAction(view, actionId, (action) => ({ ...action, judged })),
        event.payload.rule,
      );
    }
    case 'action.acted':
      return acted(view, event);
    case 'approval.requested':
      return setAction(view, event.payload.actionId, (action) => ({ ...action, approval: openApproval(event) }));
    case 'approval.decided':
      return decided(view, event);
    case 'approval.voted':
      return setApproval(view, event.payload.actionId, (each) => ({
        ...each,
        votes: [...(each.votes ?? []).filter((by) => by !== event.principal), event.principal],
      }));
    case 'approval.escalated':
      return setApproval(view, event.payload.actionId, (each) => ({ ...each, escalatedTo: event.payload.to }));
    case 'approval.overdue':
      return setApproval(view, event.payload.actionId, (each) => ({ ...each, overdueAt: event.at }));
    case 'approval.expired':
      return setAction(view, event.payload.actionId, ({ approval: _over, ...action }) => ({
        ...action,
        judged: expired,
      }));
    case 'approval.withdrawn':
      return setAction(view, event.payload.actionId, ({ approval: _over, ...action }) => action);
    case 'approval.settled': {
      const { approvalId } = event.payload;
      return { ...view, unknown: (view.unknown ?? []).filter((each) => each.approvalId !== approvalId) };
    }
    case 'approval.revoked': {
      const { approvalId } = event.payload;
      return { ...view, allowances: (view.allowances ?? []).filter((each) => each.approvalId !== approvalId) };
    }
    default:
      return view;
  }
}

/** Time between `from` and `to` (ISO 8601 UTC) does not count for what waited then. */
export const stoodStill = <V extends ActionsView>(view: V, from: string, to: string): V => ({
  ...view,
  actions: view.actions.map((action) => {
    const { approval } = action;
    if (!approval || approval.decided) return action;
    const ms = Math.max(0, Date.parse(to) - Math.max(Date.parse(from), Date.parse(approval.at)));
    return { ...action, approval: { ...approval, pausedMs: (approval.pausedMs ?? 0) + ms } };
  }),
});

export const withdrawn = (actionId: ActionId, approvalId: ApprovalId, reason: string) => ({
  type: 'approval.withdrawn' as const,
  payload: { approvalId, actionId, reason },
});

/** What must be said when nobody is to be asked any more. */
export const withdrawnBy = (view: ActionsView, reason: string): Pick<NewEvent, 'type' | 'payload'>[] =>
  view.actions.flatMap(({ actionId, approval }) =>
    approval && !approval.decided ? [withdrawn(actionId, approval.approvalId, reason)] : [],
  );
