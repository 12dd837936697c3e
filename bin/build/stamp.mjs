// @ts-check
// Whether what was built still matches its sources: sizes and times of the exact input files, nothing is read twice.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Stamp What one target was built from.
 * @property {string[]} files Inputs, relative to the root.
 * @property {string[]} folders Walked as well, so that a new file counts.
 * @property {string} print Fingerprint of both when it was built; empty when an input changed meanwhile.
 */

/**
 * @param {string} root
 * @param {string} target
 */
const stampFile = (root, target) => join(root, 'dist', `${target}.build.json`);

/**
 * What the target was built from, or null before its first build.
 * @param {string} root
 * @param {string} target
 * @returns {Stamp | null}
 */
export function readStamp(root, target) {
  try {
    return JSON.parse(readFileSync(stampFile(root, target), 'utf8'));
  } catch (cause) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (cause);
    if (code === 'ENOENT' || cause instanceof SyntaxError) return null;
    throw cause;
  }
}

/**
 * Only the holder of the target's build lock writes.
 * @param {string} root
 * @param {string} target
 * @param {Stamp} built
 */
export function writeStamp(root, target, built) {
  const next = `${stampFile(root, target)}.next`;
  writeFileSync(next, JSON.stringify(built));
  renameSync(next, stampFile(root, target));
}

/**
 * @param {string} root
 * @param {string} folder relative to the root
 * @returns {string[]}
 */
function walk(root, folder) {
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...walk(root, path));
    else if (!entry.name.includes('.test.')) found.push(path);
  }
  return found;
}

/**
 * Stamp of `inputs` as they are now. An input touched after `since` (ms since the epoch) may have been read before
 * the change, so it makes a stamp that never matches.
 * @param {string} root
 * @param {{ files: string[], folders: string[] }} inputs
 * @param {number} [since]
 * @returns {Stamp}
 */
export function stamp(root, inputs, since = Number.POSITIVE_INFINITY) {
  const hash = createHash('sha1');
  const paths = new Set([...inputs.files, ...inputs.folders.flatMap((folder) => walk(root, folder))]);
  for (const path of [...paths].sort()) {
    const { size, mtimeMs } = statSync(join(root, path));
    if (mtimeMs >= since) return { ...inputs, print: '' };
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return { ...inputs, print: hash.digest('hex') };
}

/**
 * @param {string} root
 * @param {Stamp | null} built
 * @returns {boolean}
 */
export function isCurrent(root, built) {
  if (!built?.print) return false;
  try {
    return stamp(root, built).print === built.print;
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code === 'ENOENT') return false;
    throw cause;
  }
}
