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

function configText({ settings, repository }: RepositoryReader): string {
  const isSha256 = settings.objectFormat === 'sha256';
  const lines = ['[core]', `repositoryformatversion = ${isSha256 ? 1 : 0}`, 'filemode = true', 'bare = false'];
  for (const key of ['core.autocrlf', 'core.eol']) {
    const value = settings.core.get(key);
    if (value) lines.push(`${key.slice('core.'.length)} = ${value}`);
  }
  if (isSha256) lines.push('[extensions]', 'objectformat = sha256');
  lines.push('[remote "origin"]', `url = ${quoteValue(repository.top)}`, 'fetch = +refs/heads/*:refs/remotes/origin/*');
  const { name, email } = settings.author;
  if (name !== null || email !== null) lines.push('[user]');
  if (name !== null) lines.push(`name = ${quoteValue(name)}`);
  if (email !== null) lines.push(`email = ${quoteValue(email)}`);
  return `${lines.map((line) => (line.startsWith('[') ? line : `\t${line}`)).join('\n')}\n`;
}

/** An empty repository at `root`; what `git init` without a template makes (gitrepository-layout). */
export async function initRepository(reader: RepositoryReader, root: string, head: string): Promise<void> {
  const at = (path: string) => join(root, '.git', path);
  const folders = ['objects/pack', 'objects/info', 'refs/heads', 'refs/tags', 'info'];
  for (const folder of folders) await mkdir(at(folder), { recursive: true });
  await settleAll([
    writeFile(at('HEAD'), `${head}\n`),
    writeFile(at('config'), configText(reader)),
    reader.exclude && writeFile(at('info/exclude'), reader.exclude),
  ]);
}

/** Copies every object that the tips reach into one new pack; nothing is linked, so neither side can hurt the other. */
export async function packObjects(reader: RepositoryReader, root: string, tips: readonly string[]): Promise<void> {
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

/** All refs in one file; without a header git reads it unsorted. */
export async function writeRefs(options: {
  root: string;
  refs: SourceRefs;
  branch: string | null;
  tags: readonly string[];
}): Promise<void> {
  const { root, refs, branch, tags } = options;
  const lines = [...tags];
  if (refs.current !== null) lines.push(`${refs.head} refs/remotes/origin/${refs.current}`);
  if (branch !== null) lines.push(`${refs.head} refs/heads/${branch}`);
  await writeFile(join(root, '.git/packed-refs'), `${lines.join('\n')}\n`);
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

/** A shallow or partial source ends somewhere; the copy ends at the same place. Returns the note about it. */
export async function copyBoundary(reader: RepositoryReader, root: string, head: string): Promise<string | null> {
  if (reader.settings.isPartial) {
    await settleAll([reader.gitDir, join(root, '.git')].map((dir) => writeFile(join(dir, 'shallow'), `${head}\n`)));
    return 'The source is a partial clone: only its current commit is copied, without history.';
  }
  if (!reader.shallow) return null;
  await writeFile(join(root, '.git/shallow'), reader.shallow);
  return 'The source is a shallow clone: so is this copy.';
}
