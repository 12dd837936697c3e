/** The fold of what agents do: who is in the session, which turn runs, what waits. Pure; part of session-view.ts. */

import type { CommandEffect } from './action-facts.ts';
import type { Decision } from './approval.ts';
import type { EventPayload, NewEvent, SessionEvent } from './event.ts';
import type { ActionId, ApprovalId, ItemId, TurnId } from './id.ts';
import type { TurnStatus } from './turn-event.ts';

export interface AgentView {
  name: string;
  harness: string;
  model: string | null;
  /** The harness's own name of its conversation; null before the first turn. */
  conversation: string | null;
  turns: number;
}

export interface WaitingTurn {
  turnId: TurnId;
  agent: string;
  prompt: string;
  by: string;
  at: string;
}

export interface RunningTurn {
  turnId: TurnId;
  agent: string;
  startedAt: string;
  /** What it is at, as a phrase: "running npm test"; null before anything came of an agent that is new here. */
  activity: string | null;
  /** The item that this is about; null for none. */
  itemId: ItemId | null;
}

/** An action whose outcome is not known yet. */
export interface OpenAction {
  actionId: ActionId;
  turnId: TurnId | null;
  agent: string;
  tool: string;
  /** Null until it is judged. */
  judged: Pick<EventPayload<'action.judged'>, 'verdict' | 'reasons' | 'command'> | null;
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
  /** Null while it waits. */
  decided: { decision: Decision; by: string } | null;
}

/** What a person allowed for the rest of the session: the same bytes in the same folder. */
export interface SessionAllowance {
  approvalId: ApprovalId;
  actionId: ActionId;
  by: string;
  tool: string;
  command: string | null;
  paths: string[];
  cwd: string;
  /** sha256 (hex) over tool, bytes, paths and folder: command and paths are cut here. */
  subject: string;
  /** An edited command: it may be run once, where its harness cannot have it replace what was asked. */
  isOnce: boolean;
}

export interface TurnsView {
  agents: AgentView[];
  turn: RunningTurn | null;
  queue: WaitingTurn[];
  /** Oldest first. */
  actions: OpenAction[];
  /** Absent before anything was allowed. */
  allowances?: SessionAllowance[];
  lastTurn: { turnId: TurnId; agent: string; status: TurnStatus; reason: string | null; at: string } | null;
}

export const noTurns: TurnsView = { agents: [], turn: null, queue: [], actions: [], lastTurn: null };

/** Who is asked next, as far as one can tell; null where no agent works. */
export function nextAgent({ agents, turn, queue, lastTurn }: TurnsView): AgentView | null {
  const expected = turn?.agent ?? queue[0]?.agent ?? lastTurn?.agent;
  return agents.find(({ name }) => name === expected) ?? agents[0] ?? null;
}

/** Prompts in a view are cut here, in characters: the log has them whole. */
const shownPrompt = 500;

const setAgent = (view: TurnsView, name: string, change: Partial<AgentView>): TurnsView => ({
  ...view,
  agents: view.agents.map((agent) => (agent.name === name ? { ...agent, ...change } : agent)),
});

const setTurn = (view: TurnsView, turnId: TurnId, change: (turn: RunningTurn) => RunningTurn): TurnsView =>
  view.turn?.turnId === turnId ? { ...view, turn: change(view.turn) } : view;

/** `queue` with the turn moved before another one, or to the end. */
function moved(queue: WaitingTurn[], turnId: TurnId, before: TurnId | null): WaitingTurn[] {
  const turn = queue.find((waiting) => waiting.turnId === turnId);
  if (!turn) return queue;
  const others = queue.filter((waiting) => waiting !== turn);
  const at = others.findIndex((waiting) => waiting.turnId === before);
  return at === -1 ? [...others, turn] : [...others.slice(0, at), turn, ...others.slice(at)];
}

/** Nothing of the turn goes on here. */
const waitingWords = 'waiting for the model';

