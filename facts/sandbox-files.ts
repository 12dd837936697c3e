/** The files of this machine as programs in a sandbox see them, where some folders are not what they are outside. */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileState, FileView } from '#policy/file-view.ts';
import { resolvePath } from '#policy/path.ts';

/** As the kernel: more links in one path are a loop. */
const maxLinks = 40;
/** Names of a folder that are looked at; a larger one is cut. */
const maxNames = 10_000;

const tried = <T>(look: () => T): T | null => {
  try {
    return look();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause) return null;
    throw cause;
  }
};

/** `places`: folder inside by folder outside, absolute, for example `/tmp` and a folder of the session. */
export function sandboxFiles(places: Readonly<Record<string, string>>): FileView {
  const outside = (path: string): string => {
    const place = Object.entries(places).find(([inside]) => path === inside || path.startsWith(`${inside}/`));
    return place ? join(place[1], path.slice(place[0].length)) : path;
  };

  /** One name after the other, for a link in a moved folder may name another one. */
  const resolve = (path: string, links = maxLinks): string => {
    const parent = dirname(path);
    if (parent === path) return path;
    const at = join(resolve(parent, links), basename(path));
    const isLink = tried(() => lstatSync(outside(at)).isSymbolicLink()) ?? false;
    const target = isLink && links > 0 ? tried(() => readlinkSync(outside(at))) : null;
    return target === null ? at : resolve(resolvePath(dirname(at), target), links - 1);
  };

  const look = (path: string): FileState | null => {
    if (path.includes('\0')) return null;
    const real = resolve(path);
    const found = tried(() => statSync(outside(real), { bigint: true, throwIfNoEntry: false }));
    if (!found) return null;
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'dir' : 'other';
    return { kind, real, inode: `${found.dev}:${found.ino}`, links: Number(found.nlink) };
  };

  return {
    look,
    resolve: (path) => (path.includes('\0') ? path : resolve(path)),
    list: (path) =>
      path.includes('\0') ? [] : (tried(() => readdirSync(outside(resolve(path)))) ?? []).slice(0, maxNames),
  };
}
