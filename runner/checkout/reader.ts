/**
 * Reads a repository through a git directory of our own that only borrows its objects, refs and index, so that git never
 * sees the repository's configuration, hooks or attributes and has nothing of it to write to. docs/adr/010-checkout-copy.md
 */
import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { fromText } from './byte-path.ts';
import { type GitRun, runGit } from './git.ts';
import { readSmall } from './regular-file.ts';
import type { Repository } from './repository.ts';
import { type RepositorySettings, readSettings } from './settings.ts';
import { settleAll } from './settle.ts';

export interface RepositoryReader {
  readonly repository: Repository;
  readonly settings: RepositorySettings;
  /** Our git directory. */
  readonly gitDir: string;
  /** Content of HEAD: `ref: refs/heads/…` or an object name. */
  readonly head: string;
  /** Object directories of the repository, as GIT_ALTERNATE_OBJECT_DIRECTORIES wants them. */
  readonly alternates: string;
  /** Commits at which a shallow repository ends; null for a complete one. */
  readonly shallow: Buffer | null;
  /** The repository's own ignore patterns (`info/exclude`); null if it has none. */
  readonly exclude: Buffer | null;
  run(args: readonly string[], options?: Pick<GitRun, 'input' | 'timeoutMs' | 'env' | 'maxBytes'>): Promise<Buffer>;
}

const MiB = 1024 * 1024;
const limits = {
  config: 4 * MiB,
  head: 4096,
  packedRefs: 512 * MiB,
  shallow: 64 * MiB,
  exclude: 4 * MiB,
  index: 1024 * MiB,
};

/** One path of the colon-separated list, C-quoted so that no character of it separates. */
export const quoteAlternate = (path: string) =>
  `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;

function configText(settings: RepositorySettings): string {
  const core = [...settings.core].map(([key, value]) => `\t${key.slice('core.'.length)} = ${value}\n`).join('');
  const format = settings.objectFormat === 'sha256' ? '\tobjectFormat = sha256\n' : '';
  const storage = settings.refStorage === 'reftable' ? '\trefStorage = reftable\n' : '';
  // With sparse checkout on, a file that is there counts even if its entry says to skip it.
  return `[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tsparseCheckout = true\n${core}[extensions]\n${format}${storage}`;
}

async function copyIfThere(from: string, to: string, maxBytes: number): Promise<Buffer | null> {
  const bytes = await readSmall(fromText(from), maxBytes);
  if (bytes) await writeFile(to, bytes);
  return bytes;
}

/**
 * The index and the shared parts that a split index needs. Git believes an entry only if its file is older than the index
 * itself, so a copy must never look newer: a file that changed in the same instant would pass for unchanged.
 */
async function copyIndex(repository: Repository, gitDir: string): Promise<void> {
  const names = (await readdir(repository.gitDir)).filter((name) => /^(index|sharedindex\.[0-9a-f]+)$/.test(name));
  await settleAll(
    names.map(async (name) => {
      const [from, to] = [join(repository.gitDir, name), join(gitDir, name)];
      const writtenAt = (Math.floor((await stat(from)).mtimeMs) - 1) / 1000;
      if (await copyIfThere(from, to, limits.index)) await utimes(to, writtenAt, writtenAt);
    }),
  );
}

/**
 * Prepares `scratch` (a new folder of ours) as the git directory. `withIndex` also copies the index, for comparing the
 * working tree. Throws AppError `source.invalid`.
 */
export async function openReader(options: {
  repository: Repository;
  scratch: string;
  withIndex: boolean;
  timeoutMs: number;
}): Promise<RepositoryReader> {
  const { repository, scratch } = options;
  const { gitDir, commonDir } = repository;
  await settleAll(
    ['objects/info', 'objects/pack', 'info'].map((part) => mkdir(join(scratch, part), { recursive: true })),
  );
  const config = (await readSmall(fromText(join(commonDir, 'config')), limits.config)) ?? Buffer.alloc(0);
  const [settings, head, , shallow, exclude] = await settleAll([
    readSettings(config),
    copyIfThere(join(gitDir, 'HEAD'), join(scratch, 'HEAD'), limits.head),
    copyIfThere(join(commonDir, 'packed-refs'), join(scratch, 'packed-refs'), limits.packedRefs),
    copyIfThere(join(commonDir, 'shallow'), join(scratch, 'shallow'), limits.shallow),
    copyIfThere(join(commonDir, 'info/exclude'), join(scratch, 'info/exclude'), limits.exclude),
    symlink(join(commonDir, 'refs'), join(scratch, 'refs')),
    options.withIndex ? copyIndex(repository, scratch) : undefined,
  ]);
  if (!head) throw new AppError({ code: 'source.invalid', message: `${gitDir} has no readable HEAD; repair it first` });
  if (settings.refStorage === 'reftable') await symlink(join(commonDir, 'reftable'), join(scratch, 'reftable'));
  await writeFile(join(scratch, 'config'), configText(settings));
  const alternates = quoteAlternate(join(commonDir, 'objects'));
  const env = { GIT_DIR: scratch, GIT_WORK_TREE: repository.top, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates };
  return {
    repository,
    settings,
    gitDir: scratch,
    head: head.toString().trim(),
    alternates,
    shallow,
    exclude,
    run: (args, { env: more, ...rest } = {}) =>
      runGit({ args, cwd: repository.top, env: { ...env, ...more }, timeoutMs: options.timeoutMs, ...rest }),
  };
}