function started(view: TurnsView, event: SessionEvent & { type: 'turn.started' | 'turn.begun' }): TurnsView {
  const { turnId, agent } = event.payload;
  const queue = view.queue.filter((each) => each.turnId !== turnId);
  const turns = (view.agents.find(({ name }) => name === agent)?.turns ?? 0) + 1;
  const turn = { turnId, agent, startedAt: event.at, activity: turns === 1 ? null : waitingWords, itemId: null };
  return setAgent({ ...view, queue, turn }, agent, { turns });
}

function completed(view: TurnsView, event: SessionEvent & { type: 'turn.completed' }): TurnsView {
  const { turnId, status, reason, conversation } = event.payload;
  if (view.turn?.turnId !== turnId) return view;
  const { agent } = view.turn;
  const ended = { ...view, turn: null, lastTurn: { turnId, agent, status, reason, at: event.at } };
  return conversation === null ? ended : setAgent(ended, agent, { conversation });
}

const verbs = {
  message: 'writing',
  reasoning: 'thinking',
  command: 'running',
  edit: 'editing',
  tool: 'using',
  notice: 'telling',
} as const;

function activityOf({ kind, title, command, path }: (SessionEvent & { type: 'item.started' })['payload']): string {
  const subject = kind === 'message' || kind === 'reasoning' ? '' : ` ${command ?? path ?? title}`;
  return `${verbs[kind]}${subject}`.slice(0, 200);
}

const setAction = (view: TurnsView, id: ActionId, change: (action: OpenAction) => OpenAction): TurnsView => ({
  ...view,
  actions: view.actions.map((action) => (action.actionId === id ? change(action) : action)),
});

/** Commands and paths of what is asked about, in a view: characters, and how many. */
const shownApproval = { command: 2_000, paths: 20 } as const;

function openApproval({ payload, at }: SessionEvent & { type: 'approval.requested' }): OpenApproval {
  const { approvalId, kind, command, paths, cwd, effect, rule, hash } = payload;
  return {
    ...{ approvalId, at, kind, cwd, effect, rule, hash, decided: null },
    command: command?.slice(0, shownApproval.command) ?? null,
    paths: paths.slice(0, shownApproval.paths),
  };
}

/** The rule of a verdict that an allowance gave; behind it stands whose it was. */
export const allowedBy = 'session.allowed';

/** What was allowed once is used up by the verdict that it gave. */
function usedUp(view: TurnsView, rule: string): TurnsView {
  if (!view.allowances || !rule.startsWith(`${allowedBy}:`)) return view;
  const used = rule.slice(allowedBy.length + 1);
  const allowances = view.allowances.filter((each) => !(each.isOnce && each.approvalId === used));
  return { ...view, allowances };
}

/** It is over. An edited command that ran in its place needs no allowance any more. */
function acted(view: TurnsView, { actionId, outcome }: EventPayload<'action.acted'>): TurnsView {
  const actions = view.actions.filter((each) => each.actionId !== actionId);
  if (!view.allowances || outcome !== 'ran') return { ...view, actions };
  const allowances = view.allowances.filter((each) => !(each.isOnce && each.actionId === actionId));
  return { ...view, actions, allowances };
}

/** Allowances that a session keeps; older ones are asked about again. */
const maxAllowances = 100;

/** The decision is the verdict from then on. */
function decided(view: TurnsView, { payload, principal }: SessionEvent & { type: 'approval.decided' }): TurnsView {
  const { actionId, approvalId, decision, note, edit, forSession, subject } = payload;
  const action = view.actions.find((each) => each.actionId === actionId);
  if (!action?.approval) return view;
  const verdict = decision === 'approved' ? ('allow' as const) : ('deny' as const);
  const reasons = note === null ? (verdict === 'deny' ? ['a person denied it'] : []) : [note];
  const judged = { verdict, reasons, command: edit };
  const approval = { ...action.approval, decided: { decision, by: principal } };
  const next = setAction(view, actionId, (each) => ({ ...each, judged, approval }));
  if (decision !== 'approved' || (!forSession && edit === null)) return next;
  const { tool } = action;
  const { command, paths, cwd } = action.approval;
  const allowance = {
    approvalId,
    actionId,
    by: principal,
    tool,
    command: edit ?? command,
    paths,
    cwd,
    subject,
    isOnce: !forSession,
  };
  return { ...next, allowances: [...(view.allowances ?? []), allowance].slice(-maxAllowances) };
}

