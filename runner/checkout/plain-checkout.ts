/** The plain way to make a checkout: copy everything. docs/adr/010-checkout-copy.md says why, and what it is not. */
import { lstat, mkdir, mkdtemp, readdir, realpath, rename, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import { fromText, visible } from './byte-path.ts';
import type { Checkout, CheckoutMethod, CheckoutRequest } from './checkout.ts';
import { makeFolderCheckout } from './folder-checkout.ts';
import { GitFailure } from './git.ts';
import { type Made, makeGitCheckout } from './git-checkout.ts';
import { type CopyLimits, defaultLimits } from './limits.ts';
import { bound } from './note.ts';
import { proveCheckout } from './proof.ts';
import { type CheckoutRecord, readRecord, writeRecord } from './record.ts';
import { removeFolder, removeWhole } from './remove.ts';
import { findRepository, isWithin, type Repository } from './repository.ts';
import { Restriction } from './restricted/index.ts';

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'source.invalid', message, cause });
const rootOf = (directory: string) => join(directory, 'checkout');

async function findSource(source: string): Promise<string> {
  if (source !== resolve(source)) throw invalid('the source must be an absolute path');
  const real = await realpath(source).catch((cause: unknown) => {
    throw invalid(`${source} does not exist or may not be read`, cause);
  });
  if (!(await stat(real)).isDirectory()) throw invalid(`${source} is not a folder`);
  if (real === '/') throw invalid('the root of the file system cannot be a source; choose a folder in it');
  return real;
}

/** Copying a folder into itself would not end. */
function assertApart(top: string, directory: string): void {
  if (isWithin(top, directory)) {
    throw invalid(`${top} holds Omnigent's own data; choose a smaller folder, or move the data with OMNIGENT_HOME`);
  }
  if (isWithin(directory, top)) throw invalid(`${top} lies in this session's own folder; choose another source`);
}

/** Programs cannot start where nothing may be. */
function assertAllowed(restriction: Restriction, top: string, source: string): void {
  if (!restriction.covers(fromText(relative(top, source)))) return;
  throw invalid(`${source} is restricted by the policy in force; choose another folder, or change restricted_paths`);
}

/** All that the folder had may have been left out. */
async function assertStart(start: string, source: string): Promise<void> {
  if (await stat(start).catch(() => null)) return;
  throw invalid(`${source} holds nothing but what is restricted; choose another folder, or change restricted_paths`);
}

/** Removes what a runner that was killed left half made or half removed; nothing else runs in the folder meanwhile. */
async function sweep(directory: string, pattern: RegExp): Promise<void> {
  const names = (await readdir(directory)).filter((name) => pattern.test(name));
  for (const name of names) await removeWhole(join(directory, name));
}

interface Making {
  request: CheckoutRequest;
  source: string;
  directory: string;
  aside: string;
  limits: CopyLimits;
}

async function makeFromRepository(making: Making, repository: Repository): Promise<Made | null> {
  const { request, aside, source, limits, directory } = making;
  if (request.includesChanges) assertApart(repository.top, directory);
  const { branch, includesChanges, restricted } = request;
  const restriction = await Restriction.of(repository.top, restricted);
  assertAllowed(restriction, repository.top, source);
  return makeGitCheckout({
    repository,
    source,
    restriction,
    scratch: join(aside, 'reader'),
    root: join(aside, 'checkout'),
    branch,
    includesChanges,
    limits,
  });
}

async function makeTree(making: Making): Promise<{ made: Made; top: string }> {
  const { request, aside, source, limits, directory } = making;
  const repository = await findRepository(source);
  const fromGit = repository && (await makeFromRepository(making, repository));
  if (repository && fromGit) return { made: fromGit, top: repository.top };
  assertApart(source, directory);
  await removeWhole(join(aside, 'checkout'));
  const restriction = await Restriction.of(source, request.restricted);
  assertAllowed(restriction, source, source);
  const root = join(aside, 'checkout');
  const made = await makeFolderCheckout({ source, root, branch: request.branch, restriction, limits });
  if (!repository) return { made, top: source };
  const note = `The git repository ${repository.top} holds nothing of this folder: it is copied as a plain folder.`;
  return { made: { ...made, notes: [note, ...made.notes] }, top: source };
}

