/** The plain way to make a checkout: copy everything. docs/adr/010-checkout-copy.md says why, and what it is not. */
import { lstat, mkdir, mkdtemp, realpath, rename, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Checkout, CheckoutMethod, CheckoutRequest } from './checkout.ts';
import { makeFolderCheckout } from './folder-checkout.ts';
import { type Made, makeGitCheckout } from './git-checkout.ts';
import { type CopyLimits, defaultLimits } from './limits.ts';
import { refreshIndex } from './new-repository.ts';
import { bound } from './note.ts';
import { handOver, type Owner } from './owner.ts';
import { proveCheckout } from './proof.ts';
import { type CheckoutRecord, readRecord, rootOf, writeRecord } from './record.ts';
import { removeFolder, removeWhole, sweep } from './remove.ts';
import { findRepository, type Repository } from './repository.ts';
import { Restriction } from './restricted/index.ts';
import { assertAllowed, assertApart, assertStart, findSource, translate } from './source.ts';

export interface PlainOptions {
  limits: CopyLimits;
  /** A clock in ms. */
  now: () => number;
  /** Whom the files are to belong to; null: whoever runs this. */
  owner: Owner | null;
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

/** Puts the finished tree in its place; a tree without a record is what a crash left, and is kept beside it. */
async function install(
  directory: string,
  aside: string,
  { record, owner }: { record: CheckoutRecord; owner: Owner | null },
): Promise<void> {
  const root = rootOf(directory);
  const made = join(aside, 'checkout');
  await handOver(made, owner);
  if (owner) await refreshIndex(made);
  await handOver(join(made, '.git'), owner);
  if (await lstat(root).catch(() => null)) await rename(root, await mkdtemp(join(directory, 'leftover-')));
  await rename(made, root);
  await writeRecord(directory, record, owner);
}

async function create(request: CheckoutRequest, { limits, now, owner }: PlainOptions) {
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
    const record: CheckoutRecord = { version: 1, kind, source: top, subfolder, branch, baseCommit, base: null };
    await install(directory, aside, { record, owner });
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

/** The checkout that a record of this method tells of. */
function toCheckout(directory: string, record: CheckoutRecord): Checkout {
  const root = rootOf(directory);
  return {
    root,
    start: join(root, record.subfolder),
    kind: record.kind,
    branch: record.branch,
    baseCommit: record.baseCommit,
    isMounted: false,
    isPresent: async () => (await stat(root).catch(() => null))?.isDirectory() ?? false,
    proof: () => proveCheckout({ directory, root, record }),
    remove: ({ mode }) => remove(directory, record, mode),
  };
}

export function createPlainCheckouts(options: PlainOptions): CheckoutMethod {
  return {
    create: (request) => create(request, options),
    async reopen(folder) {
      const directory = await realpath(folder).catch(() => null);
      const record = directory === null ? null : await readRecord(directory);
      return directory === null || record === null || record.base !== null ? null : toCheckout(directory, record);
    },
  };
}

export const plainCheckout = createPlainCheckouts({
  limits: defaultLimits,
  now: () => performance.now(),
  owner: null,
});
