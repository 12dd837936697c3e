// @ts-check
// One build at a time per tree, across processes. A holder that died without a word is replaced.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;
const noticeMs = 5_000;
/** A holder touches its lock this often; one untouched for `deadMs` belonged to a process whose pid is somebody else's now. */
const touchMs = 5_000;
const deadMs = 60_000;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return /** @type {NodeJS.ErrnoException} */ (cause).code === 'EPERM';
  }
}

/**
 * The pid in the lock file and whether it still holds it, or null when the lock has just been removed.
 * @param {string} file
 */
function readHolder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return { pid, holds: isAlive(pid) && statSync(file).mtimeMs > Date.now() - deadMs };
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code === 'ENOENT') return null;
    throw cause;
  }
}

/** @param {string} file */
function tryTake(file) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, file);
    return true;
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code !== 'EEXIST') throw cause;
    return false;
  } finally {
    rmSync(mine);
  }
}

/**
 * Removes the lock of a dead holder. Renaming first means that of two who see the same corpse one wins.
 * @param {string} file
 * @param {number} holder
 */
function clearDead(file, holder) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code === 'ENOENT') return;
    throw cause;
  }
  if (readHolder(aside)?.pid !== holder) linkSync(aside, file);
  rmSync(aside);
}

/**
 * Runs `work` while no other process does under the same lock file.
 * @template T
 * @param {string} file
 * @param {(line: string) => void} progress
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, progress, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let waitedMs = 0; !tryTake(file); waitedMs += pollMs) {
    const holder = readHolder(file);
    if (holder === null) continue;
    if (!holder.holds) {
      clearDead(file, holder.pid);
      continue;
    }
    if (waitedMs % noticeMs === 0) progress(`waiting for process ${holder.pid}, which is building in this folder`);
    await sleep(pollMs);
  }
  const touching = setInterval(() => utimesSync(file, new Date(), new Date()), touchMs);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    rmSync(file, { force: true });
  }
}
