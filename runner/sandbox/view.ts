/** The file system that programs in a sandbox see, as arguments of bubblewrap: what is not named here is not there. */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sandboxHost, sharedSystemFiles, systemFiles } from './system-files.ts';

export interface View {
  /** Absolute; each is seen at the very path that it has outside. */
  writable: readonly string[];
  readOnly: readonly string[];
  /** Folder that is /tmp and /var/tmp inside, and one that is /dev/shm. */
  temporary: string;
  sharedMemory: string;
  /** Folder of what stands below /etc instead of the machine's own files. */
  systemFiles: string;
  uid: number;
  gid: number;
}

/** /bin and its like: links into /usr on most systems, folders of their own on others. */
function systemFolders(): string[] {
  const names = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
  return names.flatMap((name) => {
    const stats = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (!stats) return [];
    return stats.isSymbolicLink()
      ? ['--symlink', readlinkSync(`/${name}`), `/${name}`]
      : ['--ro-bind', `/${name}`, `/${name}`];
  });
}

/** Paths without those that lie below another one. */
const outermost = (paths: readonly string[]): string[] =>
  [...new Set(paths)].filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)));

/** What holds for a whole sandbox, whatever is seen in it. Capabilities are dropped, further user namespaces refused. */
const apart = ({ uid, gid }: View): string[] => [
  ...['--unshare-user', '--uid', String(uid), '--gid', String(gid), '--disable-userns', '--cap-drop', 'ALL'],
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', sandboxHost],
  '--die-with-parent',
];

export interface Pins {
  folders: readonly string[];
  files: readonly string[];
}

/**
 * Arguments of bubblewrap up to the command, without `--`. `pins` are folders that keep their name, and files and folders in
 * `writable` places that cannot be written, each together with the folder that holds it.
 */
export function viewArguments(view: View, pins: Pins): string[] {
  const bind = (kind: string, path: string, at = path) => [kind, path, at];
  const etc = (name: string) => bind('--ro-bind', join(view.systemFiles, name), `/etc/${name}`);
  return [
    ...apart(view),
    ...['--ro-bind', '/usr', '/usr', ...systemFolders()],
    ...sharedSystemFiles.flatMap((name) => bind('--ro-bind-try', `/etc/${name}`)),
    ...Object.keys(systemFiles({ uid: 0, gid: 0, home: '', shell: '', author: null })).flatMap(etc),
    ...['--dev', '/dev', '--bind', view.sharedMemory, '/dev/shm', '--proc', '/proc', '--dir', '/run', '--dir', '/var'],
    ...['--bind', view.temporary, '/tmp', '--bind', view.temporary, '/var/tmp'],
    ...outermost(view.readOnly).flatMap((path) => bind('--ro-bind', path)),
    ...view.writable.flatMap((path) => bind('--bind', path)),
    ...pins.folders.flatMap((path) => bind('--bind', path)),
    ...pins.files.flatMap((path) => bind('--ro-bind', path)),
    ...['--remount-ro', '/'],
  ];
}

/** Files that decide what git, editors, shells and agents run when a person opens the folder. */
const laterRun = ['.git/config', '.git/hooks', '.git/objects/info/alternates', '.gitmodules', '.envrc', '.mcp.json'];
/** The same in any folder that begins with a dot, as `.vscode`. */
const laterRunInside = [
  'settings.json',
  'settings.local.json',
  'tasks.json',
  'launch.json',
  'mcp.json',
  'config.toml',
].concat(['hooks', 'commands']);

const dotFolders = (root: string): string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('.') && entry.name !== '.git')
    .map(({ name }) => name);

/**
 * What of a checkout cannot be written, as far as it is there, with the folders that must not be moved away from under it. Asked
 * once, before any program runs: what a program puts in a link's place later is not followed.
 */
export function pinsOf(root: string): Pins {
  const names = [
    ...laterRun,
    ...dotFolders(root).flatMap((folder) => laterRunInside.map((name) => `${folder}/${name}`)),
  ];
  const files = names.map((name) => join(root, name)).filter((path) => existsSync(path) && realpathSync(path) === path);
  const folders = new Set<string>();
  for (const file of files)
    for (let folder = dirname(file); folder !== root; folder = dirname(folder)) folders.add(folder);
  return { files, folders: [...folders].sort() };
}

/** What shells and git run or obey at their start, wherever they are started. */
const startFiles = [
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.bash_logout',
  '.profile',
  '.inputrc',
  '.gitconfig',
].concat(['.zshrc', '.zshenv', '.zprofile', '.zlogin', '.zlogout']);
const startFolders = ['.config/git', '.config/fish'];

/** Makes them, empty, so that no program of the session can: nothing runs in later programs that nobody asked for. */
export async function homePins(home: string): Promise<Pins> {
  const folders = startFolders.map((name) => join(home, name));
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = startFiles.map((name) => join(home, name));
  await Promise.all(files.map((file) => writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch(ignoreExisting)));
  // Whatever is no longer what was made is not followed.
  const own = [...files, ...folders].filter((path) => realpathSync(path) === path);
  return { folders: [join(home, '.config')], files: own };
}

function ignoreExisting(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'EEXIST') throw cause;
}
