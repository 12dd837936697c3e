/** What a rule's condition is about: the action, its facts, the session so far and the time. Types, and what is derived from them. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import { actionKey, noPolicyState, type PolicyState } from '#protocol/policy-state.ts';
import type { ActionKind } from '#protocol/turn-event.ts';

export interface Situation {
  kind: ActionKind;
  /** The agent's own name of the tool. */
  tool: string;
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

/** What the names of the language stand for. Integers are bigints there. */
export function bindings(facts: ActionFacts, situation: Situation) {
  const { kind, tool, agent, command, cwd, state, atMs } = situation;
  const key = actionKey({ tool, command, paths: [...situation.paths], cwd });
  const count = (value: number) => BigInt(Math.max(0, Math.trunc(value)));
  return {
    action: { kind, tool, agent, command: command ?? '', cwd },
    session: {
      spent_usd: state.spentMicroUsd / 1_000_000,
      unpriced_calls: count(state.unpricedCalls),
      turns: count(state.turns),
      actions: count(state.actions),
      denied: count(state.denied),
      asked: count(state.asked),
      last_minute: count(state.recent.filter(([, at]) => at > atMs - 60_000).length),
      repeats: count(state.recent.slice(-lookBack).filter(([each]) => each === key).length),
      uses: count(state.uses[`${agent} ${tool}`] ?? 0),
      installed: state.installed,
      fetched: state.fetched,
      created: state.created,
      started_by: situation.startedBy,
    },
    now: new Date(atMs),
    facts,
  };
}

/** Words that leave the machine with the action: of commands that speak to the network, and addresses. */
export const outgoingOf = ({ commands, requests, hosts }: ActionFacts): string =>
  [
    ...commands.flatMap(({ effect, argv }) => (effect === 'network' || hosts.length > 0 ? [argv.join(' ')] : [])),
    ...requests.map(({ url }) => url),
  ].join('\n');
