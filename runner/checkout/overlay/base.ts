/**
 * Bases: the files and objects of one commit of one repository, without what one set of paths restricts, made once and never
 * changed. Sessions lie on top of them. A base is built aside under a lock and renamed into place.
 */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromText, toBytes } from '../byte-path.ts';
import { forEachInSlices } from '../copy-file.ts';
import { type Written, writeCommit } from '../git-checkout.ts';
import type { GitSource } from '../git-source.ts';
import { refreshIndex, writeHead } from '../new-repository.ts';
import { handOver, type Owner } from '../owner.ts';
import { removeWhole, sweep } from '../remove.ts';
import { literalNames } from '../restricted/index.ts';
import { filesBelow } from '../walk.ts';
import { readBaseRecord, writeBaseRecord } from './base-record.ts';
import { takeLock } from './lock.ts';
import { makeMask } from './mask.ts';

export interface Base {
  /** Holds `tree/`, `mask/` and what is known of them. */
  folder: string;
  written: Written;
}

/** Longest that a session waits for another that builds the same base, in ms. */
const buildMs = 10 * 60 * 1000;
/** In front of every key: another layout is another base. */
const layout = 2;

export const basesIn = (data: string): string => join(data, 'bases');

/** Whatever goes into a base is in its key, so that an old one is never taken for a new one. */
function keyOf(source: GitSource, owner: Owner | null): string {
  const { reader, refs, tags, restriction, limits } = source;
  const { settings, repository, shallow, exclude } = reader;
  const parts = [
    ...[layout, repository.commonDir, repository.top, refs.head, tags, limits.placeholders],
    ...[settings.objectFormat, settings.isPartial, settings.filters, settings.author, [...settings.core]],
    ...[shallow?.toString('latin1'), exclude?.toString('latin1'), restriction.key, owner?.uid, owner?.gid],
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

const readBootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();

async function sizeOf(folder: string): Promise<number> {
  let size = 0;
  await forEachInSlices(await filesBelow(fromText(folder)), (path: BytePath) => {
    size += lstatSync(toBytes(path)).size;
  });
  return size;
}

/** The base if it is there and whole: what a power cut left of it would be shorter. */
async function findBase(folder: string): Promise<Base | null> {
  const record = await readBaseRecord(folder);
  if (!record) return null;
  const { written, sizeBytes } = record;
  const bootId = await readBootId();
  if (record.bootId !== bootId) {
    const size = await sizeOf(join(folder, 'tree')).catch(() => -1);
    if (size !== sizeBytes) return null;
    await writeBaseRecord(folder, { written, sizeBytes, bootId });
  }
  return { folder, written };
}

async function buildBase(source: GitSource, folder: string, owner: Owner | null): Promise<Base> {
  const aside = await mkdtemp(`${folder}.making-`);
  try {
    const tree = join(aside, 'tree');
    const written = await writeCommit(source, tree);
    const { commit, tags, kind } = written;
    // A look at a file takes a third longer in an overlay; git makes up for it by not listing folders that did not change.
    await appendFile(join(tree, '.git/config'), '[core]\n\tuntrackedCache = true\n');
    await writeHead(tree, { commit, branch: null, tags, origin: kind === 'git' ? source.refs : null });
    const paths = [...written.absent, ...literalNames(source.restriction)];
    await makeMask({ mask: join(aside, 'mask'), tree, paths });
    await handOver(tree, owner);
    await handOver(join(aside, 'mask'), owner);
    await refreshIndex(tree);
    await handOver(join(tree, '.git'), owner);
    // Sessions on a base that has to be built anew are its users still.
    await rename(join(folder, 'users'), join(aside, 'users')).catch(() => mkdir(join(aside, 'users')));
    await chmod(aside, 0o711);
    await writeBaseRecord(aside, { written, sizeBytes: await sizeOf(tree), bootId: await readBootId() });
    await removeWhole(folder);
    await rename(aside, folder);
    return { folder, written };
  } finally {
    await removeWhole(aside);
  }
}

const userFile = (folder: string, directory: string) =>
  join(folder, 'users', createHash('sha256').update(directory).digest('hex'));

/**
 * The base for `source`, built where it is not there; `directory` (of a session) is noted as a user of it, and null where it is
 * only made ready. Several at once build it once. Throws as making a checkout does.
 */
export async function ensureBase(
  source: GitSource,
  options: { data: string; directory: string | null; owner: Owner | null },
): Promise<Base> {
  const bases = basesIn(options.data);
  await mkdir(bases, { recursive: true, mode: 0o711 });
  const key = keyOf(source, options.owner);
  const folder = join(bases, key);
  const lock = await takeLock(`${folder}.lock`, { waitMs: buildMs });
  if (!lock) throw busy();
  try {
    const found = await findBase(folder);
    if (!found) await sweep(bases, new RegExp(`^${key}\\.making-`));
    const base = found ?? (await buildBase(source, folder, options.owner));
    if (options.directory !== null) await writeFile(userFile(folder, options.directory), options.directory);
    const now = new Date();
    await utimes(join(folder, 'base.json'), now, now);
    return base;
  } finally {
    await lock.release();
  }
}

/** The session does not need it any more. Whoever may not write there leaves that to the reaper. */
export async function leaveBase(folder: string, directory: string): Promise<void> {
  await rm(userFile(folder, directory), { force: true }).catch((cause: NodeJS.ErrnoException) => {
    if (!['EACCES', 'EPERM', 'ENOTDIR'].includes(cause.code ?? '')) throw cause;
  });
}

const busy = () =>
  new AppError({ code: 'checkout.failed', message: 'the files of this commit are being prepared still; try again' });
