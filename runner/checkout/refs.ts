/** The refs of a source: where HEAD is, which branch names are taken, which tags belong to its history. */
import { AppError } from '#protocol/error.ts';
import { assertBranchName, isBranchName } from './branch.ts';
import { GitFailure } from './git.ts';
import type { RepositoryReader } from './reader.ts';
import { settleAll } from './settle.ts';

export interface SourceRefs {
  /** The commit at HEAD. */
  head: string;
  /** Name of the branch HEAD is on; null when detached. */
  current: string | null;
  branches: ReadonlySet<string>;
  hasTags: boolean;
}

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'source.invalid', message, cause });

async function readHead(reader: RepositoryReader, current: string | null): Promise<string> {
  const { top } = reader.repository;
  try {
    return (await reader.run(['rev-parse', '--verify', 'HEAD^{commit}'])).toString().trim();
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    const isUnborn = current !== null && cause.stderr.includes('Needed a single revision');
    if (!isUnborn) throw invalid(`HEAD of ${top} does not lead to a commit; git fsck in it says why`, cause);
    throw invalid(`${top} has no commit yet; make one first: git commit --allow-empty -m start`, cause);
  }
}

/** Throws AppError `source.invalid`. Other refs may be broken: that is not the business of this checkout. */
export async function readRefs(reader: RepositoryReader): Promise<SourceRefs> {
  const named = /^ref: refs\/heads\/(.+)$/.exec(reader.head)?.[1] ?? '';
  const current = isBranchName(named) ? named : null;
  const [head, output] = await settleAll([
    readHead(reader, current),
    reader.run(['for-each-ref', '--format=%(refname)', 'refs/heads/', 'refs/tags/']),
  ]);
  const names = output.toString().split('\n');
  const branches = names
    .filter((name) => name.startsWith('refs/heads/'))
    .map((name) => name.slice('refs/heads/'.length));
  return { head, current, branches: new Set(branches), hasTags: names.some((name) => name.startsWith('refs/tags/')) };
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
