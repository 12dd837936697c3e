/** Which folders of programs a sandbox shows, beside the system's own. Looks at the machine; decides nothing else. */
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Account, obstacleTo } from './account.ts';
import type { Environment } from './environment.ts';

/** Folders whose programs come with the system: shown whole. */
const systemFolders = ['/usr', '/bin', '/sbin'];
/** Below a person's home, what version managers fill with programs and nothing secret. */
const managers = [
  '.nvm',
  '.fnm',
  '.volta',
  '.pyenv',
  '.rbenv',
  '.nodenv',
  '.asdf',
  '.bun',
  '.deno',
  '.sdkman',
  '.rustup',
].concat(['.local/share/mise', '.local/share/fnm', '.local/share/pnpm', '.local/share/uv', 'go/bin']);

export interface Toolchains {
  /** For PATH: those folders of the person's that can be seen. */
  path: string;
  /** Absolute folders and files to show, read-only. */
  shown: string[];
}

export const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Beside `bin`, where the programs of one prefix keep their libraries. */
const besideBin = ['lib', 'lib64', 'libexec', 'share', 'include'];

/** What to show for programs in `folder`; null: it cannot be shown without showing what is nobody's business. */
function shownFor(folder: string, home: string): string[] | null {
  if (systemFolders.some((system) => isBelow(folder, system))) return [];
  if (isBelow(home, folder)) return null;
  const manager = managers.map((name) => join(home, name)).find((root) => isBelow(folder, root));
  if (manager) return [manager];
  const parent = dirname(folder);
  // What lies beside `~/bin` and `~/.local/bin` is a person's own.
  const isPrefix = folder.endsWith('/bin') && parent !== home && dirname(parent) !== home;
  return [folder, ...(isPrefix ? besideBin.map((name) => join(parent, name)).filter((path) => existsSync(path)) : [])];
}

function tried<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

/** What of `env.PATH` a sandbox of `account` can show. `home`: the person's. */
export function findToolchains(env: Environment, home: string, account: Account | null): Toolchains {
  const path: string[] = [];
  const shown = new Set<string>();
  for (const folder of (env.PATH ?? '').split(':')) {
    if (!tried(() => isFolder(folder))) continue;
    const whole = shownFor(resolve(folder), home);
    if (whole === null || obstacleTo(folder, account) !== null) continue;
    path.push(folder);
    for (const each of whole) shown.add(each);
  }
  return { path: path.join(':') || '/usr/local/bin:/usr/bin:/bin', shown: [...shown] };
}

/** What has to be shown so that `file` can run: itself where its links lead, and the packages it is one of. */
export function shownForProgram(file: string): string[] {
  const real = tried(() => realpathSync(file)) ?? file;
  const isLink = tried(() => lstatSync(file).isSymbolicLink()) ?? false;
  const packages = (path: string) => {
    const at = path.indexOf('/node_modules/');
    return at < 0 ? path : path.slice(0, at + '/node_modules'.length);
  };
  const folders = [...new Set([real, ...(isLink ? [file] : [])].map(packages))];
  return folders.filter((path) => !systemFolders.some((system) => isBelow(path, system)));
}
