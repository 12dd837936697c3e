/** What a rule's condition is about: the action, its facts, the session so far and the time. Types, and what is derived from them. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import { actionKey, noPolicyState, type PolicyState, usesOf } from '#protocol/policy-state.ts';
import type { ActionKind, ToolInput } from '#protocol/turn-event.ts';
import { isLike } from './like.ts';

export interface Situation {
  kind: ActionKind;
  /** What rules know the tool by: its name, or its kind where it has none. */
  tool: string;
  /** All that the tool is given; absent where that was not recorded. */
  input?: ToolInput | undefined;
  agent: string;
  command: string | null;
  paths: readonly string[];
  cwd: string;
  /** Before this action. */
  state: PolicyState;
  /** Name of who asked for the work; '' where it is not known. */
  startedBy: string;
  /** ms since the epoch. */
  atMs: number;
}

/** An action that nothing is known of but its facts. */
export const noSituation: Situation = {
  ...{ kind: 'other', tool: '', agent: '', command: null, paths: [], cwd: '' },
  ...{ state: noPolicyState, startedBy: '', atMs: 0 },
};

/** The newest actions among which repetitions are counted. */
const lookBack = 20;

const count = (value: number): bigint => BigInt(Math.max(0, Math.trunc(value)));

/** The session before the action, as the language sees it: integers are bigints there. */
export class RuleSession {
  readonly #state: PolicyState;
  readonly #situation: Situation;
  readonly spent_usd: number;
  readonly unpriced_calls: bigint;
  readonly turns: bigint;
  readonly actions: bigint;
  readonly denied: bigint;
  readonly asked: bigint;
  readonly installed: readonly string[];
  readonly fetched: readonly string[];
  readonly created: readonly string[];
  readonly started_by: string;

  constructor(situation: Situation) {
    const { state } = situation;
    this.#state = state;
    this.#situation = situation;
    this.spent_usd = state.spentMicroUsd / 1_000_000;
    this.unpriced_calls = count(state.unpricedCalls);
    this.turns = count(state.turns);
    this.actions = count(state.actions);
    this.denied = count(state.denied);
    this.asked = count(state.asked);
    this.installed = state.installed;
    this.fetched = state.fetched;
    this.created = state.created;
    this.started_by = situation.startedBy;
  }

  get last_minute(): bigint {
    return count(this.#state.recent.filter(([, at]) => at > this.#situation.atMs - 60_000).length);
  }

  get repeats(): bigint {
    const key = actionKey(this.#situation);
    return count(this.#state.recent.slice(-lookBack).filter(([each]) => each === key).length);
  }

  get uses(): bigint {
    const { agent, tool } = this.#situation;
    return count(usesOf(this.#state, agent, (each) => each === tool));
  }

  /** Of all tools like this, by the agent that acts. */
  usesOf(tools: string): bigint {
    return count(usesOf(this.#state, this.#situation.agent, (each) => isLike(each, tools)));
  }
}

/** What the names of the language stand for, but `facts`. */
export function bindings(situation: Situation) {
  const { kind, tool, agent, command, cwd, atMs } = situation;
  return {
    action: { kind, tool, agent, command: command ?? '', cwd },
    session: new RuleSession(situation),
    now: new Date(atMs),
  };
}

/** Their input stays here: commands and paths are facts. */
const stays = new Set<ActionKind>(['command', 'read', 'write']);

/** As JSON writes it, what is said in several lines stands in one. */
const unescaped = (json: string): string => json.replace(/\\[nrt]/g, '\n').replace(/\\(["\\])/g, '$1');

/**
 * What leaves the machine with the action: addresses, the words of commands that speak to the network with the whole text that
 * they stand in (what is piped to them and what a here-document holds), and the input of a tool that nobody here looks into.
 * Throws where that input was not kept whole.
 */
export function outgoingOf({ commands, requests, hosts }: ActionFacts, { kind, command, input }: Situation): string {
  const speaking = commands.filter(({ effect }) => effect === 'network' || hosts.length > 0);
  const told = stays.has(kind) ? undefined : input;
  if (told && told.left > 0) throw new Error('it is given too much to look through');
  return [
    ...speaking.map(({ argv }) => argv.join(' ')),
    ...(speaking.length > 0 && command !== null ? [command] : []),
    ...requests.map(({ url }) => url),
    ...(told ? [unescaped(told.text)] : []),
  ].join('\n');
}
