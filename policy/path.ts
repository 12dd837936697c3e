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
  return new RegExp(`^${sourceOf(pattern)}$`, 's');
}
const sourceOf = (pattern: string): string =>
  pattern.replace(/\/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (found) => parts[found] ?? `\\${found}`);
const parts: Readonly<Record<string, string>> = { '/**/': '/(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** Of a restricted path. Brackets in it stand for themselves: a folder may be called `[id]`. */
export const isPattern = (path: string): boolean => /[*?]/.test(path);
/** The folder that everything a pattern matches lies in. */
const rootOf = (pattern: string): string => pattern.slice(0, pattern.search(/[*?]/)).replace(/\/[^/]*$/, '') || '/';
/** The names are the same to some file systems, or to a reader. */
export const folded = (path: string): string => path.normalize('NFKC').toLowerCase().trim();

type Cover = (path: string) => boolean;
const coverOf = (restricted: string): Cover => {
  if (!isPattern(restricted)) return (path) => isWithin(path, restricted);
  const matcher = new RegExp(`^${sourceOf(restricted)}(?:/.*)?$`, 's');
  return (path) => matcher.test(path);
};
const covers = new Map<string, { plain: Cover; folded: Cover }>();
const mostCovers = 1_000;

/** Whether `path` is called what is restricted, or lies in what is; a pattern covers folders too. Absolute, resolved. */
export function isNamed(path: string, restricted: string): boolean {
  let cover = covers.get(restricted);
  if (!cover) {
    if (covers.size >= mostCovers) covers.clear();
    cover = { plain: coverOf(restricted), folded: coverOf(folded(restricted)) };
    covers.set(restricted, cover);
  }
  return cover.plain(path) || cover.folded(folded(path));
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

const below = 'restricted files may lie below ';
/** What is not known of a folder that is gone through, as facts say it; and the folder again. */
export const unclearBelow = (folder: string): string => `${below}${folder}`;
export const folderOfUnclear = (phrase: string): string | null =>
  phrase.startsWith(below) ? phrase.slice(below.length) : null;

/** Everything that a restricted path names lies in `folder`. */
export function isAbove(folder: string, { restricted, files }: Place): boolean {
  const real = files.resolve(folder);
  return restricted.some((each) => isWithin(isPattern(each) ? rootOf(each) : each, real));
}

/** Where the kernel goes: `link/..` is the folder above of what the link leads to. */
export function follow(cwd: string, spelled: string, files: FileView): string {
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
