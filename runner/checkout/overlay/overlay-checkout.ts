/** Checkouts as overlays: a base that many share, and a layer of their own. docs/adr/020-overlay-checkout.md */
import { lstat, mkdir, mkdtemp, realpath, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { Checkout, CheckoutCreated, CheckoutMethod, CheckoutRequest } from '../checkout.ts';
import { beginWork, type Made } from '../git-checkout.ts';
import { type GitSource, readSource } from '../git-source.ts';
import { bound } from '../note.ts';
import { handOver, handOverOne } from '../owner.ts';
import { createPlainCheckouts, type PlainOptions } from '../plain-checkout.ts';
import { type CheckoutRecord, readRecord, writeRecord } from '../record.ts';
import { removeWhole, sweep } from '../remove.ts';
import { findRepository } from '../repository.ts';
import { Restriction } from '../restricted/index.ts';
import { assertAllowed, assertApart, assertStart, findSource, translate } from '../source.ts';
import { type Base, ensureBase } from './base.ts';
import { type Lock, takeLock } from './lock.ts';
import type { Mounter } from './mounter.ts';
import { isMounted, toOverlayCheckout } from './session.ts';
import { layersOf, partsOf } from './view.ts';

export interface OverlayOptions extends PlainOptions {
  /** Folder that holds `bases/`, on the same file system as the sessions. */
  data: string;
  mounter: Mounter;
}

const failed = (message: string) => new AppError({ code: 'checkout.failed', message });

export const overlayNote =
  'Folders that were there from the start are moved by copying: rename() of one fails with EXDEV, and so does git mv; use mv, then git add -A.';

/** Reads what the folder `source` is; null for what is no git repository, or holds nothing of it. */
export async function readGitSource(
  request: Pick<CheckoutRequest, 'branch' | 'includesChanges' | 'restricted'> & { source: string; scratch: string },
  { limits, directory }: { limits: PlainOptions['limits']; directory: string | null },
): Promise<GitSource | null> {
  const { source, scratch, branch, includesChanges, restricted } = request;
  const repository = await findRepository(source);
  if (!repository) return null;
  if (includesChanges && directory !== null) assertApart(repository.top, directory);
  const restriction = await Restriction.of(repository.top, restricted);
  assertAllowed(restriction, repository.top, source);
  return readSource({ repository, source, scratch, branch, includesChanges, restriction, limits });
}

/**
 * Mounts stay in this process's mount namespace, and their sessions locked, until they are released, removed, or the process
 * ends; where the files are to belong to somebody else they are unmounted again, for him to mount. What is no git repository
 * is copied.
 */
export class OverlayCheckouts implements CheckoutMethod {
  readonly #options: OverlayOptions;
  readonly #plain: CheckoutMethod;
  readonly #locks = new Map<string, Lock>();

  constructor(options: OverlayOptions) {
    this.#options = options;
    this.#plain = createPlainCheckouts(options);
  }

  async create(request: CheckoutRequest): Promise<{ checkout: Checkout; created: CheckoutCreated }> {
    const startedAt = this.#options.now();
    await mkdir(request.directory, { recursive: true, mode: 0o700 });
    const directory = await realpath(request.directory);
    if (await readRecord(directory)) throw failed('this session has a checkout already');
    await sweep(directory, /^(making|proof)-/);
    const aside = await mkdtemp(join(directory, 'making-'));
    try {
      const source = await findSource(request.source);
      const scratch = join(aside, 'reader');
      const { limits } = this.#options;
      const git = await readGitSource({ ...request, source, scratch }, { limits, directory });
      if (git) {
        const { checkout, made } = await this.#createOverlay(directory, source, git);
        const notes = bound([...made.notes, overlayNote]);
        return { checkout, created: { ...made, notes, ms: Math.round(this.#options.now() - startedAt) } };
      }
    } catch (cause) {
      throw translate(cause);
    } finally {
      await removeWhole(aside);
    }
    return this.#plain.create(request);
  }

  async reopen(folder: string): Promise<Checkout | null> {
    const directory = await realpath(folder).catch(() => null);
    const record = directory === null ? null : await readRecord(directory);
    if (directory === null || record === null) return null;
    if (record.base === null) return this.#plain.reopen(directory);
    const { upper, root } = partsOf(directory);
    const isThere = (await stat(upper).catch(() => null)) !== null;
    if (isThere && !(await isMounted(root))) await this.#mount(directory, record.base);
    return this.#toCheckout(directory, { ...record, base: record.base });
  }

  /** Unmounts what this process has mounted of the session, and lets others have it. */
  async release(folder: string): Promise<void> {
    const directory = await realpath(folder).catch(() => folder);
    const lock = this.#locks.get(directory);
    if (!lock) return;
    this.#locks.delete(directory);
    await this.#options.mounter.unmount(partsOf(directory).root);
    await lock.release();
  }

  #toCheckout(directory: string, record: CheckoutRecord & { base: string }): Checkout {
    const { mounter } = this.#options;
    return toOverlayCheckout({ directory, record, mounter, release: () => this.release(directory) });
  }

  /** Throws AppError `checkout.failed` while the session's files are mounted somewhere else. */
  async #mount(directory: string, base: string): Promise<void> {
    const { upper, work, root, lock } = partsOf(directory);
    const held = await takeLock(lock, { waitMs: 0 });
    if (!held) throw failed('the files of this session are in use by another process; stop that first');
    try {
      // A link in its place would have something mounted over files that are not this session's.
      if (!(await lstat(root)).isDirectory()) throw failed(`${root} is not a folder`);
      await this.#options.mounter.overlay({ lower: layersOf(base), upper, work, target: root });
    } catch (cause) {
      await held.release();
      throw cause;
    }
    this.#locks.set(directory, held);
  }

  async #createOverlay(directory: string, source: string, git: GitSource): Promise<{ checkout: Checkout; made: Made }> {
    const { data, owner } = this.#options;
    const base = await ensureBase(git, { data, directory, owner });
    const { top } = git.reader.repository;
    const subfolder = relative(top, source);
    await this.#makePlace(directory, base);
    try {
      const { root } = partsOf(directory);
      const made = await beginWork(git, base.written, root);
      await assertStart(join(root, subfolder), source);
      const { kind, branch, baseCommit } = made;
      const record = {
        version: 1 as const,
        ...{ kind, source: top, subfolder, branch, baseCommit },
        base: base.folder,
      };
      if (owner) await this.#giveAway(directory);
      await writeRecord(directory, record, owner);
      return { checkout: this.#toCheckout(directory, record), made };
    } catch (cause) {
      await this.#clear(directory);
      throw cause;
    }
  }

  /** Mounts an empty layer; what a crash left of an earlier attempt is put aside. */
  async #makePlace(directory: string, base: Base): Promise<void> {
    const { upper, work, root } = partsOf(directory);
    for (const part of [upper, root]) {
      if (!(await lstat(part).catch(() => null))) continue;
      await rename(part, join(await mkdtemp(join(directory, 'leftover-')), 'files'));
    }
    await removeWhole(work);
    const { mode } = await stat(join(base.folder, 'tree'));
    for (const part of [upper, work, root]) await mkdir(part, { mode: mode & 0o777 });
    await this.#mount(directory, base.folder);
  }

  async #clear(directory: string): Promise<void> {
    const { upper, work, root, lock } = partsOf(directory);
    await this.release(directory);
    for (const part of [upper, work, root]) await removeWhole(part);
    await rm(lock, { force: true });
  }

  /** The kernel keeps a folder of its own in the work folder: the next mount makes it anew. */
  async #giveAway(directory: string): Promise<void> {
    const { owner } = this.#options;
    const { upper, work, root, lock } = partsOf(directory);
    await this.release(directory);
    await removeWhole(work);
    await mkdir(work, { mode: 0o700 });
    await handOver(upper, owner);
    for (const part of [directory, work, root, lock]) await handOverOne(part, owner);
  }
}
