/** The files of this machine as policy looks at them. Reads names and numbers, never contents. */
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileState, FileView } from '#policy/file-view.ts';

/** Names of a folder that are looked at; a larger one is cut. */
const maxNames = 10_000;

/** What cannot be looked at is not there, as far as anybody here can tell. */
const tried = <T>(look: () => T): T | null => {
  try {
    return look();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause) return null;
    throw cause;
  }
};

function look(path: string): FileState | null {
  if (path.includes('\0')) return null;
  const found = tried(() => statSync(path, { bigint: true }));
  if (!found) return null;
  const real = tried(() => realpathSync(path)) ?? path;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'dir' : 'other';
  return { kind, real, inode: `${found.dev}:${found.ino}`, links: Number(found.nlink) };
}

function resolve(path: string): string {
  if (path.includes('\0')) return path;
  const real = tried(() => realpathSync(path));
  if (real !== null) return real;
  const parent = dirname(path);
  // A link that leads nowhere yet: whoever writes through it makes what it names.
  const link = tried(() => lstatSync(path))?.isSymbolicLink();
  if (link) return path;
  return parent === path ? path : join(resolve(parent), basename(path));
}

export const realFiles: FileView = {
  look,
  resolve,
  list: (path) => (path.includes('\0') ? [] : (tried(() => readdirSync(path)) ?? []).slice(0, maxNames)),
};
