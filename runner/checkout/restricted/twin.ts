/**
 * Other names of a restricted file: hard links to it, and files of the same bytes. Looks at the source's files as they are now,
 * whether git tracks, ignores or does not know them.
 */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromBytes, fromText, join, toBytes } from '../byte-path.ts';
import { forEachInSlices } from '../copy-file.ts';
import { openFolder, openPath, openRegularNow } from '../regular-file.ts';
import type { Restriction } from './restriction.ts';

/** Larger files are known by their inode only. */
const maxHashedBytes = 32 * 1024 * 1024;
/** Names that are gone through to find restricted files. */
const maxNames = 3_000_000;

export type ObjectFormat = 'sha1' | 'sha256';

/** The name that git would give the bytes of the file; null if it is none, or too large. */
function hashFile(path: BytePath, format: ObjectFormat): string | null {
  const file = openRegularNow(path);
  if (!file) return null;
  try {
    if (file.facts.size > maxHashedBytes) return null;
    const bytes = readFileSync(file.fd);
    return createHash(format).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  } finally {
    closeSync(file.fd);
  }
}

export class Twins {
  readonly #format: ObjectFormat;
  readonly #inodes = new Set<string>();
  readonly #hashes = new Set<string>();
  readonly #sizes = new Set<number>();

  /** `blobs`: contents that are restricted too, with their sizes. */
  constructor(format: ObjectFormat, blobs: ReadonlyMap<string, number> = new Map()) {
    this.#format = format;
    for (const [blob, size] of blobs) this.#note(blob, size);
  }

  /** Contents of the restricted files that are there, as git names them. */
  get hashes(): ReadonlySet<string> {
    return this.#hashes;
  }

  #note(hash: string, size: number): void {
    this.#hashes.add(hash);
    this.#sizes.add(size);
  }

  /** `path` (absolute) is a restricted file. */
  add(path: BytePath): void {
    const facts = lstatSync(toBytes(path), { throwIfNoEntry: false });
    if (!facts?.isFile()) return;
    this.#inodes.add(`${facts.dev}:${facts.ino}`);
    if (facts.size === 0) return;
    const hash = hashFile(path, this.#format);
    if (hash !== null) this.#note(hash, facts.size);
  }

  /** `path` (absolute) is another name of a restricted file, or has the same bytes. */
  has(path: BytePath): boolean {
    if (this.#inodes.size === 0 && this.#sizes.size === 0) return false;
    const facts = lstatSync(toBytes(path), { throwIfNoEntry: false });
    if (!facts?.isFile()) return false;
    if (this.#inodes.has(`${facts.dev}:${facts.ino}`)) return true;
    if (!this.#sizes.has(facts.size)) return false;
    const hash = hashFile(path, this.#format);
    return hash !== null && this.#hashes.has(hash);
  }
}

const below = (path: BytePath, name: string) => (path === '' ? (name as BytePath) : join(path, name));

/** Adds every restricted file below `top` (a real path). Throws AppError `source.invalid` where that would not end. */
export async function addRestrictedFiles(twins: Twins, top: string, restriction: Restriction): Promise<void> {
  const root = fromText(top);
  const waiting = restriction.isEmpty ? [] : ['' as BytePath];
  let names = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const folder = await openFolder(path === '' ? root : join(root, path)).catch(unreadable);
    if (!folder) continue;
    try {
      const entries = await readdir(openPath(folder), { withFileTypes: true, encoding: 'buffer' });
      names += entries.length;
      if (names > maxNames) throw tooMany();
      const found = entries.map((entry) => ({ entry, path: below(path, fromBytes(entry.name)) }));
      const isGit = (one: { path: BytePath }) => /(^|\/)\.git$/i.test(one.path);
      const folders = found.filter((one) => one.entry.isDirectory() && !isGit(one));
      waiting.push(...folders.map((one) => one.path).filter((each) => restriction.mayHold(each)));
      const files = found.filter(({ entry, path: each }) => entry.isFile() && restriction.covers(each));
      await forEachInSlices(files, (one) => twins.add(join(root, one.path)));
    } finally {
      await folder.close();
    }
  }
}

/** A folder that may not be read is none that anything can be copied from. */
function unreadable(cause: unknown): null {
  if (cause instanceof AppError) return null;
  throw cause;
}

const tooMany = () =>
  new AppError({
    code: 'source.invalid',
    message: `there are more than ${maxNames} names to look through for restricted files; restrict paths instead of patterns`,
  });
