/** What a spelled path means where it is used: resolved, held against the restricted ones. Pure: it is shown the files. */
import type { PathEffect, PathFact } from '#protocol/action-facts.ts';
import type { FileView, Place } from './file-view.ts';

/** `path` from `from`, without `.`, `..` and doubled slashes. Both absolute, or `path` is. */
export function resolvePath(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** `path` is `folder`, or lies in it. Absolute, resolved paths. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || folder === '/' || path.startsWith(`${folder}/`);

/** Devices that hold nothing and keep nothing. */
const emptyDevices = new Set(['/dev/null', '/dev/zero', '/dev/stdin', '/dev/stdout', '/dev/stderr', '/dev/tty']);
export const isHarmlessDevice = (path: string): boolean => emptyDevices.has(path) || /^\/dev\/fd\/[0-2]$/.test(path);

/** `**` stands for any folders, `*` and `?` for what is within a name. */
export function patternToRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (found) => parts[found] ?? `\\${found}`);
  return new RegExp(`^${source}$`, 's');
}
const parts: Readonly<Record<string, string>> = { '/**/': '/(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

const isPattern = (path: string): boolean => /[*?[]/.test(path);
/** The folder that everything a pattern matches lies in. */
const rootOf = (pattern: string): string => pattern.slice(0, pattern.search(/[*?[]/)).replace(/\/[^/]*$/, '') || '/';

/** The names are the same to some file systems, or to a reader. */
const folded = (path: string): string => path.normalize('NFKC').toLowerCase().trim();

function isNamed(path: string, restricted: string): boolean {
  if (isPattern(restricted)) return patternToRegExp(restricted).test(path);
  return isWithin(path, restricted) || isWithin(folded(path), folded(restricted));
}

const isSameFile = (path: string, restricted: string, files: FileView): boolean => {
  if (isPattern(restricted)) return false;
  const [one, other] = [files.look(path), files.look(restricted)];
  return one !== null && other !== null && one.inode === other.inode;
};

/** Whether `path` (absolute) is restricted, by its name, by where its links lead, or by being the same file. */
export function isRestricted(path: string, { restricted, files }: Place): boolean {
  if (restricted.length === 0) return false;
  const real = files.resolve(path);
  return restricted.some(
    (each) =>
      isNamed(path, each) ||
      isNamed(real, each) ||
      (!isPattern(each) && isWithin(real, files.resolve(each))) ||
      isSameFile(real, each, files),
  );
}

/** Whether something restricted lies in `folder`, or may. */
export function holdsRestricted(folder: string, { restricted, files }: Place): boolean {
  const real = files.resolve(folder);
  return restricted.some((each) => {
    const root = isPattern(each) ? rootOf(each) : each;
    return isWithin(root, real) || (isPattern(each) && isWithin(real, root));
  });
}

/** Everything that a restricted path names lies in `folder`. */
function isAbove(folder: string, { restricted, files }: Place): boolean {
  const real = files.resolve(folder);
  return restricted.some((each) => isWithin(isPattern(each) ? rootOf(each) : each, real));
}

/** Where the kernel goes: `link/..` is the folder above of what the link leads to. */
function follow(cwd: string, spelled: string, files: FileView): string {
  let at = spelled.startsWith('/') ? '/' : files.resolve(cwd);
  for (const part of spelled.split('/')) {
    if (part === '..') at = resolvePath(at, '..');
    else if (part !== '' && part !== '.') at = files.resolve(resolvePath(at, part));
  }
  return at;
}

/** Facts of one path as it is used from `cwd`; a write or removal of a folder touches what is in it. */
export function pathFact(spelled: string, effect: PathEffect, cwd: string, place: Place): PathFact {
  const path = resolvePath(cwd, spelled);
  const real = spelled.includes('..') ? follow(cwd, spelled, place.files) : place.files.resolve(path);
  const takesAll = effect === 'delete' || effect === 'write';
  const restricted = [path, real].some((each) => isRestricted(each, place) || (takesAll && isAbove(each, place)));
  const isInBase = isWithin(path, place.base) && isWithin(real, place.files.resolve(place.base));
  const exists = place.files.look(real) !== null;
  return { path: spelled, real, effect, restricted, isInBase: isInBase || isHarmlessDevice(real), exists };
}

/** The folder whose files a pattern is held against. */
export const globFolder = (spelled: string, cwd: string): string => rootOf(resolvePath(cwd, spelled));

/** A path of which only a pattern is known: restricted if the pattern could mean something that is. */
export function globFact(spelled: string, effect: PathEffect, cwd: string, place: Place): PathFact {
  const pattern = resolvePath(cwd, spelled);
  // What stands in brackets is not looked into: it may be any name's part.
  const matcher = patternToRegExp(pattern.replace(/\[[^/]*\]/g, '*'));
  const candidates = place.restricted.flatMap((each) => [each, place.files.resolve(each)]);
  const folder = rootOf(pattern);
  const isDeep = pattern.slice(folder.length + 1).includes('/');
  const isHit = candidates.some((each) =>
    isPattern(each) ? isDeep : matcher.test(each) || isAncestorHit(matcher, each),
  );
  const matched = place.files
    .list(folder)
    .map((name) => (folder === '/' ? `/${name}` : `${folder}/${name}`))
    .filter((each) => matcher.test(each));
  // Where nothing is there to be listed, one name that it stands for.
  const example = pattern.replace(/\[[^/]*\]|\*+|\?/g, 'x');
  const restricted =
    isHit ||
    place.restricted.some((each) => isNamed(example, each)) ||
    matched.some((each) => isRestricted(each, place));
  const escapes = matched.some((each) => !isWithin(place.files.resolve(each), place.base));
  const isInBase = isWithin(folder, place.base) && isWithin(place.files.resolve(folder), place.base) && !escapes;
  return { path: spelled, real: null, effect, restricted, isInBase };
}

const isAncestorHit = (matcher: RegExp, path: string): boolean => {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (matcher.test(path.slice(0, at))) return true;
  }
  return false;
};