const firstLine = (text: string) => visible(text.split('\n')[0] ?? '').slice(0, 200);

/** Paths of a source are in many messages; a message is one readable line all the same. */
function translate(cause: unknown): AppError {
  if (cause instanceof AppError) {
    const message = visible(cause.message);
    return message === cause.message ? cause : new AppError({ code: cause.code, message, cause });
  }
  const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC' || /No space left on device/.test(String(cause));
  if (isFull)
    return new AppError({ code: 'checkout.failed', message: 'the disk is full; free space and try again', cause });
  const what =
    cause instanceof GitFailure
      ? firstLine(cause.message)
      : ((cause as NodeJS.ErrnoException).code ?? 'unexpected error');
  return new AppError({
    code: 'checkout.failed',
    message: `the checkout could not be made: ${what}`,
    detail: String(cause),
    cause,
  });
}

/** Puts the finished tree in its place; a tree without a record is what a crash left, and is kept beside it. */
async function install(directory: string, aside: string, record: CheckoutRecord): Promise<void> {
  const root = rootOf(directory);
  if (await lstat(root).catch(() => null)) await rename(root, await mkdtemp(join(directory, 'leftover-')));
  await rename(join(aside, 'checkout'), root);
  await writeRecord(directory, record);
}

async function create(request: CheckoutRequest, limits: CopyLimits, now: () => number) {
  const startedAt = now();
  await mkdir(request.directory, { recursive: true, mode: 0o700 });
  const directory = await realpath(request.directory);
  if (await readRecord(directory)) {
    throw new AppError({ code: 'checkout.failed', message: 'this session has a checkout already' });
  }
  await sweep(directory, /^(making|proof)-/);
  const aside = await mkdtemp(join(directory, 'making-'));
  try {
    const source = await findSource(request.source);
    const { made, top } = await makeTree({ request, source, directory, aside, limits });
    const { kind, branch, baseCommit } = made;
    const subfolder = relative(top, source);
    await assertStart(join(aside, 'checkout', subfolder), source);
    const record: CheckoutRecord = { version: 1, kind, source: top, subfolder, branch, baseCommit };
    await install(directory, aside, record);
    const created = { ...made, notes: bound(made.notes), ms: Math.round(now() - startedAt) };
    return { checkout: toCheckout(directory, record), created };
  } catch (cause) {
    throw translate(cause);
  } finally {
    await removeWhole(aside);
  }
}

async function remove(directory: string, record: CheckoutRecord, mode: 'if-saved' | 'discard'): Promise<StopResult> {
  const root = rootOf(directory);
  if (!(await lstat(root).catch(() => null))) {
    await sweep(directory, /^removed-/);
    return { checkout: 'missing', reason: 'its files are gone already' };
  }
  const proof = mode === 'discard' ? null : await proveCheckout({ directory, root, record });
  if (proof?.state === 'unsaved') return { checkout: 'kept', reason: proof.reason };
  const isRemoved = await removeFolder(root);
  await sweep(directory, /^(snapshots|turns|compare-.*)$/);
  if (!isRemoved) return { checkout: 'missing', reason: 'its files are gone already' };
  return { checkout: proof?.state ?? 'discarded', reason: proof?.reason ?? null };
}

function toCheckout(directory: string, record: CheckoutRecord): Checkout {
  const root = rootOf(directory);
  return {
    root,
    start: join(root, record.subfolder),
    kind: record.kind,
    branch: record.branch,
    baseCommit: record.baseCommit,
    proof: () => proveCheckout({ directory, root, record }),
    remove: ({ mode }) => remove(directory, record, mode),
  };
}

/** `limits` bounds what is copied; `now` is a clock in ms. */
export function createPlainCheckouts(options: { limits: CopyLimits; now: () => number }): CheckoutMethod {
  return {
    create: (request) => create(request, options.limits, options.now),
    async reopen(folder) {
      const directory = await realpath(folder).catch(() => null);
      const record = directory === null ? null : await readRecord(directory);
      return directory === null || record === null ? null : toCheckout(directory, record);
    },
  };
}

export const plainCheckout = createPlainCheckouts({ limits: defaultLimits, now: () => performance.now() });
