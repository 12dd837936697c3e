/** The files of this machine as policy looks at them. Reads names and numbers, never contents. */
import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
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
  const found = tried(() => statSync(path, { bigint: true }));
  if (!found) return null;
  const real = tried(() => realpathSync(path)) ?? path;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'dir' : 'other';
  return { kind, real, inode: `${found.dev}:${found.ino}`, links: Number(found.nlink) };
}

/** As the kernel: more links in one path are a loop. */
const maxLinks = 40;

function resolve(path: string, links = maxLinks): string {
  if (path.includes('\0')) return path;
  const real = tried(() => realpathSync(path));
  if (real !== null) return real;
  const parent = dirname(path);
  if (parent === path) return path;
  const folder = resolve(parent, links);
  // A link that leads nowhere yet: whoever writes through it makes what it names.
  const target = links > 0 ? tried(() => readlinkSync(join(folder, basename(path)))) : null;
  return target === null ? join(folder, basename(path)) : resolve(resolvePath(folder, target), links - 1);
}

export const realFiles: FileView = {
  look,
  resolve: (path) => resolve(path),
  list: (path) => (path.includes('\0') ? [] : (tried(() => readdirSync(path)) ?? []).slice(0, maxNames)),
};
