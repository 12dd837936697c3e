/** Makes a checkout of a git repository: its own objects, its own index, the commit at HEAD on a branch of its own. */
import { lstat } from 'node:fs/promises';
import { type BytePath, fromText, join, toBytes } from './byte-path.ts';
import { carryChanges, leaveOutRestricted } from './changes.ts';
import type { CheckoutCreated } from './checkout.ts';
import { writeFreshCommit } from './fresh-commit.ts';
import { type GitSource, type GitSourceRequest, readSource } from './git-source.ts';
import { assertFileCount } from './limits.ts';
import {
  copyBoundary,
  endPartialHistory,
  initRepository,
  packObjects,
  writeFiles,
  writeHead,
} from './new-repository.ts';
import { list } from './note.ts';
import {
  attributesText,
  type LeftOut,
  notesOfLeftOut,
  readLeftOut,
  sparseText,
  writePlaceholders,
} from './restricted/index.ts';
import { findOutsideLinks, readTree, type TreeFacts } from './tree.ts';

export type Made = Omit<CheckoutCreated, 'ms'>;

/** A commit of a source as it was written, before any change. */
export interface Written {
  /** `folder`: the history was left behind. */
  kind: Made['kind'];
  /** The commit that work begins at. */
  commit: string;
  tags: readonly string[];
  files: number;
  /** Links in it, one character per byte. */
  links: readonly BytePath[];
  /** Paths of the commit that are not there. */
  absent: readonly BytePath[];
  /** Restricted contents by object name, with their sizes. */
  blobs: ReadonlyMap<string, number>;
  boundary: string | null;
  notes: readonly string[];
}

function notesOf({ reader }: GitSource, tree: TreeFacts, leftOut: LeftOut): string[] {
  const notes: string[] = [];
  if (tree.submodules.length > 0) notes.push(`Not fetched: ${list('submodule', tree.submodules)}.`);
  const { filters } = reader.settings;
  if (filters.length > 0)
    notes.push(
      `Content filters were not run (${filters.join(', ').slice(0, 200)}): such files are as git stores them.`,
    );
  return [...notes, ...notesOfLeftOut(leftOut)];
}

/** Git was told to leave them out, which is too little to believe it. */
async function assertLeftOut(root: string, paths: readonly BytePath[]): Promise<void> {
  for (const path of paths) {
    const facts = await lstat(toBytes(join(fromText(root), path))).catch(() => null);
    if (facts) throw new Error(`a restricted file was written: ${path}`);
  }
}

/** Writes the repository and the files of the source's commit to `root`, a folder to make; its HEAD is for others to write. */
export async function writeCommit(source: GitSource, root: string): Promise<Written> {
  const { reader, refs, restriction, limits } = source;
  const tree = await readTree(reader, refs.head);
  assertFileCount(tree.files + source.changes.length, limits);
  const tagged = source.tags.map((line) => line.slice(0, line.indexOf(' ')));
  const tips = [refs.head, ...tagged];
  await endPartialHistory(reader, refs.head);
  const leftOut = await readLeftOut({ reader, restriction, tips, entries: tree.entries });
  const { patterns, blobs } = leftOut;
  const exclusion = restriction.isEmpty ? null : { sparse: sparseText(patterns), attributes: attributesText(patterns) };
  await initRepository(reader, root, exclusion);
  const absent = [...leftOut.restricted, ...leftOut.copies];
  const isFresh = blobs.size > limits.placeholders;
  const boundary = isFresh ? null : await copyBoundary(reader, root, refs.head);
  const fresh = isFresh ? await writeFreshCommit(reader, root, { from: refs.head, without: absent }) : null;
  if (!fresh) await packObjects(reader, root, { tips, without: [...blobs.keys()] });
  if (!fresh) await writePlaceholders(root, blobs.keys());
  const commit = fresh ?? refs.head;
  await writeFiles(root, commit, limits.gitMs);
  await assertLeftOut(root, absent);
  const gone = new Set(absent);
  return {
    kind: isFresh ? 'folder' : 'git',
    commit,
    tags: isFresh ? [] : source.tags,
    files: tree.files - tree.entries.filter(({ mode, path }) => mode !== '160000' && gone.has(path)).length,
    links: tree.links.filter((path) => !gone.has(path)),
    absent,
    blobs,
    boundary,
    notes: fresh
      ? [freshNote, ...notesOf(source, tree, { ...leftOut, blobs: new Map() })]
      : notesOf(source, tree, leftOut),
  };
}

const freshNote =
  'The history was left out because it holds too many versions of restricted files: the copy begins with one commit of its own.';

/** Puts the session's branch and the wanted changes on top of a written commit. */
export async function beginWork(source: GitSource, written: Written, root: string): Promise<Made> {
  const { reader, refs, branch, branchNote, limits, restriction } = source;
  const { top } = reader.repository;
  const { commit, tags, kind } = written;
  await writeHead(root, { commit, branch, tags, origin: kind === 'git' ? refs : null });
  const wanted = await leaveOutRestricted({
    ...{ top, restriction, changes: source.changes, blobs: written.blobs },
    format: reader.settings.objectFormat,
  });
  const carried = await carryChanges({ top, root, changes: wanted.changes, limits });
  const outside = await findOutsideLinks(root, [...written.links, ...carried.links]);
  const leading =
    outside.length > 0 ? [`Kept as they are: ${list('link', outside)} that lead out of the checkout.`] : [];
  const notes = [branchNote, written.boundary, ...written.notes, ...leading, ...wanted.notes, ...carried.notes];
  return {
    kind,
    branch,
    baseCommit: commit,
    files: written.files + carried.added - carried.removed,
    carried: carried.carried,
    notes: notes.filter((note) => note !== null),
  };
}

/**
 * The repository is only read. Null when it knows nothing of the folder that was asked for.
 * Throws AppError `source.invalid` naming the fix.
 */
export async function makeGitCheckout(request: GitSourceRequest & { root: string }): Promise<Made | null> {
  const source = await readSource(request);
  return source && beginWork(source, await writeCommit(source, request.root), request.root);
}
