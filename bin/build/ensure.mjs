// @ts-check
// What is built, when it is stale, and in which order.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError } from './report.mjs';
import { isCurrent, readStamp, stamp, writeStamp } from './stamp.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Whatever is built depends on these too; the lock file names every package and our own version. */
const always = [
  'package.json',
  'package-lock.json',
  'patches/postgres+3.4.9.patch',
  'bin/build/ensure.mjs',
  'bin/build/bundle.mjs',
  'bin/build/web.mjs',
];

/** What the patches change: packages that were installed anew lack them. */
const patched = ['node_modules/postgres/src/connection.js', 'node_modules/postgres/src/index.js'];

/** @typedef {'server' | 'runner' | 'checkout' | 'cli' | 'web'} Target */

/** In the order in which a first start wants them. @type {Target[]} */
export const allTargets = ['server', 'runner', 'checkout', 'cli', 'web'];

/** @param {Target} target */
const output = (target) => join(root, target === 'web' ? '.next/BUILD_ID' : `dist/${target}.js`);

/** @param {Target} target */
const isStale = (target) => !existsSync(output(target)) || !isCurrent(root, readStamp(root, target));

/** `npm install` does it, unless it was told to run no scripts. */
function patchPackages() {
  const program = join(root, 'node_modules/patch-package/index.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--error-on-fail'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new BuildError(`patching packages failed\n${stdout}${stderr}`);
}

/**
 * @param {Target} target
 * @param {(line: string) => void} progress
 */
async function buildOne(target, progress) {
  if (target === 'web') return (await import('./web.mjs')).buildWeb(root, progress);
  // The server loads its packages from where they are installed.
  if (target === 'server') patchPackages();
  const { bundle } = await import('./bundle.mjs');
  return { files: [...(await bundle(root, target)), ...(target === 'server' ? patched : [])], folders: [] };
}

/**
 * Builds those of `targets` whose sources changed. Safe to call from several processes at once. Throws BuildError with the
 * compiler's text, or the system's error where the tree can't be written.
 * @param {Target[]} targets
 * @param {(line: string) => void} progress one line each
 */
export async function ensureBuilt(targets, progress) {
  for (const target of targets.filter(isStale)) {
    const { withLock } = await import('./lock.mjs');
    await withLock(join(root, 'dist', `${target}.lock`), progress, async () => {
      if (!isStale(target)) return;
      const since = Date.now();
      const inputs = await buildOne(target, progress);
      writeStamp(root, target, stamp(root, { ...inputs, files: [...inputs.files, ...always] }, since));
    });
  }
}
