/** What has to be mounted for the files of a session to be there, and the command that does it. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord, rootOf } from '../record.ts';
import { busyCode } from './lock.ts';
import { foldersOf, mountNamespace, type OverlaySpec, overlayOptions } from './mounter.ts';

export interface CheckoutView {
  /** Null: the files lie where they are, nothing is to be mounted. */
  overlay: OverlaySpec | null;
  /** Whoever mounts the overlay for writing holds this lock for as long. */
  lock: string;
}

/** Parts of a session's folder that an overlay needs besides the place it is mounted at. */
export const partsOf = (directory: string) => ({
  upper: join(directory, 'up'),
  work: join(directory, 'wk'),
  lock: join(directory, 'lock'),
  root: rootOf(directory),
});

export const layersOf = (base: string): string[] => [join(base, 'mask'), join(base, 'tree')];

/**
 * For the session in `directory`; null where it has no checkout. `isReadOnly`: for looking at it, also while it runs; what is
 * changed meanwhile may show or not. Throws AppError `checkout.failed` for a damaged record.
 */
export async function checkoutView(
  directory: string,
  { isReadOnly }: { isReadOnly: boolean },
): Promise<CheckoutView | null> {
  const real = await realpath(directory).catch(() => null);
  const record = real === null ? null : await readRecord(real);
  if (real === null || record === null) return null;
  const { upper, work, lock, root } = partsOf(real);
  if (record.base === null) return { overlay: null, lock };
  const layers = layersOf(record.base);
  const overlay: OverlaySpec = isReadOnly
    ? { lower: [upper, ...layers], upper: null, work: null, target: root }
    : { lower: layers, upper, work, target: root };
  return { overlay, lock };
}

/** The descriptor that holds the lock in a program that `viewCommand` started; whatever that starts must not get it. */
export const lockDescriptor = 9;
/** A shell opens at most these, 3 to 8. */
const maxFolders = 6;

const dropRights = 'exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs "$@"';
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Shell text that mounts. Only mount gets the folders: programs must not reach what lies below the overlay. */
function mountStep(overlay: OverlaySpec): string {
  const folders = foldersOf(overlay);
  if (folders.length > maxFolders) throw new Error('more layers than a shell can open');
  const open = folders.map((folder, n) => `${n + 3}<${quoted(folder)}`).join(' ');
  return `(exec ${open} && exec mount -t overlay -o ${overlayOptions(overlay)} overlay ${quoted(overlay.target)})`;
}

export interface ViewUser {
  /** Who runs the command, and whom its program belongs to. */
  uid: number;
  /** What else unshare(1) is to do, such as `--pid --fork --mount-proc`. */
  more?: readonly string[];
}

/**
 * The command that runs `program` where the view is mounted; it exits with 75 while the session's files are mounted for
 * writing elsewhere. The lock dies with the program. `setpriv` takes the right to mount away again. Descriptors up to 8 go
 * through to the program.
 */
export function viewCommand({ overlay, lock }: CheckoutView, user: ViewUser, program: readonly string[]): string[] {
  if (!overlay) return [...program];
  const takeLock = `exec ${lockDescriptor}>>${quoted(lock)} && { flock --nonblock ${lockDescriptor} || exit ${busyCode}; }`;
  const steps = [...(overlay.upper === null ? [] : [takeLock]), mountStep(overlay), dropRights];
  return [...mountNamespace(user.uid, user.more), 'sh', '-c', steps.join(' && '), 'sh', ...program];
}

/**
 * The command that runs `program` in namespaces of its own before its session is known, as a runner waits for one. Beside it a
 * shell keeps the right to mount: it takes `mountScript` at descriptor 3, answers at 4, and ends with its input. The lock is
 * the program's to take (`openCheckout`).
 */
export function waitingCommand({ uid, more }: ViewUser, program: readonly string[]): string[] {
  const script = `{ sh <&3 >&4 2>&1 3<&- 4>&- & } && exec 3<&- 4>&- && ${dropRights}`;
  return [...mountNamespace(uid, more), 'sh', '-c', script, 'sh', ...program];
}

/** What the shell of `waitingCommand` answers when all is mounted, as a line; another says what went wrong. The answer has no end. */
export const mounted = 'mounted';

/** What the shell of `waitingCommand` is told, once; null where nothing is to be mounted. */
export const mountScript = ({ overlay }: CheckoutView): string | null =>
  overlay && `${mountStep(overlay)} && echo ${mounted}\n`;
