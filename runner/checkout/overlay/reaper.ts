/** Removes bases that no session lies on: old ones, and the oldest where all of them take too much. */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord } from '../record.ts';
import { removeWhole, sweep } from '../remove.ts';
import { basesIn } from './base.ts';
import { readBaseRecord } from './base-record.ts';
import { takeLock } from './lock.ts';
import { partsOf } from './view.ts';

export interface ReapOptions {
  /** Folder that holds `bases/`. */
  data: string;
  /** Ms since the epoch. */
  now: number;
  maxAgeMs?: number;
  maxBytes?: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const defaults = { maxAgeMs: 14 * dayMs, maxBytes: 20 * 1024 ** 3 };
/** A session that is being made names its base before it has a record, for at most this long, in ms. */
const makingMs = 60 * 60 * 1000;

interface Kept {
  folder: string;
  usedAt: number;
  sizeBytes: number;
}

/** The session lies on the base, or is about to. What cannot be told keeps the base. */
async function isUsedBy(folder: string, user: string, now: number): Promise<boolean> {
  const directory = await readFile(user, 'utf8');
  if (!(await stat(directory).catch(() => null))) return false;
  const record = await readRecord(directory).catch(() => 'damaged' as const);
  if (record === 'damaged') return true;
  if (record === null) return now - (await stat(user)).mtimeMs < makingMs;
  const hasFiles = await stat(partsOf(directory).upper).catch(() => null);
  return record.base === folder && hasFiles !== null;
}

/** Also forgets users that are none any more. */
async function isUsed(folder: string, now: number): Promise<boolean> {
  const users = await readdir(join(folder, 'users')).catch(() => []);
  let isAny = false;
  for (const name of users) {
    const user = join(folder, 'users', name);
    if (await isUsedBy(folder, user, now)) isAny = true;
    else await rm(user, { force: true });
  }
  return isAny;
}

/** False where somebody builds or takes it now, or lies on it. It is gone under its name at once. */
async function removeBase(folder: string, now: number): Promise<boolean> {
  const lock = await takeLock(`${folder}.lock`, { waitMs: 0 });
  if (!lock) return false;
  try {
    if (await isUsed(folder, now)) return false;
    await rename(folder, `${folder}.removed`);
    await removeWhole(`${folder}.removed`);
    await rm(`${folder}.lock`, { force: true });
    return true;
  } finally {
    await lock.release();
  }
}

/** Removes what builders and reapers that were killed left, unless somebody is at the same base now. */
async function sweepLeftovers(bases: string): Promise<void> {
  const names = await readdir(bases);
  const lone = names.filter((name) => name.endsWith('.lock') && !names.includes(name.slice(0, -'.lock'.length)));
  const keys = names.flatMap((name) => /^([0-9a-f]+)\.(?:making-.+|removed)$/.exec(name)?.[1] ?? []);
  for (const key of new Set([...keys, ...lone.map((name) => name.slice(0, -'.lock'.length))])) {
    const lock = await takeLock(join(bases, `${key}.lock`), { waitMs: 0 });
    if (!lock) continue;
    await sweep(bases, new RegExp(`^${key}\\.(making-.+|removed)$`));
    if (!(await stat(join(bases, key)).catch(() => null))) await rm(join(bases, `${key}.lock`), { force: true });
    await lock.release();
  }
}

/** Removes what is too old, then what is too much. Returns the folders that are gone. Safe beside sessions that begin. */
export async function reapBases({ data, now, ...limits }: ReapOptions): Promise<string[]> {
  const { maxAgeMs, maxBytes } = { ...defaults, ...limits };
  const bases = basesIn(data);
  await mkdir(bases, { recursive: true, mode: 0o711 });
  await sweepLeftovers(bases);
  const known: Kept[] = [];
  for (const name of (await readdir(bases)).filter((each) => /^[0-9a-f]+$/.test(each))) {
    const folder = join(bases, name);
    const record = await readBaseRecord(folder);
    const usedAt = record ? (await stat(join(folder, 'base.json'))).mtimeMs : 0;
    known.push({ folder, usedAt, sizeBytes: record?.sizeBytes ?? 0 });
  }
  let size = known.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const removed: string[] = [];
  for (const { folder, usedAt, sizeBytes } of known.sort((a, b) => a.usedAt - b.usedAt)) {
    if (now - usedAt <= maxAgeMs && size <= maxBytes) continue;
    if (!(await removeBase(folder, now))) continue;
    size -= sizeBytes;
    removed.push(folder);
  }
  return removed;
}
