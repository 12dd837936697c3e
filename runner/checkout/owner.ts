/** Gives what root made to the user whose programs are to work with it. */
import { lchownSync, lstatSync } from 'node:fs';
import { lchown, readdir } from 'node:fs/promises';
import { type BytePath, fromBytes, fromText, join, toBytes } from './byte-path.ts';
import { forEachInSlices } from './copy-file.ts';

export interface Owner {
  uid: number;
  gid: number;
}

/** Hands over one file or folder, not what is in it. Null: it stays with whoever runs this. */
export async function handOverOne(path: string, owner: Owner | null): Promise<void> {
  if (owner) await lchown(path, owner.uid, owner.gid);
}

/** Hands over `path` with everything below it; follows no link. Nobody else may write there yet. */
export async function handOver(path: string, owner: Owner | null): Promise<void> {
  if (!owner) return;
  const own = (each: BytePath) => lchownSync(toBytes(each), owner.uid, owner.gid);
  const waiting = [fromText(path)];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    own(folder);
    if (!lstatSync(toBytes(folder)).isDirectory()) continue;
    const entries = await readdir(toBytes(folder), { withFileTypes: true, encoding: 'buffer' });
    const at = folder;
    await forEachInSlices(entries, (entry) => {
      const place = join(at, fromBytes(entry.name));
      if (entry.isDirectory()) waiting.push(place);
      else own(place);
    });
  }
}
