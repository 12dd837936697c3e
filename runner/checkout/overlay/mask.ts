/** A layer of whiteouts at restricted paths: whatever a base came to hold there, nothing of it shows. */
import { link, lstat, mkdir, rm } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromText, join, parentOf, toBytes } from '../byte-path.ts';
import { runProgram } from '../program.ts';

/** ext4 takes 65,000 links to one inode. */
const maxLinks = 60_000;

/** The first part of `path` that is not a folder of the tree: hiding it hides the rest. Null: all of it is a folder. */
async function firstAbsent(tree: BytePath, path: BytePath): Promise<BytePath | null> {
  const parts = path.split('/');
  for (let n = 1; n <= parts.length; n++) {
    const at = parts.slice(0, n).join('/') as BytePath;
    const facts = await lstat(toBytes(join(tree, at))).catch(() => null);
    if (!facts?.isDirectory() || n === parts.length) return at;
  }
  return null;
}

/** The folders above a whiteout show through as the mask has them, so they get the rights they have in the tree. */
async function makeFolders(mask: BytePath, tree: BytePath, folder: BytePath, made: Set<string>): Promise<void> {
  if (folder === '' || made.has(folder)) return;
  await makeFolders(mask, tree, parentOf(folder), made);
  const { mode } = await lstat(toBytes(join(tree, folder)));
  await mkdir(toBytes(join(mask, folder)), { mode: mode & 0o777 });
  made.add(folder);
}

/** Makes the layer at `mask` for the files of `tree`; `paths` are relative to it. */
export async function makeMask(options: { mask: string; tree: string; paths: Iterable<BytePath> }): Promise<void> {
  const [mask, tree] = [fromText(options.mask), fromText(options.tree)];
  const { mode } = await lstat(options.tree);
  await mkdir(options.mask, { mode: mode & 0o777 });
  const places = new Set<BytePath>();
  for (const path of options.paths) {
    const place = await firstAbsent(tree, path);
    if (place !== null) places.add(place);
  }
  if (places.size === 0) return;
  const whiteout = `${options.mask}.whiteout`;
  const made = new Set<string>();
  let links = maxLinks;
  for (const place of [...places].sort()) {
    if (links >= maxLinks) await makeWhiteout(whiteout);
    links = links >= maxLinks ? 1 : links + 1;
    await makeFolders(mask, tree, parentOf(place), made);
    await link(whiteout, toBytes(join(mask, place)));
  }
  await rm(whiteout);
}

async function makeWhiteout(path: string): Promise<void> {
  const { code, stderr } = await runProgram(['sh', '-c', 'rm -f -- "$0" && mknod -- "$0" c 0 0', path]);
  if (code === 0) return;
  throw new AppError({ code: 'checkout.failed', message: 'restricted paths cannot be hidden here', detail: stderr });
}
