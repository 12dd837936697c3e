/** Makes a checkout of a git repository: its own objects, its own index, the commit at HEAD on a branch of its own. */
import { relative } from 'node:path';
import { type BytePath, fromText } from './byte-path.ts';
import { assertNoConflict, type Change, carryChanges, readChanges } from './changes.ts';
import type { CheckoutCreated } from './checkout.ts';
import { assertFileCount, type CopyLimits } from './limits.ts';
import { copyBoundary, initRepository, packObjects, writeFiles, writeRefs } from './new-repository.ts';
import { list } from './note.ts';
import { openReader, type RepositoryReader } from './reader.ts';
import { chooseBranch, readRefs, readTags } from './refs.ts';
import type { Repository } from './repository.ts';
import { settleAll } from './settle.ts';
import { findOutsideLinks, readTree, type TreeFacts } from './tree.ts';

export interface GitCheckoutRequest {
  repository: Repository;
  /** Real path of the folder that was asked for, in the working tree. */
  source: string;
  /** Folder to make for a git directory of ours, and folder to make the tree in. */
  scratch: string;
  root: string;
  branch: string | null;
  includesChanges: boolean;
  limits: CopyLimits;
}

export type Made = Omit<CheckoutCreated, 'ms'>;

function notesOf(reader: RepositoryReader, tree: TreeFacts, outside: readonly BytePath[]): string[] {
  const notes: string[] = [];
  if (tree.submodules.length > 0) notes.push(`Not fetched: ${list('submodule', tree.submodules)}.`);
  if (outside.length > 0) notes.push(`Kept as they are: ${list('link', outside)} that lead out of the checkout.`);
  const { filters } = reader.settings;
  if (filters.length > 0)
    notes.push(
      `Content filters were not run (${filters.join(', ').slice(0, 200)}): such files are as git stores them.`,
    );
  return notes;
}

/** True if the commit, or what is carried, holds something of the folder: only then is it this repository's to check out. */
async function holds(reader: RepositoryReader, folder: string, changes: readonly Change[]): Promise<boolean> {
  const path = relative(reader.repository.top, folder);
  if (path === '') return true;
  const below = `${fromText(path)}/`;
  if (changes.some((change) => change.isPresent && change.path.startsWith(below) && change.path !== below)) return true;
  return (await reader.run(['ls-tree', '-z', '--full-tree', 'HEAD', '--', path])).length > 0;
}

/**
 * The repository is only read. Null when it knows nothing of the folder that was asked for.
 * Throws AppError `source.invalid` naming the fix.
 */
export async function makeGitCheckout(request: GitCheckoutRequest): Promise<Made | null> {
  const { repository, root, includesChanges, limits } = request;
  const reader = await openReader({
    repository,
    scratch: request.scratch,
    withIndex: includesChanges,
    timeoutMs: limits.gitMs,
  });
  const refs = await readRefs(reader);
  const chosen = chooseBranch(refs, request.branch);
  const [tags, tree, changes] = await settleAll([
    readTags(reader, refs),
    readTree(reader, refs.head),
    includesChanges ? readChanges(reader) : [],
    initRepository(reader, root, chosen.branch === null ? refs.head : `ref: refs/heads/${chosen.branch}`),
  ]);
  if (!(await holds(reader, request.source, changes))) return null;
  assertNoConflict(changes);
  assertFileCount(tree.files + changes.length, limits);
  const boundary = await copyBoundary(reader, root, refs.head);
  const kept = boundary ? [] : tags;
  await packObjects(reader, root, [refs.head, ...kept.map((line) => line.slice(0, line.indexOf(' ')))]);
  await writeRefs({ root, refs, branch: chosen.branch, tags: kept });
  await writeFiles(root, refs.head, limits.gitMs);
  const carried = await carryChanges({ top: repository.top, root, changes, limits });
  const outside = await findOutsideLinks(root, [...tree.links, ...carried.links]);
  const notes = [chosen.note, boundary, ...notesOf(reader, tree, outside), ...carried.notes];
  return {
    kind: 'git',
    branch: chosen.branch,
    baseCommit: refs.head,
    files: tree.files + carried.added - carried.removed,
    carried: carried.carried,
    notes: notes.filter((note) => note !== null),
  };
}
