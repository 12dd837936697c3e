/** The files of this machine as policy looks at them. Reads names and numbers, never contents. */
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileState, FileView } from '#policy/file-view.ts';
import { resolvePath } from '#policy/path.ts';

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
  const found = tried(() => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (!found) return null;
  const real = tried(() => realpathSync(path)) ?? path;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'dir' : 'other';
  return { kind, real, inode: `${found.dev}:${found.ino}`, links: Number(found.nlink) };
}

/** Something is at the path: by `lstatSync` a link counts as well that leads nowhere. */
const isThere = (path: string, stat: typeof statSync | typeof lstatSync = statSync): boolean =>
  tried(() => stat(path, { throwIfNoEntry: false })) !== undefined;

/** As the kernel: more links in one path are a loop. */
const maxLinks = 40;

function resolve(path: string, links = maxLinks): string {
  if (path.includes('\0')) return path;
  // To fail takes a realpath, and a readlink, many times as long as to see that nothing is there.
  const real = isThere(path) ? tried(() => realpathSync(path)) : null;
  if (real !== null) return real;
  const parent = dirname(path);
  if (parent === path) return path;
  const at = join(resolve(parent, links), basename(path));
  // A link that leads nowhere yet: whoever writes through it makes what it names.
  const target = links > 0 && isThere(at, lstatSync) ? tried(() => readlinkSync(at)) : null;
  return target === null ? at : resolve(resolvePath(dirname(at), target), links - 1);
}

export const realFiles: FileView = {
  look,
  resolve: (path) => resolve(path),
  list: (path) => (path.includes('\0') ? [] : (tried(() => readdirSync(path)) ?? []).slice(0, maxNames)),
};
