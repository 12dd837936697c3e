/** Makes a checkout of a git repository: its own objects, its own index, the commit at HEAD on a branch of its own. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { chooseBranch } from './branch.ts';
import { type BytePath, fromText } from './byte-path.ts';
import { assertNoConflict, type Change, carryChanges, readChanges } from './changes.ts';
import type { CheckoutCreated } from './checkout.ts';
import { GitFailure, runGit } from './git.ts';
import { assertFileCount, type CopyLimits } from './limits.ts';
import { list } from './note.ts';
import { openReader, type RepositoryReader } from './reader.ts';
import type { Repository } from './repository.ts';
import { quoteValue } from './settings.ts';
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

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'source.invalid', message, cause });

/** The commit at HEAD. */
async function resolveHead(reader: RepositoryReader): Promise<string> {
  const { top } = reader.repository;
  try {
    return (await reader.run(['rev-parse', '--verify', 'HEAD^{commit}'])).toString().trim();
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    const isUnborn = reader.head.startsWith('ref: ') && /Needed a single revision|unknown revision/.test(cause.stderr);
    if (!isUnborn) throw invalid(`HEAD of ${top} does not lead to a commit; git fsck in it says why`, cause);
    throw invalid(`${top} has no commit yet; make one first: git commit --allow-empty -m start`, cause);
  }
}

/** Tags of the commit's history, as `object refname`: builds derive versions from them. */
async function readTags(reader: RepositoryReader): Promise<string[]> {
  const output = await reader.run(['for-each-ref', '--merged=HEAD', '--format=%(objectname) %(refname)', 'refs/tags/']);
  return output
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

/** Copies every object that the tips reach into one new pack; nothing is linked, so neither side can hurt the other. */
async function packObjects(reader: RepositoryReader, root: string, tips: readonly string[]): Promise<void> {
  const objects = join(root, '.git/objects');
  try {
    await reader.run(['pack-objects', '-q', '--revs', '--delta-base-offset', join(objects, 'pack/pack')], {
      input: `${tips.join('\n')}\n`,
      env: { GIT_OBJECT_DIRECTORY: objects },
    });
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    const fix = reader.settings.isPartial
      ? 'it is a partial clone without all files of its commit; fetch them: git fetch --refetch --no-filter'
      : 'git fsck in it says what is missing or broken';
    throw invalid(`the objects of ${reader.repository.top} cannot be read: ${fix}`, cause);
  }
}

async function initRepository(reader: RepositoryReader, root: string, branch: string | null): Promise<void> {
  const format = `--object-format=${reader.settings.objectFormat}`;
  await runGit({
    args: ['init', '-q', '--template=', format, `--initial-branch=${branch ?? 'detached'}`, root],
    cwd: '/',
  });
  const { core, author } = reader.settings;
  const lines = [
    `[remote "origin"]\n\turl = ${quoteValue(reader.repository.top)}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
  ];
  if (author.name !== null) lines.push(`[user]\n\tname = ${quoteValue(author.name)}\n`);
  if (author.email !== null) lines.push(`[user]\n\temail = ${quoteValue(author.email)}\n`);
  for (const key of ['core.autocrlf', 'core.eol']) {
    const value = core.get(key);
    if (value) lines.push(`[core]\n\t${key.slice(5)} = ${value}\n`);
  }
  await appendFile(join(root, '.git/config'), lines.join(''));
  await mkdir(join(root, '.git/info'), { recursive: true });
  if (reader.exclude) await writeFile(join(root, '.git/info/exclude'), reader.exclude);
}

/** All refs in one file; without a header git reads it unsorted. */
async function writeRefs(
  reader: RepositoryReader,
  root: string,
  refs: { head: string; branch: string | null; tags: string[] },
): Promise<void> {
  const lines = [...refs.tags];
  const current = /^ref: refs\/heads\/(.+)$/.exec(reader.head)?.[1];
  if (current) lines.push(`${refs.head} refs/remotes/origin/${current}`);
  if (refs.branch !== null) lines.push(`${refs.head} refs/heads/${refs.branch}`);
  else await writeFile(join(root, '.git/HEAD'), `${refs.head}\n`);
  await writeFile(join(root, '.git/packed-refs'), `${lines.join('\n')}\n`);
}

async function writeTree(root: string, head: string): Promise<void> {
  try {
    const env = { GIT_DIR: join(root, '.git'), GIT_WORK_TREE: root };
    await runGit({ args: ['read-tree', '--reset', '-u', head], cwd: root, env });
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    const path = /invalid path '(.+)'/.exec(cause.stderr)?.[1];
    if (path) throw invalid(`the commit holds a file that git refuses to write: ${JSON.stringify(path)}`, cause);
    throw cause;
  }
}

/** A shallow or partial source ends somewhere; the copy ends at the same place. */
async function copyBoundary(reader: RepositoryReader, root: string, head: string): Promise<string | null> {
  if (reader.settings.isPartial) {
    await settleAll([reader.gitDir, join(root, '.git')].map((dir) => writeFile(join(dir, 'shallow'), `${head}\n`)));
    return 'The source is a partial clone: only its current commit is copied, without history.';
  }
  if (!reader.shallow) return null;
  await writeFile(join(root, '.git/shallow'), reader.shallow);
  return 'The source is a shallow clone: so is this copy.';
}

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
  const head = await resolveHead(reader);
  const [chosen, tags, tree, changes] = await settleAll([
    request.branch === null ? { branch: null, note: null } : chooseBranch(reader, request.branch),
    readTags(reader),
    readTree(reader, head),
    includesChanges ? readChanges(reader) : [],
  ]);
  if (!(await holds(reader, request.source, changes))) return null;
  assertNoConflict(changes);
  assertFileCount(tree.files + changes.length, limits);
  await initRepository(reader, root, chosen.branch);
  const boundary = await copyBoundary(reader, root, head);
  const kept = boundary ? [] : tags;
  await packObjects(reader, root, [head, ...kept.map((line) => line.slice(0, line.indexOf(' ')))]);
  await writeRefs(reader, root, { head, branch: chosen.branch, tags: kept });
  await writeTree(root, head);
  const carried = await carryChanges({ top: repository.top, root, changes, limits });
  const outside = await findOutsideLinks(root, [...tree.links, ...carried.links]);
  const notes = [chosen.note, boundary, ...notesOf(reader, tree, outside), ...carried.notes];
  return {
    kind: 'git',
    branch: chosen.branch,
    baseCommit: head,
    files: tree.files + carried.added - carried.removed,
    carried: carried.carried,
    notes: notes.filter((note) => note !== null),
  };
}
