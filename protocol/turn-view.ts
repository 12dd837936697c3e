/** The fold of what agents do: who is in the session, which turn runs, what waits. Pure; part of session-view.ts. */

import { endBegun, endWithTurn, foldActions, withdrawn } from './action-view.ts';
import type { NewEvent, SessionEvent } from './event.ts';
import type { ItemId, TurnId } from './id.ts';
import { foldSurprises, type SurprisesView } from './surprise-view.ts';
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

export interface TurnsView extends SurprisesView {
  agents: AgentView[];
  turn: RunningTurn | null;
  queue: WaitingTurn[];
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
  const ended = endWithTurn({ ...view, turn: null, lastTurn: { turnId, agent, status, reason, at: event.at } });
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
      return foldSurprises(completed(view, event), event);
    case 'item.started':
      return setTurn(view, event.payload.turnId, (turn) => {
        return { ...turn, activity: activityOf(event.payload), itemId: event.payload.itemId };
      });
    case 'item.completed':
      return setTurn(endBegun(view, event.payload.itemId), event.payload.turnId, (turn) =>
        turn.itemId === event.payload.itemId ? { ...turn, activity: waitingWords, itemId: null } : turn,
      );
    default:
      return foldSurprises(foldActions(view, event), event);
  }
}

/**
 * What must be said when the runner of `view` is gone: its actions and its turn are over, and nobody knows how far what
 * people had approved came. The queue stays.
 */
export function orphanedBy(view: TurnsView, reason: string): Pick<NewEvent, 'type' | 'payload'>[] {
  const acted = view.actions.flatMap(({ actionId, judged, approval }) => {
    const outcome = judged?.verdict === 'allow' ? ('unknown' as const) : ('withdrawn' as const);
    const over = { type: 'action.acted' as const, payload: { actionId, outcome } };
    return approval && !approval.decided ? [withdrawn(actionId, approval.approvalId, reason), over] : [over];
  });
  for (const { actionId } of view.begun ?? []) {
    acted.push({ type: 'action.acted', payload: { actionId, outcome: 'unknown' } });
  }
  if (!view.turn) return acted;
  const { turnId } = view.turn;
  const payload = { turnId, status: 'interrupted' as const, reason, conversation: null };
  return [...acted, { type: 'turn.completed', payload }];
}
