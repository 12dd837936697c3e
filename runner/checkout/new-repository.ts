/** Writes the repository of a checkout: its configuration, its objects, its refs, its files. Runs nothing but git's own code. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { GitFailure, runGit } from './git.ts';
import type { RepositoryReader } from './reader.ts';
import type { SourceRefs } from './refs.ts';
import { quoteValue } from './settings.ts';
import { settleAll } from './settle.ts';

const invalid = (message: string, cause: unknown) => new AppError({ code: 'source.invalid', message, cause });

/** What git keeps out of a working tree, as `info/sparse-checkout` and `info/attributes` have it. */
export interface Exclusion {
  sparse: string;
  attributes: string;
}

function configText({ settings, repository }: RepositoryReader, isSparse: boolean): string {
  const isSha256 = settings.objectFormat === 'sha256';
  const lines = ['[core]', `repositoryformatversion = ${isSha256 ? 1 : 0}`, 'filemode = true', 'bare = false'];
  for (const key of ['core.autocrlf', 'core.eol']) {
    const value = settings.core.get(key);
    if (value) lines.push(`${key.slice('core.'.length)} = ${value}`);
  }
  // Not only the index says what is left out: then no command that writes files brings it back.
  if (isSparse) lines.push('sparseCheckout = true');
  if (isSha256) lines.push('[extensions]', 'objectformat = sha256');
  lines.push('[remote "origin"]', `url = ${quoteValue(repository.top)}`, 'fetch = +refs/heads/*:refs/remotes/origin/*');
  const { name, email } = settings.author;
  if (name !== null || email !== null) lines.push('[user]');
  if (name !== null) lines.push(`name = ${quoteValue(name)}`);
  if (email !== null) lines.push(`email = ${quoteValue(email)}`);
  return `${lines.map((line) => (line.startsWith('[') ? line : `\t${line}`)).join('\n')}\n`;
}

/** An empty repository at `root`; what `git init` without a template makes (gitrepository-layout). `writeHead` completes it. */
export async function initRepository(
  reader: RepositoryReader,
  root: string,
  exclusion: Exclusion | null,
): Promise<void> {
  const at = (path: string) => join(root, '.git', path);
  const folders = ['objects/pack', 'objects/info', 'refs/heads', 'refs/tags', 'info'];
  for (const folder of folders) await mkdir(at(folder), { recursive: true });
  await settleAll([
    writeFile(at('HEAD'), 'ref: refs/heads/main\n'),
    writeFile(at('config'), configText(reader, exclusion !== null)),
    reader.exclude && writeFile(at('info/exclude'), reader.exclude),
    exclusion && writeFile(at('info/sparse-checkout'), exclusion.sparse, 'latin1'),
    exclusion && writeFile(at('info/attributes'), exclusion.attributes, 'latin1'),
  ]);
}

/**
 * Copies every object that the tips reach, but the contents `without`, into one new pack; nothing is linked, so neither side
 * can hurt the other.
 */
export async function packObjects(
  reader: RepositoryReader,
  root: string,
  { tips, without }: { tips: readonly string[]; without: readonly string[] },
): Promise<void> {
  const objects = join(root, '.git/objects');
  const options = ['-q', '--revs', '--delta-base-offset', '--no-use-bitmap-index'];
  try {
    await reader.run(['pack-objects', ...options, join(objects, 'pack/pack')], {
      input: [...tips, ...without.map((object) => `^${object}`)].map((line) => `${line}\n`).join(''),
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

/** Where HEAD is, and all refs in one file; without a header git reads it unsorted. `origin`: what the source has checked out. */
export async function writeHead(
  root: string,
  refs: { commit: string; branch: string | null; tags: readonly string[]; origin: SourceRefs | null },
): Promise<void> {
  const { commit, branch, tags, origin } = refs;
  const lines = [...tags];
  if (origin && origin.current !== null) lines.push(`${origin.head} refs/remotes/origin/${origin.current}`);
  if (branch !== null) lines.push(`${commit} refs/heads/${branch}`);
  await settleAll([
    writeFile(join(root, '.git/packed-refs'), `${lines.join('\n')}\n`),
    writeFile(join(root, '.git/HEAD'), `${branch === null ? commit : `ref: refs/heads/${branch}`}\n`),
  ]);
}

/** Writes index and files. Several workers, because making files is what takes the time; git starts them above 100 files. */
export async function writeFiles(root: string, head: string, timeoutMs: number): Promise<void> {
  const env = { GIT_DIR: join(root, '.git'), GIT_WORK_TREE: root };
  try {
    await runGit({ args: ['-c', 'checkout.workers=4', 'read-tree', '--reset', '-u', head], cwd: root, env, timeoutMs });
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    const path = /invalid path '(.+)'/.exec(cause.stderr)?.[1];
    if (path) throw invalid(`the commit holds a file that git refuses to write: ${JSON.stringify(path)}`, cause);
    throw cause;
  }
}

/** Lets the index know the files as they are now, after all of them changed in owner or place. */
export async function refreshIndex(root: string): Promise<void> {
  const env = { GIT_DIR: join(root, '.git'), GIT_WORK_TREE: root };
  await runGit({ args: ['update-index', '-q', '--refresh'], cwd: root, env }).catch((cause: unknown) => {
    if (!(cause instanceof GitFailure && cause.exitCode === 1)) throw cause; // something is changed
  });
}

/** What of a partial source is not there cannot be gone through: to this reader its history ends at `head`. */
export async function endPartialHistory(reader: RepositoryReader, head: string): Promise<void> {
  if (reader.settings.isPartial) await writeFile(join(reader.gitDir, 'shallow'), `${head}\n`);
}

/** A shallow or partial source ends somewhere; the copy ends at the same place. Returns the note about it. */
export async function copyBoundary(reader: RepositoryReader, root: string, head: string): Promise<string | null> {
  if (reader.settings.isPartial) {
    await writeFile(join(root, '.git/shallow'), `${head}\n`);
    return 'The source is a partial clone: only its current commit is copied, without history.';
  }
  if (!reader.shallow) return null;
  await writeFile(join(root, '.git/shallow'), reader.shallow);
  return 'The source is a shallow clone: so is this copy.';
}