/** The view after `event`; events of other nouns change nothing. */
export function foldTurns(view: TurnsView, event: SessionEvent): TurnsView {
  switch (event.type) {
    case 'agent.added': {
      const { agent: name, harness, model } = event.payload;
      return { ...view, agents: [...view.agents, { name, harness, model, conversation: null, turns: 0 }] };
    }
    case 'agent.changed': {
      const { agent, harness, model, keepsConversation } = event.payload;
      return setAgent(view, agent, { harness, model, ...(!keepsConversation && { conversation: null }) });
    }
    case 'turn.queued': {
      const { turnId, agent, prompt } = event.payload;
      const waiting = { turnId, agent, prompt: prompt.slice(0, shownPrompt), by: event.principal, at: event.at };
      return { ...view, queue: [...view.queue, waiting] };
    }
    case 'turn.moved':
      return { ...view, queue: moved(view.queue, event.payload.turnId, event.payload.before) };
    case 'turn.withdrawn':
      return { ...view, queue: view.queue.filter(({ turnId }) => turnId !== event.payload.turnId) };
    case 'turn.started':
    case 'turn.begun':
      return started(view, event);
    case 'turn.completed':
      return completed(view, event);
    case 'item.started':
      return setTurn(view, event.payload.turnId, (turn) => {
        return { ...turn, activity: activityOf(event.payload), itemId: event.payload.itemId };
      });
    case 'item.completed':
      return setTurn(view, event.payload.turnId, (turn) =>
        turn.itemId === event.payload.itemId ? { ...turn, activity: waitingWords, itemId: null } : turn,
      );
    case 'action.requested': {
      const { actionId, turnId, agent, tool } = event.payload;
      return { ...view, actions: [...view.actions, { actionId, turnId, agent, tool, judged: null }] };
    }
    case 'action.judged': {
      const { actionId, verdict, reasons, command } = event.payload;
      const judged = { verdict, reasons, command };
      return usedUp(
        setAction(view, actionId, (action) => ({ ...action, judged })),
        event.payload.rule,
      );
    }
    case 'approval.requested':
      return setAction(view, event.payload.actionId, (action) => ({ ...action, approval: openApproval(event) }));
    case 'approval.decided':
      return decided(view, event);
    case 'approval.expired':
    case 'approval.withdrawn':
      return setAction(view, event.payload.actionId, ({ approval: _over, ...action }) => action);
    case 'approval.revoked': {
      const { approvalId } = event.payload;
      return { ...view, allowances: (view.allowances ?? []).filter((each) => each.approvalId !== approvalId) };
    }
    case 'action.acted':
      return acted(view, event.payload);
    default:
      return view;
  }
}

const withdrawn = (actionId: ActionId, approvalId: ApprovalId, reason: string) => ({
  type: 'approval.withdrawn' as const,
  payload: { approvalId, actionId, reason },
});

/** What must be said when nobody is to be asked any more. */
export const withdrawnBy = (view: TurnsView, reason: string): Pick<NewEvent, 'type' | 'payload'>[] =>
  view.actions.flatMap(({ actionId, approval }) =>
    approval && !approval.decided ? [withdrawn(actionId, approval.approvalId, reason)] : [],
  );

/** What must be said when the runner of `view` is gone: its actions and its turn are over. The queue stays. */
export function orphanedBy(view: TurnsView, reason: string): Pick<NewEvent, 'type' | 'payload'>[] {
  const acted = view.actions.flatMap(({ actionId, judged, approval }) => {
    const outcome = judged?.verdict === 'allow' ? ('unknown' as const) : ('withdrawn' as const);
    const over = { type: 'action.acted' as const, payload: { actionId, outcome } };
    return approval && !approval.decided ? [withdrawn(actionId, approval.approvalId, reason), over] : [over];
  });
  if (!view.turn) return acted;
  const { turnId } = view.turn;
  const payload = { turnId, status: 'interrupted' as const, reason, conversation: null };
  return [...acted, { type: 'turn.completed', payload }];
}
