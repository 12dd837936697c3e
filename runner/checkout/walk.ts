/** Goes through a tree of ours that nobody changes meanwhile. Follows no link. */
import { readdir } from 'node:fs/promises';
import { type BytePath, fromBytes, join, toBytes } from './byte-path.ts';

/** Everything below `folder` but folders: files, links and the rest. */
export async function filesBelow(folder: BytePath): Promise<BytePath[]> {
  const found: BytePath[] = [];
  const waiting = [folder];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of await readdir(toBytes(at), { withFileTypes: true, encoding: 'buffer' })) {
      const path = join(at, fromBytes(entry.name));
      (entry.isDirectory() ? waiting : found).push(path);
    }
  }
  return found;
}
