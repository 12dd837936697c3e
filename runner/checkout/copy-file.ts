/** Copies single files and links into a tree that nobody else writes to yet. The source may change or deceive meanwhile. */
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readlink, rm, symlink, utimes } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromBytes, join, parentOf, show, toBytes } from './byte-path.ts';
import type { CopyLimits } from './limits.ts';
import { cannotRead, openPath, openRegular } from './regular-file.ts';

/** `gone`: it vanished while copying. `special`: a socket, pipe, device or folder, which is not copied. */
export type CopyOutcome = 'file' | 'link' | 'gone' | 'special';

/** Counts down what a copy may still take; throws AppError `source.invalid` when it is used up. */
export class CopyBudget {
  #files: number;
  #bytes: number;
  readonly #message: string;

  constructor(limits: CopyLimits, what: string) {
    this.#files = limits.files;
    this.#bytes = limits.bytes;
    const gigabytes = (limits.bytes / 1e9).toFixed(1);
    this.#message = `${what} are more than ${limits.files} files or ${gigabytes} GB; choose a smaller folder or ignore what is not needed`;
  }

  spend(bytes: number): void {
    this.#files -= 1;
    this.#bytes -= bytes;
    if (this.#files < 0 || this.#bytes < 0) throw new AppError({ code: 'source.invalid', message: this.#message });
  }
}

/** Creates the folders above `path` in `root`, refusing to go through a link. `made` remembers between calls. */
export async function makeParents(root: BytePath, path: BytePath, made: Set<string>): Promise<void> {
  const parent = parentOf(path);
  if (parent === '' || made.has(parent)) return;
  await makeParents(root, parent, made);
  const folder = join(root, parent);
  try {
    await mkdir(toBytes(folder));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    if (!(await lstat(toBytes(folder))).isDirectory()) throw throughLink(parent);
  }
  made.add(parent);
}

const throughLink = (path: BytePath) =>
  new AppError({ code: 'source.invalid', message: `${show(path)} is a folder in the source and a file in its commit` });

/** Only read, write and execute: a copy belongs to whoever makes it, so set-user-id would change its meaning. */
const plainMode = (mode: number) => mode & 0o777;

async function copyLink(from: BytePath, to: BytePath): Promise<CopyOutcome> {
  const target = fromBytes(await readlink(toBytes(from), { encoding: 'buffer' }));
  await symlink(toBytes(target), toBytes(to));
  return 'link';
}

async function copyRegular(from: BytePath, to: BytePath, budget: CopyBudget): Promise<CopyOutcome> {
  const file = await openRegular(from);
  if (!file) return 'gone';
  try {
    const facts = await file.stat();
    budget.spend(facts.size);
    await copyFile(openPath(file), toBytes(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (facts.mode & 0o7000) await chmod(toBytes(to), plainMode(facts.mode));
    await utimes(toBytes(to), facts.atimeMs / 1000, facts.mtimeMs / 1000);
  } finally {
    await file.close();
  }
  return 'file';
}

/** Copies one file or link, replacing what is at `to`, whose folder must exist. Links are copied as they are. */
export async function copyEntry(options: { from: BytePath; to: BytePath; budget: CopyBudget }): Promise<CopyOutcome> {
  const { from, to, budget } = options;
  try {
    const facts = await lstat(toBytes(from));
    if (!facts.isSymbolicLink() && !facts.isFile()) return 'special';
    await rm(toBytes(to), { force: true, recursive: true });
    return facts.isFile() ? await copyRegular(from, to, budget) : await copyLink(from, to);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone';
    if (code === 'EACCES' || code === 'EPERM') throw cannotRead(from, cause);
    throw cause;
  }
}

/** Runs `work` on every item, `width` at a time; the first failure stops the rest and is thrown. */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  const lanes = Array.from({ length: Math.min(width, items.length) }, () =>
    lane().catch((cause: unknown) => {
      next = items.length;
      throw cause;
    }),
  );
  const settled = await Promise.allSettled(lanes);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
}
