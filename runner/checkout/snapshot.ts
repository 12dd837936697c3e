/**
 * States of a checkout over time, as trees in object stores of our own: what a turn changed, and how far the checkout is from
 * its base or an earlier state. The checkout itself, its index and its repository are only read.
 */
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckoutDiff } from '#protocol/runner-message.ts';
import { defaultLimits } from './limits.ts';
import { openReader, quoteAlternate, type RepositoryReader } from './reader.ts';
import { findRepository } from './repository.ts';
import { type FileChange, readDiff, readFileChanges, writeTree } from './tree-diff.ts';

/** The empty tree of SHA-1: the base of a repository without a commit. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

export interface SnapshotOptions {
  root: string;
  /** A folder of ours that is made anew: index, and objects that nobody asks for later. */
  scratch: string;
  /** A folder of ours that lasts: the objects of kept states. */
  store: string;
  base: string | null;
}

export class Snapshots {
  readonly #reader: RepositoryReader;
  readonly #base: string;
  readonly #pack: string;
  /** The state that was kept last; what it shares with the next one is in the store already. */
  #kept: string | null = null;
  /** One at a time: they share an index. */
  #work: Promise<unknown> = Promise.resolve();

  private constructor(reader: RepositoryReader, base: string, pack: string) {
    this.#reader = reader;
    this.#base = base;
    this.#pack = pack;
  }

  /** Null where the checkout is no repository any more. */
  static async open({ root, scratch, store, base }: SnapshotOptions): Promise<Snapshots | null> {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const pack = join(store, 'objects', 'pack');
    await mkdir(pack, { recursive: true, mode: 0o700 });
    // What a git that was killed left half written.
    for (const name of await readdir(pack)) if (name.startsWith('tmp_')) await rm(join(pack, name), { force: true });
    const repository = await findRepository(await realpath(root));
    if (!repository) return null;
    const reader = await openReader({ repository, scratch, withIndex: true, timeoutMs: defaultLimits.gitMs });
    const alternates = `${reader.alternates}:${quoteAlternate(join(store, 'objects'))}`;
    const withStore: RepositoryReader = {
      ...reader,
      alternates,
      run: (args, options = {}) =>
        reader.run(args, { ...options, env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates, ...options.env } }),
    };
    return new Snapshots(withStore, base ?? emptyTree, join(pack, 'pack'));
  }

  /** The state now, in the order of the calls. Its objects may be gone with the runner unless it is kept. */
  take(): Promise<string> {
    const taken = this.#work.then(() => writeTree(this.#reader));
    this.#work = taken.catch(() => undefined);
    return taken;
  }

  /** What became of the files between two states. */
  changes(from: string, to: string): Promise<FileChange[]> {
    return from === to ? Promise.resolve([]) : readFileChanges(this.#reader, from, to);
  }

  /**
   * Makes a state last: whatever of it the base does not have goes into the store, also what the checkout's repository has now,
   * because whoever works there may let it go (amend, reset, gc).
   */
  async keep(tree: string): Promise<void> {
    if (tree === this.#kept) return;
    const known = [this.#base, this.#kept].filter((each) => each !== null).map((each) => `^${each}^{tree}`);
    const args = ['pack-objects', '--quiet', '--revs', '--non-empty', '--window=0', '--threads=1', this.#pack];
    await this.#reader.run(args, { input: `${[tree, ...known].join('\n')}\n` });
    this.#kept = tree;
  }

  /** The difference between a state, by default the base, and now. Throws AppError `checkout.failed`. */
  async diff(from: string = this.#base): Promise<CheckoutDiff> {
    return readDiff(this.#reader, from, await this.take());
  }
}
