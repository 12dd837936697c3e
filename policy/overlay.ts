/** An imagined file system on top of another: what a row of `policy check` sets up. Nothing is created. */
import * as z from 'zod';
import type { FileState, FileView } from './file-view.ts';
import { resolvePath } from './path.ts';

export const setupSchema = z
  .array(
    z.strictObject({
      type: z.enum(['file', 'dir', 'symlink', 'hardlink']),
      path: z.string().min(1).max(4_096),
      /** Where a link leads; of a symbolic one relative to its folder. */
      target: z.string().min(1).max(4_096).optional(),
    }),
  )
  .max(1_000);
export type Setup = z.infer<typeof setupSchema>;

/** As the kernel: more links in one path are a loop. */
const maxLinks = 40;

type Entry = { kind: 'file' | 'dir'; inode: string } | { kind: 'symlink'; target: string };

const folderOf = (path: string): string => resolvePath(path, '..');

/** `below` with the entries of `setup` on it; their paths are relative to `from`. */
export function overlay(below: FileView, setup: Setup, from: string): FileView {
  const entries = new Map<string, Entry>();
  for (const { type, path, target = '' } of setup) {
    const absolute = resolvePath(from, path);
    for (let folder = folderOf(absolute); folder !== '/'; folder = folderOf(folder)) {
      if (!entries.has(folder) && !below.look(folder))
        entries.set(folder, { kind: 'dir', inode: `imagined:${folder}` });
    }
    if (type === 'symlink') entries.set(absolute, { kind: 'symlink', target });
    else if (type === 'hardlink') {
      const original = resolvePath(from, target);
      const inode = inodeOf(entries.get(original)) ?? below.look(original)?.inode ?? `imagined:${original}`;
      if (!entries.has(original) && !below.look(original)) entries.set(original, { kind: 'file', inode });
      entries.set(absolute, { kind: 'file', inode });
    } else entries.set(absolute, { kind: type, inode: `imagined:${absolute}` });
  }
  return new Overlay(below, entries);
}

const inodeOf = (entry: Entry | undefined): string | undefined => (entry && 'inode' in entry ? entry.inode : undefined);

class Overlay implements FileView {
  readonly #below: FileView;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(below: FileView, entries: ReadonlyMap<string, Entry>) {
    this.#below = below;
    this.#entries = entries;
  }

  resolve(path: string): string {
    return this.#follow(path, maxLinks);
  }

  #follow(path: string, links: number): string {
    let now = '/';
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    for (const [index, part] of parts.entries()) {
      now = resolvePath(now, part);
      const entry = this.#entries.get(now);
      if (entry?.kind === 'symlink') {
        if (links === 0) return path;
        const target = resolvePath(folderOf(now), entry.target);
        return this.#follow([target, ...parts.slice(index + 1)].join('/'), links - 1);
      }
      if (!entry) now = this.#below.resolve(now);
    }
    return now;
  }

  look(path: string): FileState | null {
    const real = this.resolve(path);
    const entry = this.#entries.get(real);
    if (!entry || entry.kind === 'symlink') return this.#below.look(real);
    const links = [...this.#entries.values()].filter((each) => inodeOf(each) === entry.inode).length;
    return { kind: entry.kind, real, inode: entry.inode, links };
  }

  list(path: string): readonly string[] {
    const real = this.resolve(path);
    const own = [...this.#entries.keys()].filter((each) => each !== '/' && folderOf(each) === real);
    return [...new Set([...this.#below.list(real), ...own.map((each) => each.slice(each.lastIndexOf('/') + 1))])];
  }
}
