/**
 * Stands something in for contents that were left out of a history. The object has the name of what it replaces, so that trees
 * and commits stay what they are and every command goes on; only whoever counts the bytes (git fsck) notices.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

const text = 'Restricted: this file was left out of the session.\n';

/** Writes them as loose objects of the repository in `root`, which has none of these yet. */
export async function writePlaceholders(root: string, blobs: Iterable<string>): Promise<void> {
  const bytes = deflateSync(`blob ${text.length}\0${text}`);
  const folders = new Set<string>();
  for (const blob of blobs) {
    const folder = join(root, '.git/objects', blob.slice(0, 2));
    if (!folders.has(folder)) await mkdir(folder, { recursive: true });
    folders.add(folder);
    await writeFile(join(folder, blob.slice(2)), bytes, { flag: 'wx', mode: 0o444 });
  }
}
