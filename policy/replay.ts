/** The time machine: what rules would have said of actions that were judged before. Pure: it folds a session's log. */
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import { foldPolicyState, noPolicyState, type PolicySession, type PolicyState } from '#protocol/policy-state.ts';
import { isWithin, patternToRegExp, resolvePath } from './path.ts';
import type { Policy, Verdict, VerdictWord } from './policy.ts';

/** An action as it was judged, and the state of its session before it. */
export interface RecordedAction {
  seq: number;
  at: string;
  action: EventPayload<'action.requested'>;
  facts: ActionFacts | null;
  state: PolicyState;
  before: { verdict: VerdictWord; rule: string } | null;
}

/** Every action in `events` (a whole log, ascending), with what was said of it. */
export function recordedActions(events: readonly SessionEvent[], session: PolicySession): RecordedAction[] {
  const recorded = new Map<string, RecordedAction>();
  let state = noPolicyState;
  for (const event of events) {
    if (event.type === 'action.requested') {
      const { actionId, facts = null } = event.payload;
      recorded.set(actionId, { seq: event.seq, at: event.at, action: event.payload, facts, state, before: null });
    }
    if (event.type === 'action.judged') {
      const found = recorded.get(event.payload.actionId);
      if (found) found.before = { verdict: event.payload.verdict, rule: event.payload.rule };
    }
    state = foldPolicyState(state, event, session);
  }
  return [...recorded.values()];
}

/** Where the checkout of a session lies, and where it was made from. */
export interface Moved {
  base: string;
  start: string;
}

/** Restricted paths where the rules were written, and where their folder lies in the checkout. */
export const restrictedIn = (policies: readonly Policy[], { base, start }: Moved): string[] =>
  policies.flatMap(({ restrictedPaths }) =>
    restrictedPaths.flatMap(({ absolute }) => [absolute, resolvePath(start, relativeTo(base, absolute))]),
  );

/** `../../secret` from `/a/b` to `/secret`; absolute, resolved paths. */
function relativeTo(from: string, to: string): string {
  const [one, other] = [from.split('/').filter(Boolean), to.split('/').filter(Boolean)];
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared++;
  return [...Array<string>(one.length - shared).fill('..'), ...other.slice(shared)].join('/') || '.';
}

/**
 * The facts as the rules of `policies` see them: which paths are restricted follows from their names alone, for the files are
 * not what they were then. `moved` says where the folder of the rules lies in the checkout.
 */
export function factsUnder(facts: ActionFacts, policies: readonly Policy[], moved: Moved): ActionFacts {
  const restricted = restrictedIn(policies, moved);
  const isRestricted = (path: string | null): boolean =>
    path !== null && restricted.some((each) => isWithin(path, each) || patternToRegExp(each).test(path));
  return { ...facts, paths: facts.paths.map((path) => ({ ...path, restricted: isRestricted(path.real) })) };
}

export interface Change {
  seq: number;
  at: string;
  actionId: string;
  agent: string;
  tool: string;
  command: string | null;
  paths: readonly string[];
  before: { verdict: VerdictWord; rule: string };
  after: Pick<Verdict, 'verdict' | 'rule' | 'reasons'>;
}

/** What would have been said otherwise; an action that a person had allowed for the session counts as asked. */
export function changeOf(
  { seq, at, action, before }: RecordedAction,
  { verdict, rule, reasons }: Verdict,
): Change | null {
  if (!before) return null;
  const was = before.rule.startsWith('session.allowed') ? 'ask' : before.verdict;
  if (was === verdict) return null;
  const { actionId, agent, tool, command, paths } = action;
  return { seq, at, actionId, agent, tool, command, paths, before, after: { verdict, rule, reasons } };
}
