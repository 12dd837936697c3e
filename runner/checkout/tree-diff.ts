/** What differs between two states of files, both given as git trees; and how the files as they are now become one. */
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { CheckoutDiff } from '#protocol/runner-message.ts';
import { type BytePath, fromText, join as joinBytes, splitNul, toBytes, visible } from './byte-path.ts';
import { GitFailure } from './git.ts';
import type { RepositoryReader } from './reader.ts';

export type FileChange = Pick<CheckoutDiff['files'][number], 'path' | 'change'>;

/** Longest unified diff that is handed out, in bytes. */
const maxPatchBytes = 4 * 1024 * 1024;
const maxFiles = 10_000;
/** Files may come and go while git looks at them. */
const maxTries = 3;

const changes: Record<string, FileChange['change']> = { A: 'added', D: 'deleted' };
const plain = ['--no-renames', '--no-ext-diff', '--no-textconv', '--no-color'];

/**
 * The files of the working tree as a tree, untracked ones with them and ignored ones not, through the reader's own copy of the
 * index; those that may not be read stay as they were. One call at a time for one reader. Throws AppError `checkout.failed`
 * rather than give an older state for the one now.
 */
export async function writeTree(reader: RepositoryReader): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      // The index is ours alone: a lock is what a git left that was killed.
      await rm(join(reader.gitDir, 'index.lock'), { force: true });
      await setGitlinksAside(reader);
      await reader.run(['add', '--all', '--ignore-errors']).catch((cause: unknown) => {
        if (!(cause instanceof GitFailure) || cause.exitCode !== 1) throw cause;
      });
      return (await reader.run(['write-tree'])).toString().trim();
    } catch (cause) {
      if (!(cause instanceof GitFailure)) throw cause;
      if (tries === maxTries) throw unreadable('the files of the checkout cannot be read now; try again', cause);
    }
  }
}

const gitlink = /^160000 [0-9a-f]+ 0\t/;

/**
 * `git add` asks each repository below that its index knows whether it was modified, with a git that obeys that repository's
 * own configuration: filters and all. So those that are there leave our index, and are added as new ones are, unasked; what
 * is known of the others is taken to be so still.
 */
async function setGitlinksAside(reader: RepositoryReader): Promise<void> {
  const staged = splitNul(await reader.run(['ls-files', '--stage', '-z']));
  const known = staged.filter((entry) => gitlink.test(entry)).map((entry) => entry.replace(gitlink, '') as BytePath);
  if (known.length === 0) return;
  const isThere = await Promise.all(
    known.map((path) => {
      const at = joinBytes(joinBytes(fromText(reader.repository.top), path), '.git');
      return lstat(toBytes(at)).then(
        () => true,
        () => false,
      );
    }),
  );
  const update = (option: string, paths: BytePath[]) =>
    reader.run(['update-index', '-z', option, '--stdin'], { input: toBytes(`${paths.join('\0')}\0` as BytePath) });
  const [there, others] = [known.filter((_, n) => isThere[n]), known.filter((_, n) => !isThere[n])];
  if (there.length > 0) await update('--force-remove', there);
  if (others.length > 0) await update('--assume-unchanged', others);
}

/** Which files differ, at most 10,000. */
export async function readFileChanges(reader: RepositoryReader, from: string, to: string): Promise<FileChange[]> {
  const fields = splitNul(await reader.run(['diff-tree', '-r', '-z', '--name-status', ...plain, from, to]));
  const files: FileChange[] = [];
  for (let at = 0; at + 1 < fields.length && files.length < maxFiles; at += 2) {
    files.push({ path: textOf(fields[at + 1]), change: changes[fields[at] ?? ''] ?? 'modified' });
  }
  return files;
}

/** The difference as a unified diff and by file, bounded. Throws AppError `checkout.failed` when a state is not whole any more. */
export async function readDiff(reader: RepositoryReader, from: string, to: string): Promise<CheckoutDiff> {
  try {
    const [patch, counts, kinds] = await Promise.all([
      reader.run(['diff-tree', '-r', '-p', ...plain, from, to], { maxBytes: maxPatchBytes + 1 }),
      reader.run(['diff-tree', '-r', '-z', '--numstat', ...plain, from, to]),
      readFileChanges(reader, from, to),
    ]);
    const lines = new Map(splitNul(counts).map(countsOf));
    const files = kinds.map(({ path, change }) => ({
      path,
      change,
      ...(lines.get(path) ?? { added: null, removed: null }),
    }));
    const isCut = patch.length > maxPatchBytes;
    return { patch: patch.subarray(0, maxPatchBytes).toString('utf8'), isCut, files };
  } catch (cause) {
    if (!(cause instanceof GitFailure)) throw cause;
    throw unreadable('git cannot compare the checkout: git fsck in it says what it lacks', cause);
  }
}

function unreadable(message: string, cause: GitFailure): AppError {
  const said = visible(cause.stderr.trim().split('\n')[0] ?? '').slice(0, 200);
  return new AppError({ code: 'checkout.failed', message: said === '' ? message : `${message} (${said})`, cause });
}

/** One record of `--numstat -z`: added, removed and path, in tabs; `-` for a binary file. */
function countsOf(record: BytePath): [string, { added: number | null; removed: number | null }] {
  const [added = '', removed = '', ...path] = record.split('\t');
  const lines = (text: string) => (text === '-' ? null : Number(text));
  return [textOf(path.join('\t') as BytePath), { added: lines(added), removed: lines(removed) }];
}

/** A path as text; bytes that are none become U+FFFD. */
const textOf = (path: BytePath | undefined): string => (path === undefined ? '' : toBytes(path).toString('utf8'));
