/** Which agent a prompt is for, and what the log must say when that one is new or changed. Pure. */
import { shellAgent } from '#protocol/egress-text.ts';
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import { agentNameSchema } from '#protocol/turn-event.ts';
import type { AgentView, TurnsView } from '#protocol/turn-view.ts';

/** Harnesses of one family are faces of the same agent. */
export type FamilyOf = (harness: string) => string;

/** Everything is optional: the agent that worked last, as it is. */
export interface AgentWish {
  agent?: string | undefined;
  harness?: string | undefined;
  model?: string | null | undefined;
}

/** Agents of one session. */
const maxAgents = 50;

/** `some-sdk` makes `some`, `acp:example` makes `example`: a name that people can type. */
export function agentNameFor(harness: string): string {
  const words = harness.split(':');
  const base =
    words.length > 1 ? (words.at(-1) ?? '').split(/[/ ]/).findLast((part) => part !== '') : harness.split('-')[0];
  const name = (base ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return name === '' || name === shellAgent ? 'agent' : name;
}

const lastUsed = (view: TurnsView): AgentView | undefined =>
  view.agents.find(({ name }) => name === (view.queue.at(-1)?.agent ?? view.turn?.agent ?? view.lastTurn?.agent)) ??
  view.agents[0];

/** Without a name a harness means an agent of it, or another face of the same agent, or else a new one. */
function wanted(
  view: TurnsView,
  { agent, harness }: AgentWish,
  familyOf: FamilyOf,
): { name: string; known: AgentView | undefined } {
  if (agent !== undefined) return { name: agent, known: view.agents.find(({ name }) => name === agent) };
  const last = lastUsed(view);
  if (harness === undefined) return { name: last?.name ?? '', known: last };
  const candidates = last ? [last, ...view.agents] : view.agents;
  const known =
    candidates.find((each) => each.harness === harness) ??
    candidates.find((each) => familyOf(each.harness) === familyOf(harness));
  return { name: known?.name ?? freeName(view, agentNameFor(harness)), known };
}

function freeName(view: TurnsView, base: string): string {
  const isTaken = (name: string) => view.agents.some((agent) => agent.name === name);
  for (let n = 2, name = base; ; name = `${base}-${n++}`) if (!isTaken(name)) return name;
}

/**
 * What to state before the prompt: an agent that is new, or another harness or model from now on. Throws `input.invalid`
 * when no agent is meant, or one that does not exist.
 */
export function agentEvents(view: TurnsView, wish: AgentWish, principal: string, familyOf: FamilyOf): NewEvent[] {
  const { name, known } = wanted(view, wish, familyOf);
  if (!known) {
    if (wish.harness === undefined) throw unknown(view, wish.agent);
    if (!agentNameSchema.safeParse(name).success) {
      throw new AppError({ code: 'input.invalid', message: 'agent: 1 to 40 of a-z, 0-9 and -, like primary-coder' });
    }
    if (name === shellAgent)
      throw new AppError({ code: 'input.invalid', message: 'agent: that is what shells of people are called' });
    if (view.agents.length >= maxAgents)
      throw new AppError({ code: 'input.invalid', message: `agent: at most ${maxAgents} in a session` });
    return [
      { type: 'agent.added', payload: { agent: name, harness: wish.harness, model: wish.model ?? null }, principal },
    ];
  }
  const harness = wish.harness ?? known.harness;
  const model = wish.model === undefined ? known.model : wish.model;
  if (harness === known.harness && model === known.model) return [];
  const keepsConversation = familyOf(harness) === familyOf(known.harness);
  return [{ type: 'agent.changed', payload: { agent: name, harness, model, keepsConversation }, principal }];
}

/** The agent as it is once `events` are stated. */
export function chosenAgent(
  view: TurnsView,
  wish: AgentWish,
  events: readonly NewEvent[],
  familyOf: FamilyOf,
): AgentView {
  const { name, known } = wanted(view, wish, familyOf);
  const stated = events.find((event) => event.type === 'agent.added' || event.type === 'agent.changed');
  if (!stated) {
    if (!known) throw unknown(view, wish.agent);
    return known;
  }
  const { harness, model } = stated.payload;
  const keeps = stated.type === 'agent.changed' && stated.payload.keepsConversation;
  const conversation = keeps ? (known?.conversation ?? null) : null;
  return { name, harness, model, conversation, turns: known?.turns ?? 0 };
}

function unknown(view: TurnsView, agent: string | undefined): AppError {
  const names = view.agents.map(({ name }) => name).join(', ');
  const message =
    agent === undefined
      ? 'agent: the session has none yet; say which harness to use, e.g. --harness acp:example'
      : `agent: the session has no ${agent}${names ? `, only ${names}` : ''}; name a harness to add it`;
  return new AppError({ code: 'input.invalid', message });
}
