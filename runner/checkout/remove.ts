/** Removes a tree of files for good, whatever modes its folders have. Follows no link and crosses no mount. */
import { chmod, lstat, mkdtemp, readdir, readFile, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join as joinText } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromBytes, fromText, join, show, toBytes } from './byte-path.ts';
import { forEachOf } from './copy-file.ts';

const failed = (message: string, cause?: unknown) => new AppError({ code: 'checkout.failed', message, cause });

/** The first mount at or below `root`; null if there is none. `mountinfo` is the kernel's text: blanks are octal in it. */
export function findMount(mountinfo: string, root: string): string | null {
  const mounts = mountinfo.split('\n');
  const points = mounts.map((line) =>
    (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
  return points.find((point) => point === root || point.startsWith(`${root}/`)) ?? null;
}

async function assertNoMount(root: string): Promise<void> {
  const mounted = findMount(await readFile('/proc/self/mountinfo', 'latin1').catch(() => ''), fromText(root));
  if (mounted === null) return;
  throw failed(`something is mounted at ${show(mounted as BytePath)}; unmount it, then end the session again`);
}

/** Paths longer than the kernel takes (4,096 bytes) are made shorter before that, by moving the folder up. */
const maxPathBytes = 3_000;

interface Removal {
  /** The folder that everything is removed in; what is moved up lands here. */
  top: BytePath;
  moved: number;
}

/** Lets the owner list a folder and remove its entries. */
async function openUp(folder: BytePath): Promise<void> {
  const { mode } = await lstat(toBytes(folder));
  if ((mode & 0o700) !== 0o700) await chmod(toBytes(folder), 0o700);
}

/** What somebody else removed meanwhile is removed. */
async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw cause;
  });
}

async function removeTree(removal: Removal, folder: BytePath): Promise<void> {
  await unlessGone(openUp(folder));
  if (folder.length > maxPathBytes) {
    removal.moved += 1;
    const shorter = join(removal.top, `deep-${removal.moved}`);
    await unlessGone(rename(toBytes(folder), toBytes(shorter)));
    return removeTree(removal, shorter);
  }
  const entries = (await unlessGone(readdir(toBytes(folder), { withFileTypes: true, encoding: 'buffer' }))) ?? [];
  const pathOf = (entry: { name: Buffer }) => join(folder, fromBytes(entry.name));
  const others = entries.filter((entry) => !entry.isDirectory());
  await forEachOf(others, 16, (entry) => unlessGone(unlink(toBytes(pathOf(entry)))).then(() => undefined));
  for (const entry of entries) if (entry.isDirectory()) await removeTree(removal, pathOf(entry));
  await unlessGone(rmdir(toBytes(folder)));
}

/** Removes a folder of ours with everything in it; anything else under that name is left alone. */
export async function removeWhole(path: string): Promise<void> {
  if ((await lstat(path).catch(() => null))?.isDirectory()) {
    await removeTree({ top: fromText(path), moved: 0 }, fromText(path));
  }
}

/** Removes what a runner that was killed left half made or half removed; nothing else runs in the folder meanwhile. */
export async function sweep(directory: string, pattern: RegExp): Promise<void> {
  const names = (await readdir(directory)).filter((name) => pattern.test(name));
  for (const name of names) await removeWhole(joinText(directory, name));
}

/**
 * Removes the folder `root`. It disappears under its name at once, so that it is never found half removed; of several
 * concurrent calls one removes it and the others return false. Throws AppError `checkout.failed`.
 */
export async function removeFolder(root: string): Promise<boolean> {
  const facts = await lstat(root).catch(() => null);
  if (!facts) return false;
  if (!facts.isDirectory()) throw failed(`${root} is not a folder; it was replaced, so nothing is removed`);
  await assertNoMount(root);
  const aside = await mkdtemp(joinText(dirname(root), 'removed-'));
  try {
    await openUp(fromText(root));
    await rename(root, joinText(aside, 'checkout'));
  } catch (cause) {
    await removeWhole(aside);
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw failed(`${root} cannot be removed (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  try {
    await removeWhole(aside);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    const where = show(fromText(path ?? aside));
    throw failed(`${where} cannot be removed (${code}); remove it as the owner of its files`, cause);
  }
  return true;
}
