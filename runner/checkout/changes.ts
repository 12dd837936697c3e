/** The uncommitted state of a working tree: read through a reader, and carried over to a checkout. */
import { lstatSync, rmSync } from 'node:fs';
import { lstat, rm, rmdir } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { assertInsideTree, type BytePath, fromText, join, parentOf, show, splitNul, toBytes } from './byte-path.ts';
import { CopyBudget, copyEntry, forEachInSlices, makeParents } from './copy-file.ts';
import type { CopyLimits } from './limits.ts';
import { list } from './note.ts';
import type { RepositoryReader } from './reader.ts';
import { addRestrictedFiles, type Restriction, Twins } from './restricted/index.ts';

export interface Change {
  path: BytePath;
  kind: 'tracked' | 'untracked' | 'conflict' | 'nested-repository';
  /** False when the file is not in the working tree. */
  isPresent: boolean;
  /** Index and working tree differ from the commit in two different ways. */
  isStagedApart: boolean;
  /** Mode in the working tree, as git writes it. */
  mode: string;
}

/** Lines of `git status --porcelain=v2 -z`; the number of fields before the path depends on the kind. */
function parseChange(line: BytePath): Change | null {
  const rest = (fields: number) => line.split(' ').slice(fields).join(' ') as BytePath;
  const fields = line.split(' ', 7);
  const xy = fields[1] ?? '..';
  switch (line[0]) {
    case '1': {
      const mode = fields[5] ?? '';
      const isStagedApart = !xy.includes('.');
      return { path: rest(8), kind: 'tracked', isPresent: mode !== '000000', isStagedApart, mode };
    }
    case 'u':
      return { path: rest(10), kind: 'conflict', isPresent: true, isStagedApart: true, mode: fields[6] ?? '' };
    case '?': {
      const path = rest(1);
      const kind = path.endsWith('/') ? 'nested-repository' : 'untracked';
      return { path, kind, isPresent: true, isStagedApart: false, mode: '' };
    }
    default:
      return null;
  }
}

/**
 * Everything that differs from HEAD, untracked files one by one, ignored ones not. Submodules are not looked into: git
 * would run in them with their configuration.
 */
export async function readChanges(reader: RepositoryReader): Promise<Change[]> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--ignore-submodules=all', '--no-renames'];
  return splitNul(await reader.run(args)).flatMap((line) => parseChange(line) ?? []);
}

/** Without what is restricted, and without what is another name or copy of it; a note tells what was left. */
export async function leaveOutRestricted(options: {
  top: string;
  restriction: Restriction;
  format: 'sha1' | 'sha256';
  /** Restricted contents of the history, with their sizes. */
  blobs: ReadonlyMap<string, number>;
  changes: readonly Change[];
}): Promise<{ changes: Change[]; notes: string[] }> {
  const { top, restriction, format, blobs, changes } = options;
  if (restriction.isEmpty || changes.length === 0) return { changes: [...changes], notes: [] };
  const twins = new Twins(format, blobs);
  await addRestrictedFiles(twins, top, restriction);
  const wanted: Change[] = [];
  const left: BytePath[] = [];
  await forEachInSlices(changes, (change) => {
    const isRestricted = restriction.covers(change.path) || twins.has(join(fromText(top), change.path));
    if (!isRestricted) wanted.push(change);
    else if (change.isPresent) left.push(change.path);
  });
  return { changes: wanted, notes: left.length > 0 ? [`Not carried over, as restricted: ${list('file', left)}.`] : [] };
}

export interface Carried {
  /** Paths that now differ from the commit as they do in the source. */
  carried: number;
  /** Files the tree gained and lost by it. */
  added: number;
  removed: number;
  links: BytePath[];
  notes: string[];
}

/** False where a folder above `path` is a link or is not there: what lies beyond it is not ours to touch. */
async function hasRealParents(root: BytePath, path: BytePath): Promise<boolean> {
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
    const facts = await lstat(toBytes(join(root, folder))).catch(() => null);
    if (!facts?.isDirectory()) return false;
  }
  return true;
}

async function removeTracked(root: BytePath, path: BytePath): Promise<boolean> {
  if (!(await hasRealParents(root, path))) return false;
  const facts = await lstat(toBytes(join(root, path))).catch(() => null);
  if (!facts || facts.isDirectory()) return false;
  await rm(toBytes(join(root, path)));
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
    const isEmpty = await rmdir(toBytes(join(root, folder))).then(
      () => true,
      () => false, // not empty: it stays, and so do those above it
    );
    if (!isEmpty) break;
  }
  return true;
}

/** Throws AppError `source.invalid`: half of a merge cannot be carried. */
export function assertNoConflict(changes: readonly Change[]): void {
  const conflicts = changes.filter(({ kind }) => kind === 'conflict').map(({ path }) => path);
  if (conflicts.length === 0) return;
  const message = `the source has unresolved conflicts (${list('file', conflicts)}); resolve or abort the merge, or leave the changes out`;
  throw new AppError({ code: 'source.invalid', message });
}

/** No index that git writes has a file and the same name as a folder; one that does could lead a copy through a link. */
function assertNoOverlap(paths: readonly BytePath[]): void {
  const files = new Set<string>(paths);
  for (const path of paths) {
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
      if (!files.has(folder)) continue;
      const message = `the index of the source names ${show(folder)} as a file and as a folder; check it with git fsck`;
      throw new AppError({ code: 'source.invalid', message });
    }
  }
}

/** Makes the tree at `root`, a checkout of the same commit, look like the working tree that `changes` were read from. */
export async function carryChanges(options: {
  top: string;
  root: string;
  changes: readonly Change[];
  limits: CopyLimits;
}): Promise<Carried> {
  const { changes, limits } = options;
  const budget = new CopyBudget(limits, 'the uncommitted and untracked files of the source');
  for (const { path, kind } of changes) if (kind !== 'nested-repository') assertInsideTree(path);
  const [top, root] = [fromText(options.top), fromText(options.root)];
  const result: Carried = { carried: 0, added: 0, removed: 0, links: [], notes: [] };
  const carried = new Set<BytePath>();
  const made = new Set<string>();
  const special: BytePath[] = [];
  for (const change of changes.filter(({ isPresent }) => !isPresent)) {
    if (!(await removeTracked(root, change.path))) continue;
    carried.add(change.path);
    result.removed += 1;
  }
  const present = changes.filter(
    ({ isPresent, kind, mode }) => isPresent && kind !== 'nested-repository' && mode !== '160000',
  );
  assertNoOverlap(present.map(({ path }) => path));
  for (const { path } of present) await makeParents(root, path, made);
  await forEachInSlices(present, async ({ path }) => {
    const target = toBytes(join(root, path));
    const isNew = lstatSync(target, { throwIfNoEntry: false }) === undefined;
    if (!isNew) rmSync(target, { recursive: true });
    const outcome = await copyEntry({ from: join(top, path), to: join(root, path), budget });
    if (outcome === 'special') special.push(path);
    if (outcome === 'link') result.links.push(path);
    const isThere = outcome === 'file' || outcome === 'link';
    if (isThere || !isNew) carried.add(path);
    if (isThere && isNew) result.added += 1;
    if (!isThere && !isNew) result.removed += 1;
  });
  const nested = changes.filter(({ kind }) => kind === 'nested-repository').map(({ path }) => path);
  if (nested.length > 0) result.notes.push(`Left out ${list('untracked git repository', nested)}.`);
  if (special.length > 0) result.notes.push(`Left out ${list('special file', special)}.`);
  return { ...result, carried: carried.size };
}
