/** What a checkout of a commit goes without because it is restricted: paths of its tree, and contents of its history. */
import type { BytePath } from '../byte-path.ts';
import { list } from '../note.ts';
import type { RepositoryReader } from '../reader.ts';
import type { TreeEntry } from '../tree.ts';
import { readRestrictedHistory, sizesOf } from './history.ts';
import type { Restriction } from './restriction.ts';
import { ignorePatterns } from './spelling.ts';
import { addRestrictedFiles, Twins } from './twin.ts';

export interface LeftOut {
  /** Paths of the commit that are not written: those restricted by name, and others of the same bytes. */
  restricted: readonly BytePath[];
  copies: readonly BytePath[];
  /** Contents that are not copied, by object name, with their sizes in bytes. */
  blobs: ReadonlyMap<string, number>;
  /** As gitignore has them: what git must keep out of the working tree. */
  patterns: readonly string[];
}

const nothing: LeftOut = { restricted: [], copies: [], blobs: new Map(), patterns: [] };

/** `tips`: the commits and tags whose history is copied; `entries`: the tree of the one that is checked out. */
export async function readLeftOut(options: {
  reader: RepositoryReader;
  restriction: Restriction;
  tips: readonly string[];
  entries: readonly TreeEntry[];
}): Promise<LeftOut> {
  const { reader, restriction, tips, entries } = options;
  if (restriction.isEmpty) return nothing;
  const now = new Twins(reader.settings.objectFormat);
  const [history] = await Promise.all([
    readRestrictedHistory(reader, restriction, tips),
    addRestrictedFiles(now, reader.repository.top, restriction),
  ]);
  const files = entries.filter(({ mode }) => mode !== '160000');
  const covered = entries.filter(({ path }) => restriction.covers(path));
  const named = new Set(covered.map(({ path }) => path));
  const contents = covered.filter(({ mode }) => mode !== '160000').map(({ object }) => object);
  const blobs = await sizesOf(reader, new Set([...history.blobs, ...contents, ...now.hashes]));
  const copies = files.filter(({ path, object }) => blobs.has(object) && !named.has(path)).map(({ path }) => path);
  const restricted = [...named];
  const patterns = ignorePatterns(restriction, [...history.paths, ...restricted, ...copies]);
  return { restricted, copies, blobs, patterns };
}

/** What people are told about it. */
export function notesOfLeftOut(leftOut: LeftOut): string[] {
  const { restricted, copies, blobs } = leftOut;
  const notes: string[] = [];
  if (restricted.length > 0) notes.push(`Left out as restricted: ${list('file', restricted)}.`);
  if (copies.length > 0) notes.push(`Left out as copies of restricted files: ${list('file', copies)}.`);
  if (blobs.size > 0) {
    const versions = blobs.size === 1 ? 'a version' : `${blobs.size} versions`;
    notes.push(
      `The history has ${versions} of restricted files: a placeholder stands in for each, and git fsck complains about it.`,
    );
  }
  return notes;
}
