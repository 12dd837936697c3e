/** The time machine: what rules would have said of actions that were judged before. Pure: it folds a session's log. */
import type { ActionFacts, PathFact } from '#protocol/action-facts.ts';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import { foldPolicyState, noPolicyState, type PolicySession, type PolicyState } from '#protocol/policy-state.ts';
import type { Place } from './file-view.ts';
import { globFact } from './glob.ts';
import { folderOfUnclear, holdsRestricted, isAbove, pathFact, resolvePath, unclearBelow } from './path.ts';
import type { Policy, Verdict, VerdictWord } from './policy.ts';
import { noFiles } from './subject.ts';

/** An action as it was judged, and the state of its session before it. */
export interface RecordedAction {
  seq: number;
  at: string;
  action: EventPayload<'action.requested'>;
  facts: ActionFacts | null;
  state: PolicyState;
  before: { verdict: VerdictWord; rule: string } | null;
  /** Of the rules that judged it; '' where none did. */
  policyHash: string;
}

/** Every action in `events` (a whole log, ascending), with what was said of it. */
export function recordedActions(events: readonly SessionEvent[], session: PolicySession): RecordedAction[] {
  const recorded = new Map<string, RecordedAction>();
  let state = noPolicyState;
  for (const event of events) {
    if (event.type === 'action.requested') {
      const { actionId, facts = null } = event.payload;
      const { seq, at } = event;
      recorded.set(actionId, { seq, at, action: event.payload, facts, state, before: null, policyHash: '' });
    }
    if (event.type === 'action.judged') {
      const found = recorded.get(event.payload.actionId);
      const { verdict, rule, policyHash } = event.payload;
      if (found) Object.assign(found, { before: { verdict, rule }, policyHash });
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

/** Which paths are restricted, as `restrictedIn` lists them. */
export interface Restricting {
  /** Where the facts were stated; null where that is not known. */
  before: readonly string[] | null;
  after: readonly string[];
}

/**
 * The facts as they would be with other restricted paths. What was found out of links and folders then holds of paths that stay
 * restricted; the others are taken by their names, for the files are not what they were. `cwd`: where the action would happen.
 */
export function factsUnder(facts: ActionFacts, cwd: string, { before, after }: Restricting): ActionFacts {
  const known = before ?? [];
  const added = after.filter((each) => !known.includes(each));
  const removed = known.filter((each) => !after.includes(each));
  if (before && added.length + removed.length === 0) return facts;
  const cwds = [...new Set([cwd, ...facts.commands.flatMap((command) => command.cwd ?? [])])];
  const isStill = (path: PathFact) => path.restricted && removed.length < known.length && !isNamed(path, removed, cwds);
  const paths = facts.paths.map((path) => ({
    ...path,
    restricted: isStill(path) || isNamed(path, path.restricted ? after : added, cwds),
  }));
  const still = facts.unclear.filter((phrase) => {
    const folder = folderOfUnclear(phrase);
    return folder === null || holdsRestricted(folder, byName(after));
  });
  // Only folders are read whole, and a file has nothing below it.
  const read = paths.flatMap(({ effect, real }) => (effect === 'read' && real !== null ? [real] : []));
  const below = read.filter((folder) => isAbove(folder, byName(added))).map(unclearBelow);
  return { ...facts, paths, unclear: [...new Set([...still, ...below])] };
}

const byName = (restricted: readonly string[]): Place => ({
  ...{ cwd: '/', base: '/', home: '/', restricted, files: noFiles },
});

/** By its name, from each folder that it may be a pattern of. */
const isNamed = ({ path, real, effect }: PathFact, restricted: readonly string[], cwds: readonly string[]): boolean =>
  real === null
    ? cwds.some(
        (cwd) => globFact(path, { effect, cwd, place: byName(restricted), budget: { names: 0 } }).fact.restricted,
      )
    : pathFact(real, effect, '/', byName(restricted)).restricted;

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
