/** Copies single files and links into a tree that nobody else writes to yet. The source may change or deceive meanwhile. */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { copyFile, lstat, mkdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { type BytePath, join, parentOf, show, toBytes } from './byte-path.ts';
import type { CopyLimits } from './limits.ts';
import { cannotRead, openRegularNow } from './regular-file.ts';

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

function copyLink(from: BytePath, to: BytePath): CopyOutcome {
  symlinkSync(readlinkSync(toBytes(from), { encoding: 'buffer' }), toBytes(to));
  return 'link';
}

/** Larger files are copied without holding up whatever else this process does. */
const largeBytes = 4 * 1024 * 1024;
const copyFlags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

function finishFile(file: { fd: number; facts: Stats }, to: BytePath): CopyOutcome {
  const { mode, atimeMs, mtimeMs } = file.facts;
  if (mode & 0o7000) chmodSync(toBytes(to), plainMode(mode));
  utimesSync(toBytes(to), atimeMs / 1000, mtimeMs / 1000);
  return 'file';
}

function copyRegular(from: BytePath, to: BytePath, budget: CopyBudget): CopyOutcome | Promise<CopyOutcome> {
  const file = openRegularNow(from);
  if (!file) return 'gone';
  const source = `/proc/self/fd/${file.fd}`;
  let isLater = false;
  try {
    budget.spend(file.facts.size);
    if (file.facts.size > largeBytes) {
      isLater = true;
      const copied = copyFile(source, toBytes(to), copyFlags).then(() => finishFile(file, to));
      return copied.finally(() => closeSync(file.fd));
    }
    copyFileSync(source, toBytes(to), copyFlags);
    return finishFile(file, to);
  } finally {
    if (!isLater) closeSync(file.fd);
  }
}

/**
 * Copies one file or link to a name that is free in a folder that exists. Links are copied as they are. Small files are
 * done on return: for thousands of them a promise each costs several times the copying.
 */
export function copyEntry(options: {
  from: BytePath;
  to: BytePath;
  budget: CopyBudget;
}): CopyOutcome | Promise<CopyOutcome> {
  const { from, to, budget } = options;
  try {
    const facts = lstatSync(toBytes(from));
    if (facts.isSymbolicLink()) return copyLink(from, to);
    return facts.isFile() ? copyRegular(from, to, budget) : 'special';
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone';
    if (code === 'EACCES' || code === 'EPERM') throw cannotRead(from, cause);
    throw cause;
  }
}

/** Longest that copying keeps the process from anything else, in ms. */
const sliceMs = 10;

/** Runs `work` on every item in turn, and lets others run after each slice. */
export async function forEachInSlices<T>(items: readonly T[], work: (item: T) => void | Promise<void>): Promise<void> {
  let sliceEnd = performance.now() + sliceMs;
  for (const item of items) {
    const later = work(item);
    if (later) await later;
    if (performance.now() < sliceEnd) continue;
    await setImmediate();
    sliceEnd = performance.now() + sliceMs;
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
