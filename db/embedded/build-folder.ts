/** Makes a folder that is either complete or not there, whatever process dies meanwhile. */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isCode, isRunning } from './process.ts';

/**
 * Lets `build` fill a private folder beside `path`, then renames it to `path`; `path`'s parent must exist. What a dead
 * process left half made is removed. When another process was faster its folder stays and ours goes.
 */
export async function buildFolder(path: string, build: (unfinished: string) => Promise<void>): Promise<void> {
  await removeAbandoned(path);
  const unfinished = await mkdtemp(`${path}.${process.pid}-`);
  try {
    await build(unfinished);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (!isCode(cause, 'ENOTEMPTY', 'EEXIST')) throw cause;
  }
}

async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const pid = name.startsWith(prefix) ? Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1]) : Number.NaN;
    if (Number.isNaN(pid) || (await isRunning(pid))) continue;
    await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}
