/** Decides whether the source already holds everything in a checkout. Reads both sides, changes and runs neither. */
import { lstat, mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromText, join as joinBytes, splitNul, toBytes, visible } from './byte-path.ts';
import { type Change, readChanges } from './changes.ts';
import type { CheckoutProof } from './checkout.ts';
import { GitFailure } from './git.ts';
import { defaultLimits } from './limits.ts';
import { openReader, type RepositoryReader } from './reader.ts';
import type { CheckoutRecord } from './record.ts';
import { openRegular } from './regular-file.ts';
import { findRepository } from './repository.ts';

const ignored = 'ignored files are not counted';
const unsaved = (reason: string): CheckoutProof => ({
  state: 'unsaved',
  reason: `${reason}; ${ignored}`.slice(0, 400),
});
const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The checkout's own repository, exactly where we made it: a `.git` that leads elsewhere proves nothing. */
async function openCheckoutReader(root: string, scratch: string): Promise<RepositoryReader | null> {
  const gitDir = join(root, '.git');
  if (!(await lstat(gitDir).catch(() => null))?.isDirectory()) return null;
  const repository = await findRepository(await realpath(root));
  if (repository?.gitDir !== gitDir || repository.commonDir !== gitDir) return null;
  const reader = await openReader({ repository, scratch, withIndex: true, timeoutMs: defaultLimits.gitMs });
  // An entry that was told to count as unchanged is looked at all the same.
  await reader.run(['update-index', '-q', '--really-refresh']).catch((cause: unknown) => {
    if (!(cause instanceof GitFailure)) throw cause; // it exits with 1 when something is changed
  });
  return reader;
}

async function openSourceReader(source: string, scratch: string): Promise<RepositoryReader | null> {
  const top = await realpath(source).catch(() => null);
  const repository = top === null ? null : await findRepository(top);
  return repository && openReader({ repository, scratch, withIndex: false, timeoutMs: defaultLimits.gitMs });
}

/** Commits of the source's refs and HEAD, as exclusions for rev-list. */
async function readTips(source: RepositoryReader): Promise<string[]> {
  const refs = await source.run(['for-each-ref', '--format=%(objectname)']);
  const head = await source.run(['rev-parse', '--verify', '-q', 'HEAD']).catch(() => Buffer.alloc(0));
  const names = `${refs.toString()}\n${head.toString()}`.split('\n').filter((name) => /^[0-9a-f]{40,64}$/.test(name));
  // A ref may lead to nothing; it then proves nothing either.
  const input = `${[...new Set(names)].join('\n')}\n`;
  const found = (await source.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input })).toString();
  return [...found.matchAll(/^([0-9a-f]+) (?:commit|tag)$/gm)].map((match) => `^${match[1]}`);
}

/** Commits of branches, tags, stash and HEAD that `known` does not reach. What was fetched from elsewhere is not ours. */
async function countCommits(checkout: RepositoryReader, known: readonly string[], alternates: string): Promise<number> {
  const args = ['rev-list', '--count', '--exclude=refs/remotes/*', '--all', '--stdin'];
  const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates };
  return Number((await checkout.run(args, { input: `${known.join('\n')}\n`, env })).toString());
}

async function hasObject(reader: RepositoryReader, commit: string): Promise<boolean> {
  return reader.run(['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    (cause: unknown) => {
      if (cause instanceof GitFailure) return false;
      throw cause;
    },
  );
}

async function areSameBytes(mine: BytePath, theirs: BytePath): Promise<boolean> {
  const [a, b] = [await openRegular(mine), await openRegular(theirs)];
  try {
    if (!a || !b) return false;
    const [aFacts, bFacts] = await Promise.all([a.stat(), b.stat()]);
    if (aFacts.size !== bFacts.size || (aFacts.mode & 0o100) !== (bFacts.mode & 0o100)) return false;
    const [left, right] = [Buffer.alloc(1 << 16), Buffer.alloc(1 << 16)];
    for (;;) {
      const read = await a.read(left, 0, left.length);
      const other = await b.read(right, 0, right.length);
      if (read.bytesRead !== other.bytesRead) return false;
      if (read.bytesRead === 0) return true;
      if (!left.subarray(0, read.bytesRead).equals(right.subarray(0, read.bytesRead))) return false;
    }
  } finally {
    await Promise.all([a?.close(), b?.close()]);
  }
}

