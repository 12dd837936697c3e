/** What rules may ask of a session: the fold of what its agents did so far. Bounded, pure; part of session-view.ts. */
import type { ActionFacts } from './action-facts.ts';
import type { EventPayload, SessionEvent } from './event.ts';
import type { ActionId } from './id.ts';

/** What a session gains by an action once it has happened. */
interface Gain {
  installed: string[];
  fetched: string[];
  created: string[];
}

export interface PolicyState {
  spentMicroUsd: number;
  /** Model calls without a price: what they cost is not in `spentMicroUsd`. */
  unpricedCalls: number;
  turns: number;
  actions: number;
  /** By policy or by a person. */
  denied: number;
  asked: number;
  /** Newest last: packages as they were named, hosts that were asked, files (absolute) that were not there before. */
  installed: string[];
  fetched: string[];
  created: string[];
  /** The newest actions: what they are, in a few characters, and when they were asked for (ms since the epoch). */
  recent: [key: string, atMs: number][];
  /** How often each agent used each tool, by `agent tool`; those of further names together by `*`. */
  uses: Record<string, number>;
  /** Id of who asked for the turn that runs; '' before there was one. */
  startedBy: string;
  /** Of actions that are on their way. */
  open: Record<ActionId, Gain>;
}

export const noPolicyState: PolicyState = {
  ...{ spentMicroUsd: 0, unpricedCalls: 0, turns: 0, actions: 0, denied: 0, asked: 0 },
  ...{ installed: [], fetched: [], created: [], recent: [], uses: {}, startedBy: '', open: {} },
};

/** What is kept of each; older is forgotten, and then asked about like anything new. */
const kept = { installed: 50, fetched: 100, created: 200, recent: 120, uses: 300 } as const;

interface Action {
  /** As `toolOf`. */
  tool: string;
  command: string | null;
  paths: readonly string[];
  cwd: string;
  input?: { digest: string } | null | undefined;
}

/** What rules know the tool of an action by: never a title, which an agent words anew for every use. */
export const toolOf = ({ tool, toolKind }: { tool: string; toolKind?: string | undefined }): string => toolKind ?? tool;

/** The same for the same action: 53 bits, not meant to keep anybody out. */
export function actionKey({ tool, command, paths, cwd, input }: Action): string {
  // What a command is given beside its text, a description for one, is worded anew each time.
  const given = command === null && input ? [input.digest] : [];
  const text = JSON.stringify([tool, command, paths, cwd, ...given]);
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 2654435761);
    other = Math.imul(other ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return (4294967296 * (2097151 & other) + (one >>> 0)).toString(36);
}

/** Each once, newest last, no more than are kept. */
const joined = (now: readonly string[], more: readonly string[], most: number): string[] =>
  more.length === 0 ? (now as string[]) : [...now.filter((each) => !more.includes(each)), ...more].slice(-most);

function gainOf(facts: ActionFacts | null | undefined): Gain | null {
  if (!facts) return null;
  const created = facts.paths.flatMap(({ effect, exists, real }) =>
    effect === 'write' && exists === false && real !== null ? [real] : [],
  );
  const fetched = facts.hosts.filter((host) => host !== '*');
  const installed = facts.installs ?? [];
  if (created.length + fetched.length + installed.length === 0) return null;
  return {
    installed: installed.slice(-kept.installed),
    fetched: fetched.slice(-kept.fetched),
    created: [...new Set(created)].slice(-kept.created),
  };
}

/** Stands for the tools of all agents beyond those that are kept by name. */
const others = '*';

/** No count is ever dropped: a limit that began anew would be none. */
function usedOnce(uses: PolicyState['uses'], agent: string, tool: string): PolicyState['uses'] {
  const name = `${agent} ${tool}`;
  const key = Object.hasOwn(uses, name) || Object.keys(uses).length < kept.uses ? name : others;
  return { ...uses, [key]: (uses[key] ?? 0) + 1 };
}

/** How often the agent used tools that `isMeant`; one whose name is not kept may have been any. */
export const usesOf = ({ uses }: PolicyState, agent: string, isMeant: (tool: string) => boolean): number =>
  Object.entries(uses).reduce((sum, [name, count]) => {
    const isOne = name.startsWith(`${agent} `) && isMeant(name.slice(agent.length + 1));
    return isOne || name === others ? sum + count : sum;
  }, 0);

function requested(state: PolicyState, event: SessionEvent & { type: 'action.requested' }): PolicyState {
  const { actionId, agent, facts } = event.payload;
  const gain = gainOf(facts);
  const tool = toolOf(event.payload);
  const uses = usedOnce(state.uses, agent, tool);
  const key = actionKey({ ...event.payload, tool });
  const recent = [...state.recent, [key, Date.parse(event.at)] as [string, number]];
  return {
    ...{ ...state, uses, actions: state.actions + 1, recent: recent.slice(-kept.recent) },
    open: gain ? { ...state.open, [actionId]: gain } : state.open,
  };
}

function acted(state: PolicyState, { actionId, outcome }: EventPayload<'action.acted'>): PolicyState {
  const gain = state.open[actionId];
  if (!gain) return state;
  const { [actionId]: _over, ...open } = state.open;
  // What may have happened counts.
  if (outcome === 'blocked' || outcome === 'withdrawn') return { ...state, open };
  return {
    ...{ ...state, open },
    installed: joined(state.installed, gain.installed, kept.installed),
    fetched: joined(state.fetched, gain.fetched, kept.fetched),
    created: joined(state.created, gain.created, kept.created),
  };
}

/** What is known about the session that the events alone don't say. */
export interface PolicySession {
  /** Absolute folder of the checkout. */
  checkout: string;
  /** Who asked for the turn that starts now. */
  byOf(turnId: string): string;
}

/** The state after `event`; events that rules cannot ask about change nothing. */
export function foldPolicyState(state: PolicyState, event: SessionEvent, session: PolicySession): PolicyState {
  switch (event.type) {
    case 'action.requested':
      return requested(state, event);
    case 'action.acted':
      return acted(state, event.payload);
    case 'action.judged': {
      const { verdict } = event.payload;
      if (verdict === 'allow') return state;
      return verdict === 'deny' ? { ...state, denied: state.denied + 1 } : { ...state, asked: state.asked + 1 };
    }
    case 'approval.decided':
      return event.payload.decision === 'denied' ? { ...state, denied: state.denied + 1 } : state;
    case 'usage.recorded': {
      const { costMicroUsd } = event.payload;
      if (costMicroUsd === null) return { ...state, unpricedCalls: state.unpricedCalls + 1 };
      return { ...state, spentMicroUsd: state.spentMicroUsd + costMicroUsd };
    }
    case 'turn.started':
      return { ...state, turns: state.turns + 1, startedBy: session.byOf(event.payload.turnId) };
    case 'turn.begun':
      return { ...state, turns: state.turns + 1, startedBy: event.principal };
    case 'file.changed': {
      const { change, path } = event.payload;
      if (change !== 'added') return state;
      return { ...state, created: joined(state.created, [`${session.checkout}/${path}`], kept.created) };
    }
    default:
      return state;
  }
}
