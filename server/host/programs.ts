/** Agent programs where runners can read them: those that lie in a closed folder are copied to `$OMNIGENT_HOME/agents/`. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, obstacleTo } from '#runner/sandbox/index.ts';

const run = promisify(execFile);

export interface ProgramsOptions {
  /** `$OMNIGENT_HOME`. */
  home: string;
  /** As whom they run; null: as this process, which reads all that it found. */
  account: Account | null;
}

/** The folder itself, or its copy; hard links where the file system is the same: such programs have hundreds of megabytes. */
async function makeCopy(folder: string, home: string): Promise<string> {
  const { ino, mtimeMs } = await stat(folder);
  const name = createHash('sha256').update(`${folder} ${ino} ${mtimeMs}`).digest('hex').slice(0, 16);
  const target = join(home, 'agents', 'copies', name);
  if (existsSync(target)) return join(target, basename(folder));
  const aside = `${target}.${process.pid}`;
  await mkdir(aside, { recursive: true, mode: 0o755 });
  await run('cp', ['-al', '--', folder, aside]).catch(() => run('cp', ['-a', '--reflink=auto', '--', folder, aside]));
  await run('chmod', ['a+rx', join(home, 'agents'), dirname(target), aside]);
  await rename(aside, target);
  return join(target, basename(folder));
}

const copying = new Map<string, Promise<string>>();

/** Several that want one at once wait for the same. */
function copyOf(folder: string, home: string): Promise<string> {
  const work = copying.get(folder) ?? makeCopy(folder, home).finally(() => copying.delete(folder));
  copying.set(folder, work);
  return work;
}

async function reachable(path: string, { home, account }: ProgramsOptions): Promise<string> {
  if (path === '' || !existsSync(path) || obstacleTo(path, account) === null) return path;
  const at = path.indexOf('/node_modules/');
  if (at < 0) {
    const folder = await copyOf(dirname(path), home);
    return join(folder, basename(path));
  }
  const packages = path.slice(0, at + '/node_modules'.length);
  return join(await copyOf(packages, home), path.slice(packages.length));
}

/** `programs`: absolute paths of programs, and folders with colons between, by the name of the variable. */
export async function reachablePrograms(
  programs: Readonly<Record<string, string>>,
  options: ProgramsOptions,
): Promise<Record<string, string>> {
  if (options.account === null) return { ...programs };
  const entries = Object.entries(programs).map(async ([name, value]): Promise<[string, string]> => {
    const paths = await Promise.all(value.split(':').map((path) => reachable(path, options)));
    return [name, paths.join(':')];
  });
  return Object.fromEntries(await Promise.all(entries));
}
