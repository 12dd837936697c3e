/**
 * Which changes of files the facts of a command exclude. What they name is expected with everything below it; where they cannot
 * name it all, anything in the folder that agents work in; of what only reads nothing is. Pure.
 */
import type { ActionFacts, PathFact } from '#protocol/action-facts.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { Surprise } from '#protocol/surprise-view.ts';
import { type SurpriseReaction, surpriseReactions } from '#protocol/workspace-file.ts';
import type { FileView } from './file-view.ts';
import { isOpenEnded } from './open-ended.ts';
import { isWithin, patternToRegExp, resolvePath } from './path.ts';
import type { Policy } from './policy.ts';

/** A file, link or folder that is not as it was. */
export interface FoundChange {
  /** Absolute, with no link on the way. */
  path: string;
  change: EventPayload<'effect.surprised'>['paths'][number]['change'];
  isFolder: boolean;
  /** Equal for two names of one file; of what is gone, as it was. */
  inode: number;
}

/** What an action may change by its facts. Absolute paths, links resolved. */
export interface Expectation {
  /** Named, with everything below. */
  paths: readonly string[];
  patterns: readonly RegExp[];
  /** Anything may change in them, but not what git runs and is told. */
  folders: readonly string[];
}

export interface EffectPlace {
  /** The checkout and the folder in it that agents work in: absolute, links resolved. */
  root: string;
  base: string;
  /** Where the action ran. */
  cwd: string;
  files: Pick<FileView, 'resolve'>;
}

const isChanging = ({ effect }: PathFact): boolean => effect === 'write' || effect === 'delete';

/** Of facts that are missing anything is expected where agents work: a person let it through. */
export function expectationOf(facts: ActionFacts | null, place: EffectPlace): Expectation {
  const { root, base } = place;
  if (!facts || facts.unclear.length > 0) return { ...named(facts?.paths ?? [], facts, place), folders: [base] };
  // What git has checked out lies anywhere in its repository.
  const isGit = facts.commands.some(({ program, effect }) => program === 'git' && effect !== 'read');
  const folders = [...(isGit ? [root] : []), ...(facts.commands.some(isOpenEnded) ? [base] : [])];
  const { paths, patterns } = named(facts.paths, facts, place);
  return { paths: isGit ? [...paths, `${root}/.git/config`] : paths, patterns, folders };
}

/** Folders that a word is looked for in, patterns, and stars in one: what is beyond them is expected more widely. */
const most = { cwds: 20, patterns: 50, stars: 4 } as const;

/** Where a word may lead: from each folder that something ran in. A link itself is removed or replaced, not what it leads to. */
function named(all: readonly PathFact[], facts: ActionFacts | null, place: EffectPlace): Omit<Expectation, 'folders'> {
  const { cwd, files } = place;
  const cwds = [...new Set([cwd, ...(facts?.commands ?? []).flatMap((command) => command.cwd ?? [])])];
  const paths = new Set<string>();
  const patterns = new Map<string, RegExp>();
  const resolved = new Map<string, string>();
  const resolve = (folder: string): string => {
    const real = resolved.get(folder) ?? files.resolve(folder);
    resolved.set(folder, real);
    return real;
  };
  for (const { path, real } of all.filter(isChanging)) {
    if (real !== null) paths.add(real);
    for (const from of cwds.slice(0, most.cwds)) {
      const spelled = resolvePath(from, path);
      const placed = resolvePath(resolve(resolvePath(spelled, '..')), spelled.slice(spelled.lastIndexOf('/') + 1));
      // What stands in brackets is not looked into.
      const pattern = placed.replace(/\[[^/]*\]/g, '*');
      const isPlain = patterns.size < most.patterns && pattern.split('*').length - 1 <= most.stars;
      if (real !== null) paths.add(placed);
      else if (isPlain) patterns.set(pattern, patternToRegExp(pattern));
      else paths.add(resolvePath(pattern.slice(0, pattern.search(/[*?]/)), '..'));
    }
  }
  return { paths: [...paths], patterns: [...patterns.values()] };
}

/** The path and every folder above it. */
function* upwards(path: string): Generator<string> {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) yield at;
}

/** What git runs and is told by itself: nobody changes it by the way. */
const isGuarded = (path: string, root: string): boolean =>
  isWithin(path, `${root}/.git/hooks`) || path === `${root}/.git/config`;

/** Whether an expectation covers a change; some thousands are asked about. */
function covers({ paths, patterns, folders }: Expectation, root: string): (change: FoundChange) => boolean {
  const whole = new Set([...paths, ...folders]);
  const onTheWay = new Set(paths.flatMap((path) => [...upwards(path)]));
  const inGit = paths.filter((path) => isWithin(path, `${root}/.git`));
  return ({ path, change, isFolder }) => {
    if (isGuarded(path, root)) return inGit.some((each) => isWithin(path, each));
    // Folders on the way are made with what lies in them.
    if (isFolder && change === 'added' && onTheWay.has(path)) return true;
    const above = [...upwards(path)];
    return above.some((each) => whole.has(each) || patterns.some((pattern) => pattern.test(each)));
  };
}

/**
 * Changes that no expectation covers, in the order they came. A file under a further name changes with it. Of a folder nothing is
 * said where something in it is named.
 */
export function surprisesIn(
  changes: readonly FoundChange[],
  expected: readonly Expectation[],
  root: string,
): FoundChange[] {
  const covering = expected.map((each) => covers(each, root));
  const known = changes.filter((change) => covering.some((covered) => covered(change)));
  const inodes = new Set(known.filter(({ isFolder }) => !isFolder).map(({ inode }) => inode));
  const fine = new Set(known);
  const rest = changes.filter((change) => !fine.has(change) && (change.isFolder || !inodes.has(change.inode)));
  const above = new Set(rest.flatMap(({ path }) => [...upwards(path)].slice(1)));
  return rest.filter(({ path, isFolder }) => !isFolder || !above.has(path));
}

/** The strictest that any of the policies demands. */
export const reactionOf = (policies: readonly Policy[]): SurpriseReaction =>
  surpriseReactions.findLast((each) => policies.some(({ onSurprise }) => onSurprise === each)) ?? 'record';

/** Characters of a name that do not show stand as they are written in code. */
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

/** Paths that a sentence names. */
const saidPaths = 5;

/** What surprised, in a sentence for people. */
export function surpriseText({ agent, paths, more }: Pick<Surprise, 'agent' | 'paths' | 'more'>): string {
  const shown = paths.slice(0, saidPaths).map(({ path, change }) => `${change} ${visible(path).slice(0, 150)}`);
  const others = more + paths.length - shown.length;
  const list = [...shown, ...(others > 0 ? [`${others} more`] : [])].join(', ');
  return `${agent} changed what its command did not say: ${list}`.slice(0, 400);
}
