/** What a pattern of paths may stand for: gone through folder by folder, as a shell does. Pure: it is shown the files. */
import type { PathEffect, PathFact } from '#protocol/action-facts.ts';
import type { FileView, Place } from './file-view.ts';
import { exactly, isWild, type NamePattern, patternOf, shareName } from './name-pattern.ts';
import { folded, follow, isAbove, isNamed, isPattern, isRestricted, isWithin, pathFact, resolvePath } from './path.ts';

export interface GlobUse {
  effect: PathEffect;
  cwd: string;
  place: Place;
  /** Names that may be compared yet. */
  budget: { names: number };
}

export interface GlobFact {
  fact: PathFact;
  /** Why it is not known what it stands for; null: it is. */
  problem: string | null;
  /** Files and folders that it stands for. Absolute. */
  matches: readonly string[];
}

/** Of one pattern: its names and the characters in one, folders that are listed, files found. */
const limits = { parts: 100, name: 255, folders: 200, matches: 1_000 } as const;
/** A view of files cuts longer lists. */
const listed = 10_000;

/** A path of which only a pattern is known: restricted if it could mean something that is. */
export function globFact(spelled: string, { effect, cwd, place, budget }: GlobUse): GlobFact {
  const { base, files } = place;
  const parts = spelled.split('/');
  const first = parts.findIndex(isWild);
  if (first < 0)
    return { fact: pathFact(spelled, effect, cwd, place), problem: null, matches: [resolvePath(cwd, spelled)] };
  if (parts.length > limits.parts || parts.some(({ length }) => length > limits.name)) return tooLong(spelled, effect);
  const prefix = parts.slice(0, first).join('/') || (spelled.startsWith('/') ? '/' : '.');
  const rest = parts.slice(first).filter((part) => part !== '' && part !== '.');
  const folder = follow(cwd, prefix, files);
  const lexical = resolvePath(cwd, prefix);
  const found = expand(folder, rest, new Search(files, budget));
  const patterns = [...new Set([folder, lexical])].map((from) => [...namesIn(from), ...rest]);
  const isThere = files.look(folder) !== null;
  const restricted =
    patterns.some((pattern) => isNamedBy(pattern, place)) ||
    found.paths.some((path) => isRestricted(path, place) || (isChange(effect) && isAbove(path, place)));
  const isInBase =
    [folder, lexical].every((path) => isWithin(path, base) || isWithin(path, files.resolve(base))) &&
    found.paths.every((path) => isWithin(files.resolve(path), files.resolve(base)));
  const mayMean = !isThere && patterns.some((pattern) => mayBeRestricted(pattern, place));
  const problem = found.problem ?? (mayMean ? 'it may stand for a restricted file' : null);
  return {
    fact: { path: spelled, real: null, effect, restricted, isInBase },
    problem: problem && `${spelled}: ${problem}`,
    matches: found.paths.length > 0 ? found.paths : [folder],
  };
}

const tooLong = (path: string, effect: PathEffect): GlobFact => ({
  fact: { path, real: null, effect, restricted: false, isInBase: false },
  problem: 'a pattern of paths is longer than any can be',
  matches: [],
});

const isChange = (effect: PathEffect): boolean => effect === 'delete' || effect === 'write';
const namesIn = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** It could be spelled out to be a restricted path, or a folder on the way to one, whether it is there or not. */
function isNamedBy(pattern: readonly string[], { restricted, files }: Place): boolean {
  const example = `/${pattern.map((part) => (isWild(part) ? 'x' : part)).join('/')}`;
  return restricted.some((each) => {
    if (isNamed(example, each)) return true;
    if (isPattern(each)) return false;
    return [each, files.resolve(each)].some((path) => couldMeet(pattern, namesIn(path), true));
  });
}

/** Where nothing is there to be listed, two patterns may mean the same. */
const mayBeRestricted = (pattern: readonly string[], { restricted }: Place): boolean =>
  restricted.some((each) => isPattern(each) && couldMeet(pattern, namesIn(each), false)) ||
  pattern.some((part, index) => part === '..' && pattern.slice(0, index).some(isWild));

const anyFolders = '**';

/** Whether a path of `pattern` is, or lies below, what `restricted` names; `isUpwards`: or above it. */
function couldMeet(pattern: readonly string[], restricted: readonly string[], isUpwards: boolean): boolean {
  const names = pattern.map(foldedPattern);
  const parts = restricted.map(foldedPattern);
  const known = new Map<number, boolean>();
  const meet = (n: number, p: number): boolean => {
    const key = n * (parts.length + 1) + p;
    const answer = known.get(key) ?? look(n, p);
    known.set(key, answer);
    return answer;
  };
  const look = (n: number, p: number): boolean => {
    const [name, part] = [names[n], parts[p]];
    if (!part) return true;
    if (restricted[p] === anyFolders && (meet(n, p + 1) || (name !== undefined && meet(n + 1, p)))) return true;
    if (!name) return isUpwards;
    // Some shells go through all folders below.
    if (pattern[n] === anyFolders && (meet(n + 1, p) || meet(n, p + 1))) return true;
    return shareName(name, part) && meet(n + 1, p + 1);
  };
  return meet(0, 0);
}

const foldedPattern = (name: string): NamePattern => patternOf(folded(name));

interface Found {
  paths: readonly string[];
  problem: string | null;
}

/** Every path that is there, links on the way followed; of its last name they are not. */
function expand(folder: string, rest: readonly string[], search: Search): Found {
  let at: string[] = [folder];
  rest.forEach((part, index) => {
    const isLast = index === rest.length - 1;
    const next = at.flatMap((from) => search.step(from, part));
    at = [...new Set(isLast ? next : next.map((path) => search.files.resolve(path)))];
    if (at.length > limits.matches) search.problem = 'it stands for too many files';
    at.length = Math.min(at.length, limits.matches);
  });
  return { paths: at, problem: search.problem };
}

class Search {
  readonly files: FileView;
  readonly #budget: GlobUse['budget'];
  #folders = 0;
  problem: string | null = null;

  constructor(files: FileView, budget: GlobUse['budget']) {
    this.files = files;
    this.#budget = budget;
  }

  /** What one name of the pattern leads to. */
  step(from: string, part: string): string[] {
    if (!isWild(part)) return [resolvePath(from, part)];
    const pattern = patternOf(part);
    // Some shells find the folder itself, and the one above, by `.?`.
    const dots = part.startsWith('.') ? ['.', '..'].filter((name) => shareName(pattern, exactly(name))) : [];
    if (dots.length > 0) this.problem = 'it may stand for the folder above';
    const names = this.#list(from).filter((name) => !isHidden(name, part) && shareName(pattern, exactly(name)));
    return [...dots, ...names].map((name) => resolvePath(from, name));
  }

  #list(folder: string): readonly string[] {
    if (++this.#folders > limits.folders) return this.#stop('it goes through too many folders');
    const names = this.files.list(folder);
    if (names.length >= listed || names.length > this.#budget.names)
      return this.#stop('its folders hold too many files');
    this.#budget.names -= names.length;
    return names;
  }

  #stop(problem: string): string[] {
    this.problem = problem;
    return [];
  }
}

/** A star stands for no name that begins with a dot. */
const isHidden = (name: string, part: string): boolean => name.startsWith('.') && !/^[.[]/.test(part);
