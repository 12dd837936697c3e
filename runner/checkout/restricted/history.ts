/** What a history holds of restricted files: every content that ever stood under such a name. */
import { type BytePath, splitNul } from '../byte-path.ts';
import type { RepositoryReader } from '../reader.ts';
import type { Restriction } from './restriction.ts';
import { pathspecs } from './spelling.ts';

export interface RestrictedHistory {
  /** Object names of the contents. */
  blobs: Set<string>;
  /** Restricted paths that some commit has. */
  paths: Set<BytePath>;
}

const entry = /^\n?:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) /;
const isBlob = (mode: string | undefined): boolean => mode === '100644' || mode === '100755' || mode === '120000';

/**
 * Goes through all that `tips` reach, side branches with it: each merge is held against each of its parents, and nothing is
 * simplified away.
 */
export async function readRestrictedHistory(
  reader: RepositoryReader,
  restriction: Restriction,
  tips: readonly string[],
): Promise<RestrictedHistory> {
  const show = ['-z', '--format=', '--raw', '--no-renames', '--no-abbrev', '-m', '--root', '--full-history'];
  const where = pathspecs(restriction);
  const args = ['--no-literal-pathspecs', 'log', ...show, '--stdin', ...(where.length > 0 ? ['--', ...where] : [])];
  const fields = splitNul(await reader.run(args, { input: `${tips.join('\n')}\n` }));
  const found: RestrictedHistory = { blobs: new Set(), paths: new Set() };
  for (let at = 0; at < fields.length; at++) {
    const [, before, after, old, now] = entry.exec(fields[at] ?? '') ?? [];
    if (old === undefined || now === undefined) continue;
    const path = fields[++at] as BytePath;
    if (!found.paths.has(path) && !restriction.covers(path)) continue;
    found.paths.add(path);
    if (isBlob(before)) found.blobs.add(old);
    if (isBlob(after)) found.blobs.add(now);
  }
  return found;
}

/** Those of `blobs` that are there, by their sizes; what is empty tells nothing. */
export async function sizesOf(reader: RepositoryReader, blobs: Iterable<string>): Promise<Map<string, number>> {
  const input = [...blobs].map((blob) => `${blob}\n`).join('');
  if (input === '') return new Map();
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'];
  const output = (await reader.run(args, { input })).toString();
  const sizes = [...output.matchAll(/^([0-9a-f]+) blob ([1-9]\d*)$/gm)];
  return new Map(sizes.map(([, blob = '', size]) => [blob, Number(size)]));
}
