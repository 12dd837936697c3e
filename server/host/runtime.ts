/**
 * What a runner's process is made of, where its account can read it: Node.js, the runner's program and the packages that it
 * loads, copied once for each version to `$OMNIGENT_HOME/runtime/`. A root server's own files may lie in a home that is closed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync, readlinkSync } from 'node:fs';
import { copyFile, cp, link, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Runtime {
  node: string;
  runnerFile: string;
}

export interface RuntimeOptions {
  home: string;
  /** The runner's program; its parts lie beside it. */
  runnerFile: string;
}

/** Files of packages that the runner loads while it runs; all else is in its own files. */
const packageFiles = [
  'web-tree-sitter/package.json',
  'web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-bash/package.json',
  'tree-sitter-bash/tree-sitter-bash.wasm',
];
const packages = ['@lydell/node-pty', `@lydell/node-pty-${process.platform}-${process.arch}`];

/** Of the runner's folder: itself, its parts, harnesses and the example agent. */
const isRunners = (name: string): boolean => /^(?:runner|agent)(?:-part-[\w-]+)?\.js$/.test(name) || name === 'harness';

async function versionOf(runnerFile: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [runnerFile, await realpath(process.execPath)]) {
    const { size, mtimeMs, ino } = await stat(path);
    hash.update(`${path} ${size} ${mtimeMs} ${ino}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** A package's own folder, wherever npm put it. */
function folderOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(join(folder, 'package.json')));
  if (!found) throw new Error(`the package ${name} is not installed; run npm install`);
  return found;
}

async function copyAll(runnerFile: string, to: string): Promise<void> {
  const dist = dirname(runnerFile);
  await mkdir(join(to, 'dist'), { recursive: true, mode: 0o755 });
  const node = await realpath(process.execPath);
  // A hundred megabytes: the same file where that can be.
  await link(node, join(to, 'node')).catch(() => copyFile(node, join(to, 'node'), constants.COPYFILE_FICLONE));
  for (const name of (await readdir(dist)).filter((each) => isRunners(each) || each === basename(runnerFile)))
    await cp(join(dist, name), join(to, 'dist', name), { recursive: true, dereference: true });
  for (const name of packages)
    await cp(folderOf(name), join(to, 'node_modules', name), { recursive: true, dereference: true });
  for (const file of packageFiles) {
    const [name = '', ...rest] = file.split('/');
    await mkdir(join(to, 'node_modules', name), { recursive: true });
    await copyFile(join(folderOf(name), ...rest), join(to, 'node_modules', file));
  }
}

/** Whether some process runs the Node.js of this folder. */
async function isInUse(folder: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`).startsWith(`${folder}/`);
    } catch {
      return false;
    }
  });
}

/** Versions that no runner uses any more, and what a crash left half made. */
async function removeOthers(folder: string, version: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== version && !(await isInUse(join(folder, name))))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The copy of this version, made where there is none. */
export async function installRuntime({ home, runnerFile }: RuntimeOptions): Promise<Runtime> {
  const folder = join(home, 'runtime');
  const version = await versionOf(runnerFile);
  const target = join(folder, version);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (!existsSync(target)) {
    await removeOthers(folder, version);
    const aside = `${target}.${process.pid}`;
    await copyAll(runnerFile, aside);
    await run('chmod', ['-R', 'a+rX', folder]);
    await rename(aside, target);
  }
  return { node: join(target, 'node'), runnerFile: join(target, 'dist', basename(runnerFile)) };
}
