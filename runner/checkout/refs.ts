/** The refs of a source: where HEAD is, which branch names are taken, which tags belong to its history. */
import { AppError } from '#protocol/error.ts';
import { assertBranchName, isBranchName } from './branch.ts';
import { GitFailure } from './git.ts';
import type { RepositoryReader } from './reader.ts';

export interface SourceRefs {
  /** The commit at HEAD. */
  head: string;
  /** Name of the branch HEAD is on; null when detached. */
  current: string | null;
  branches: ReadonlySet<string>;
  hasTags: boolean;
}

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'source.invalid', message, cause });

/** One reading of everything, so that all of it belongs together. Throws AppError `source.invalid`. */
export async function readRefs(reader: RepositoryReader): Promise<SourceRefs> {
  const { top } = reader.repository;
  const broken = (cause?: unknown) =>
    invalid(`HEAD of ${top} does not lead to a commit; git fsck in it says why`, cause);
  const output = await reader.run(['show-ref', '--head', '--heads', '--tags']).catch((cause: unknown) => {
    if (!(cause instanceof GitFailure)) throw cause;
    if (cause.exitCode !== 1) throw broken(cause);
    return ''; // it found none at all
  });
  const refs = output
    .toString()
    .split('\n')
    .map((line) => ({ object: line.slice(0, line.indexOf(' ')), name: line.slice(line.indexOf(' ') + 1) }));
  const head = refs.find(({ name }) => name === 'HEAD')?.object;
  const current = /^ref: refs\/heads\/(.+)$/.exec(reader.head)?.[1] ?? null;
  if (head === undefined && !isBranchName(current ?? '')) throw broken();
  if (head === undefined) throw invalid(`${top} has no commit yet; make one first: git commit --allow-empty -m start`);
  const branches = refs.filter(({ name }) => name.startsWith('refs/heads/')).map(({ name }) => name.slice(11));
  const hasTags = refs.some(({ name }) => name.startsWith('refs/tags/'));
  return { head, current: isBranchName(current ?? '') ? current : null, branches: new Set(branches), hasTags };
}

/** Tags of the commit's history, as `object refname`: builds derive versions from them. */
export async function readTags(reader: RepositoryReader, { head, hasTags }: SourceRefs): Promise<string[]> {
  if (!hasTags) return [];
  const format = '--format=%(objectname) %(refname)';
  const output = await reader.run(['for-each-ref', `--merged=${head}`, format, 'refs/tags/']);
  return output
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

const maxTries = 999;

/**
 * `wanted`, or `wanted-2`, `-3` … when the source has a branch of that name, so that the work can be pushed back under
 * its own name. The note says so. Throws AppError `input.invalid` for a name that git would not take.
 */
export function chooseBranch(
  { branches }: SourceRefs,
  wanted: string | null,
): { branch: string | null; note: string | null } {
  if (wanted === null) return { branch: null, note: null };
  assertBranchName(wanted);
  const parts = wanted.split('/');
  const above = parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
  const blocking = above.find((name) => branches.has(name));
  if (blocking) {
    const note = `The source has a branch ${blocking}: ${wanted} must be pushed under another name.`;
    return { branch: wanted, note };
  }
  const isFree = (name: string) => !branches.has(name) && ![...branches].some((other) => other.startsWith(`${name}/`));
  for (let n = 1; n <= maxTries; n++) {
    const branch = n === 1 ? wanted : `${wanted}-${n}`;
    if (!isFree(branch)) continue;
    return { branch, note: n === 1 ? null : `The source has a branch ${wanted}; this one is ${branch}.` };
  }
  throw invalid(`the source has too many branches named ${wanted}-…; choose another name`);
}
