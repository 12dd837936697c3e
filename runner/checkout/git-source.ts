/** What a checkout takes from a git repository, read before anything is written. */
import { relative } from 'node:path';
import { fromText } from './byte-path.ts';
import { assertNoConflict, type Change, readChanges } from './changes.ts';
import type { CopyLimits } from './limits.ts';
import { openReader, type RepositoryReader } from './reader.ts';
import { chooseBranch, readRefs, readTags, type SourceRefs } from './refs.ts';
import type { Repository } from './repository.ts';
import type { Restriction } from './restricted/index.ts';
import { settleAll } from './settle.ts';

export interface GitSourceRequest {
  repository: Repository;
  /** Real path of the folder that was asked for, in the working tree. */
  source: string;
  /** Folder to make for a git directory of ours. */
  scratch: string;
  branch: string | null;
  includesChanges: boolean;
  restriction: Restriction;
  limits: CopyLimits;
}

export interface GitSource {
  reader: RepositoryReader;
  refs: SourceRefs;
  /** Branch to work on; null: none. The note says how it came to its name. */
  branch: string | null;
  branchNote: string | null;
  /** As `object refname`; none where the history does not come along. */
  tags: string[];
  /** What differs from the commit and is wanted. */
  changes: Change[];
  restriction: Restriction;
  limits: CopyLimits;
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
 * Throws AppError `source.invalid` naming the fix, `input.invalid` for the branch.
 */
export async function readSource(request: GitSourceRequest): Promise<GitSource | null> {
  const { repository, includesChanges, limits, restriction } = request;
  const reader = await openReader({
    repository,
    scratch: request.scratch,
    withIndex: includesChanges,
    timeoutMs: limits.gitMs,
  });
  const refs = await readRefs(reader);
  const { branch, note } = chooseBranch(refs, request.branch);
  const [tags, changes] = await settleAll([readTags(reader, refs), includesChanges ? readChanges(reader) : []]);
  if (!(await holds(reader, request.source, changes))) return null;
  assertNoConflict(changes);
  const isWhole = !reader.settings.isPartial && !reader.shallow;
  return { reader, refs, branch, branchNote: note, tags: isWhole ? tags : [], changes, restriction, limits };
}
