/** What a commit's tree holds, as far as a checkout has to know: how many files, which submodules, which links. */
import { readlink, realpath } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { type BytePath, fromBytes, fromText, join, parentOf, splitNul, toBytes } from './byte-path.ts';
import type { RepositoryReader } from './reader.ts';
import { isWithin } from './repository.ts';

export interface TreeFacts {
  files: number;
  submodules: BytePath[];
  links: BytePath[];
}

/** `mode type object\tpath` for each entry of the whole tree. */
export async function readTree(reader: RepositoryReader, commit: string): Promise<TreeFacts> {
  const entries = splitNul(await reader.run(['ls-tree', '-r', '-z', '--full-tree', commit]));
  const pathsOf = (mode: string) =>
    entries.filter((entry) => entry.startsWith(mode)).map((entry) => entry.slice(entry.indexOf('\t') + 1) as BytePath);
  const submodules = pathsOf('160000');
  return { files: entries.length - submodules.length, submodules, links: pathsOf('120000') };
}

/** Those links of the tree at `root` that lead out of it, whether or not what they name exists. */
export async function findOutsideLinks(root: string, links: readonly BytePath[]): Promise<BytePath[]> {
  const outside: BytePath[] = [];
  const top = await realpath(root);
  for (const path of links) {
    const place = join(fromText(top), path);
    const target = await readlink(toBytes(place), { encoding: 'buffer' }).catch(() => null);
    if (!target) continue;
    // Resolved text first, for links to nothing; then what the kernel makes of it, for links through links.
    const text = resolve(`/${parentOf(place)}`, fromBytes(target));
    const real = await realpath(toBytes(place), { encoding: 'buffer' }).then(fromBytes, () => null);
    const leadsOut = isAbsolute(target.toString('latin1')) || !isWithin(fromText(top), real ?? text);
    if (leadsOut) outside.push(path);
  }
  return outside;
}