/** True if the source's working tree has the same at this path: the same bytes, the same link, or likewise nothing. */
async function isInSource(change: Change, top: BytePath, source: BytePath): Promise<boolean> {
  if (change.kind === 'conflict' || change.kind === 'nested-repository' || change.isStagedApart) return false;
  const [mine, theirs] = [joinBytes(top, change.path), joinBytes(source, change.path)];
  const [a, b] = await Promise.all([mine, theirs].map((path) => lstat(toBytes(path)).catch(() => null)));
  if (!a || !b) return !a && !b;
  if (a.isSymbolicLink() && b.isSymbolicLink()) {
    const [left, right] = await Promise.all(
      [mine, theirs].map((path) => readlink(toBytes(path), { encoding: 'buffer' })),
    );
    return left !== undefined && right !== undefined && left.equals(right);
  }
  return a.isFile() && b.isFile() && areSameBytes(mine, theirs);
}

/** Submodules that somebody filled: what is in them cannot be judged without running git there. */
async function countFilledSubmodules(checkout: RepositoryReader): Promise<number> {
  const entries = splitNul(await checkout.run(['ls-files', '--stage', '-z'])).filter((entry) =>
    entry.startsWith('160000'),
  );
  let filled = 0;
  for (const entry of entries) {
    const path = joinBytes(fromText(checkout.repository.top), entry.slice(entry.indexOf('\t') + 1));
    const names = await readdir(toBytes(path)).catch(() => []);
    if (names.length > 0) filled += 1;
  }
  return filled;
}

async function findLosses(checkout: RepositoryReader, source: string): Promise<string[]> {
  const losses: string[] = [];
  const [top, theirs] = [fromText(checkout.repository.top), fromText(source)];
  let files = 0;
  for (const change of await readChanges(checkout)) if (!(await isInSource(change, top, theirs))) files += 1;
  if (files > 0) losses.push(count(files, 'uncommitted file'));
  const submodules = await countFilledSubmodules(checkout);
  if (submodules > 0) losses.push(`${count(submodules, 'submodule')} with files`);
  const linked = await readdir(join(checkout.repository.gitDir, 'worktrees')).catch(() => []);
  if (linked.length > 0) losses.push(count(linked.length, 'linked working tree'));
  return losses;
}

async function prove(root: string, record: CheckoutRecord, scratch: string): Promise<CheckoutProof> {
  const source = await realpath(record.source).catch(() => null);
  if (source === null) return unsaved('the source is gone, this is the only copy');
  const checkout = await openCheckoutReader(root, join(scratch, 'checkout'));
  if (!checkout || record.baseCommit === null) return unsaved('the git directory of the checkout was replaced');
  const losses = await findLosses(checkout, source);
  let commits = await countCommits(checkout, [`^${record.baseCommit}`], checkout.alternates);
  const made = commits;
  if (record.kind === 'git') {
    const reader = await openSourceReader(source, join(scratch, 'source'));
    if (!reader || !(await hasObject(reader, record.baseCommit)))
      return unsaved('the source no longer has the commit it started from');
    if (made > 0) {
      const known = [`^${record.baseCommit}`, ...(await readTips(reader))];
      commits = await countCommits(checkout, known, `${checkout.alternates}:${reader.alternates}`);
    }
  }
  if (commits > 0) losses.unshift(`${count(commits, 'commit')} not in the source`);
  if (losses.length > 0) return unsaved(losses.join(', '));
  if (made > 0) return { state: 'merged', reason: `${count(made, 'commit')}, all in the source; ${ignored}` };
  return { state: 'unchanged', reason: `no commits and no changes beyond the source; ${ignored}` };
}

/** Never throws for a repository that cannot be judged: that is `unsaved`. */
export async function proveCheckout(options: {
  directory: string;
  root: string;
  record: CheckoutRecord;
}): Promise<CheckoutProof> {
  const scratch = await mkdtemp(join(options.directory, 'proof-'));
  try {
    return await prove(options.root, options.record, scratch);
  } catch (cause) {
    if (cause instanceof AppError) return unsaved(`it cannot be judged: ${visible(cause.message)}`);
    if (cause instanceof GitFailure) return unsaved('it cannot be judged: git cannot read it');
    throw cause;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
