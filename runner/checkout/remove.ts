/** Removes a tree of files for good, whatever modes its folders have. Follows no link and crosses no mount. */
import { chmod, lstat, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromBytes, fromText, join as joinBytes, show, toBytes } from './byte-path.ts';

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

/** Gives the owner all rights on every folder below, parents first, so that their entries can be removed. */
async function openUp(folder: BytePath): Promise<void> {
  if (!(await lstat(toBytes(folder))).isDirectory()) return;
  await chmod(toBytes(folder), 0o700);
  for (const entry of await readdir(toBytes(folder), { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) await openUp(joinBytes(folder, fromBytes(entry.name)));
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
    return;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw cause;
  }
  await openUp(fromText(path));
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
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
  const aside = await mkdtemp(join(dirname(root), 'removed-'));
  try {
    await rename(root, join(aside, 'checkout'));
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw failed(`${root} cannot be removed (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  try {
    await removeTree(aside);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    const where = show(fromText(path ?? aside));
    throw failed(`${where} cannot be removed (${code}); remove it as the owner of its files`, cause);
  }
  return true;
}
