/** The checkout of one session that lies on a base: judged and removed, mounted here or not. */
import { lstat, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import { fromText } from '../byte-path.ts';
import type { Checkout, CheckoutProof } from '../checkout.ts';
import { proveCheckout } from '../proof.ts';
import type { CheckoutRecord } from '../record.ts';
import { findMount, removeFolder, removeWhole, sweep } from '../remove.ts';
import { leaveBase } from './base.ts';
import { type Lock, takeLock } from './lock.ts';
import type { Mounter } from './mounter.ts';
import { layersOf, lockDescriptor, partsOf } from './view.ts';

export interface OverlaySession {
  directory: string;
  record: CheckoutRecord & { base: string };
  /** Null: this process may not mount. */
  mounter: Mounter | null;
  /** Ends what this process holds of the session: its mount and its lock. */
  release: () => Promise<void>;
}

const failed = (message: string, cause?: unknown) => new AppError({ code: 'checkout.failed', message, cause });

const readMounts = () => readFile('/proc/self/mountinfo', 'latin1').catch(() => '');

/** Whether something is mounted at `path` itself, as this process sees it. */
export async function isMounted(path: string): Promise<boolean> {
  return findMount(await readMounts(), fromText(path)) === fromText(path);
}

const isFolder = async (path: string) => (await lstat(path).catch(() => null))?.isDirectory() ?? false;

const notMounted: CheckoutProof = { state: 'unsaved', reason: 'it cannot be judged: its files are not mounted here' };

/** Looks at the files as they are, mounted for that alone where they are not. */
async function prove({ directory, record, mounter }: OverlaySession): Promise<CheckoutProof> {
  const { root, upper } = partsOf(directory);
  const judge = () => proveCheckout({ directory, root, record });
  const hasPlace = (await isFolder(root)) && (await isFolder(upper));
  if (hasPlace && !(await isMounted(root)) && !mounter) return notMounted;
  if (!mounter || !hasPlace || (await isMounted(root))) return judge();
  await mounter.overlay({ lower: [upper, ...layersOf(record.base)], upper: null, work: null, target: root });
  try {
    return await judge();
  } finally {
    await mounter.unmount(root);
  }
}

async function isPresent(directory: string): Promise<boolean> {
  const { root, upper } = partsOf(directory);
  if (!(await isFolder(upper))) return false;
  if (await isMounted(root)) return true;
  throw failed('the files of this session are not mounted here; its runner must be started in their view');
}

async function assertRemovable(directory: string): Promise<void> {
  const { root } = partsOf(directory);
  const facts = await lstat(root).catch(() => null);
  if (facts && !facts.isDirectory()) throw failed(`${root} is not a folder; it was replaced, so nothing is removed`);
  const below = (await readMounts()).split('\n').filter((line) => line.split(' ')[4] !== fromText(root));
  const mounted = findMount(below.join('\n'), fromText(root));
  if (mounted !== null) throw failed(`something is mounted at ${mounted}; unmount it, then end the session again`);
}

/** The layer goes first: without it there is no checkout any more, whatever is left of the rest. */
async function removeParts(session: OverlaySession): Promise<boolean> {
  const { directory, record, mounter } = session;
  const { root, upper, work, lock } = partsOf(directory);
  await session.release();
  if (await isMounted(root)) await mounter?.unmount(root);
  const isRemoved = await removeFolder(upper);
  await removeWhole(work);
  await sweep(directory, /^(snapshots|turns|compare-.*)$/);
  await rmdir(root).catch((cause: NodeJS.ErrnoException) => {
    // Whoever may not unmount leaves an empty place to whoever started him.
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(cause.code ?? '')) throw cause;
  });
  await rm(lock, { force: true });
  await leaveBase(record.base, directory);
  return isRemoved;
}

/** Whoever removes it at the same time is waited for this long, in ms. */
const lockMs = 5_000;

async function remove(session: OverlaySession, mode: 'if-saved' | 'discard'): Promise<StopResult> {
  const { directory } = session;
  const { root, upper, lock } = partsOf(directory);
  const gone: StopResult = { checkout: 'missing', reason: 'its files are gone already' };
  if (!(await lstat(upper).catch(() => null))) {
    await sweep(directory, /^removed-/);
    return gone;
  }
  // Where it is mounted here, this process or whoever started it has the lock.
  const isHere = await isMounted(root);
  const held = isHere ? null : await takeLock(lock, { waitMs: lockMs });
  if (!isHere && !held) throw failed('the files of this session are in use; stop it first');
  try {
    const proof = mode === 'discard' ? null : await prove(session);
    if (proof?.state === 'unsaved') return { checkout: 'kept', reason: proof.reason };
    await assertRemovable(directory);
    if (!(await removeParts(session))) return gone;
    return { checkout: proof?.state ?? 'discarded', reason: proof?.reason ?? null };
  } finally {
    await held?.release();
  }
}

/**
 * Takes the session's lock for this process, which works in its files, unless whoever started it did (`viewCommand`). Throws
 * AppError `checkout.failed` while another process works there.
 */
export async function holdSession(directory: string): Promise<Lock> {
  const { lock } = partsOf(directory);
  const held = await takeLock(lock, { waitMs: 0 });
  if (held) return held;
  const inherited = await readlink(`/proc/self/fd/${lockDescriptor}`).catch(() => null);
  if (inherited === lock) return { release: async () => undefined };
  throw failed('another runner works in the files of this session; end that first');
}

export function toOverlayCheckout(session: OverlaySession): Checkout {
  const { root } = partsOf(session.directory);
  const { kind, branch, baseCommit, subfolder } = session.record;
  return {
    root,
    start: subfolder === '' ? root : `${root}/${subfolder}`,
    ...{ kind, branch, baseCommit, isMounted: true },
    isPresent: () => isPresent(session.directory),
    proof: () => prove(session),
    remove: ({ mode }) => remove(session, mode),
  };
}
