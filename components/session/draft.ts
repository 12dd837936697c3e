/** What is being written to an agent: who it is for, and the text. Pure. */
import type { AgentView } from '#protocol/turn-view.ts';

/** The agent that a draft begins with (`@name …`), and the rest of it. */
export function addressed(
  text: string,
  agents: readonly Pick<AgentView, 'name'>[],
): { agent: string | null; prompt: string } {
  const [, name, rest = ''] = /^\s*@([a-z0-9][a-z0-9-]{0,39})(?:\s+([\s\S]*))?$/.exec(text) ?? [];
  const isKnown = agents.some((agent) => agent.name === name);
  return isKnown && name !== undefined ? { agent: name, prompt: rest } : { agent: null, prompt: text };
}

/** What has been typed of an agent's name, from the `@` on; null when none is being typed. */
export const mentionAt = (text: string, caret: number): string | null =>
  /^\s*@([a-z0-9-]*)$/.exec(text.slice(0, caret))?.[1] ?? null;

/** The agent a prompt goes to when none is named: the last one asked, else the first. */
export function usualAgent(turns: {
  agents: readonly AgentView[];
  queue: readonly { agent: string }[];
  turn: { agent: string } | null;
  lastTurn: { agent: string } | null;
}): string | null {
  const last = turns.queue.at(-1)?.agent ?? turns.turn?.agent ?? turns.lastTurn?.agent;
  return (turns.agents.find(({ name }) => name === last) ?? turns.agents[0])?.name ?? null;
}

/** A name for one more agent of a family that the session has already; undefined: it has none, any name is free. */
export function anotherName(
  agents: readonly Pick<AgentView, 'name' | 'harness'>[],
  family: readonly string[],
): string | undefined {
  const kin = agents.find(({ harness }) => family.includes(harness));
  if (!kin) return undefined;
  const base = kin.name.replace(/-\d+$/, '').slice(0, 36);
  let n = 2;
  while (agents.some(({ name }) => name === `${base}-${n}`)) n++;
  return `${base}-${n}`;
}
