/** What a commit's tree holds, as far as a checkout has to know: how many files, which submodules, which links. */
import { readlink, realpath } from 'node:fs/promises';
import { type BytePath, fromBytes, fromText, join, parentOf, splitNul, toBytes } from './byte-path.ts';
import type { RepositoryReader } from './reader.ts';
import { isWithin } from './repository.ts';

export interface TreeEntry {
  /** As git writes it. */
  mode: string;
  object: string;
  path: BytePath;
}

export interface TreeFacts {
  files: number;
  submodules: BytePath[];
  links: BytePath[];
  entries: TreeEntry[];
}

/** `mode type object\tpath` for each entry of the whole tree. */
export async function readTree(reader: RepositoryReader, commit: string): Promise<TreeFacts> {
  const entries = splitNul(await reader.run(['ls-tree', '-r', '-z', '--full-tree', commit])).map(entryOf);
  const pathsOf = (wanted: string) => entries.filter(({ mode }) => mode === wanted).map(({ path }) => path);
  const submodules = pathsOf('160000');
  return { files: entries.length - submodules.length, submodules, links: pathsOf('120000'), entries };
}

function entryOf(line: BytePath): TreeEntry {
  const end = line.indexOf('\t');
  const [mode = '', , object = ''] = line.slice(0, end).split(' ');
  return { mode, object, path: line.slice(end + 1) as BytePath };
}

/** Linux follows at most this many links in one path. */
const maxLinks = 40;

/** True if following the link at `place` ever leaves `top`, whether or not anything is at its end. Both are real paths. */
async function leadsOut(top: BytePath, place: BytePath): Promise<boolean> {
  let folder = parentOf(place);
  const parts: string[] = [place.slice(folder.length + 1)];
  for (let links = 0; ; ) {
    const part = parts.shift();
    if (part === undefined) return false;
    if (part === '' || part === '.') continue;
    const next = part === '..' ? parentOf(folder) : join(folder, part);
    if (!isWithin(top, next)) return true;
    const target = await readlink(toBytes(next), { encoding: 'buffer' }).catch(() => null); // not a link: go on from it
    if (target === null) {
      folder = next;
      continue;
    }
    links += 1;
    if (target[0] === 0x2f || links > maxLinks) return links <= maxLinks;
    parts.unshift(...fromBytes(target).split('/'));
  }
}

/** Those links of the tree at `root` that lead out of it, whether or not what they name exists. */
export async function findOutsideLinks(root: string, links: readonly BytePath[]): Promise<BytePath[]> {
  const top = fromText(await realpath(root));
  const outside: BytePath[] = [];
  for (const path of links) if (await leadsOut(top, join(top, path))) outside.push(path);
  return outside;
}
