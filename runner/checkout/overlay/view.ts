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

/** The descriptor that holds the lock in the program; whatever that starts must not get it. */
const lockDescriptor = 9;
/** A shell opens at most these, 3 to 8. */
const maxFolders = 6;

function scriptOf(folders: number, isLocked: boolean): string {
  const open = Array.from({ length: folders }, (_, n) => `${n + 3}<"$${n + 4}"`).join(' ');
  return [
    ...(isLocked
      ? [`exec ${lockDescriptor}>>"$1"`, `{ flock --nonblock ${lockDescriptor} || exit ${busyCode}; }`]
      : []),
    // Only mount gets the folders: the program must not reach what lies below the overlay.
    `(exec ${open} && mount -t overlay -o "$2" overlay "$3")`,
    `shift ${folders + 3}`,
    `exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs "$@"`,
  ].join(' && ');
}

/**
 * The command that runs `program` as it is, as user `uid`, where the view is mounted; it exits with 75 while the session's
 * files are mounted for writing elsewhere. The lock dies with the program. `setpriv` takes the right to mount away again.
 * Descriptors up to 8 go through to the program.
 */
export function viewCommand(view: CheckoutView, uid: number, program: readonly string[]): string[] {
  const { overlay, lock } = view;
  if (!overlay) return [...program];
  const folders = foldersOf(overlay);
  if (folders.length > maxFolders) throw new Error('more layers than a shell can open');
  const script = scriptOf(folders.length, overlay.upper !== null);
  const shell = ['sh', '-c', script, 'sh', lock, overlayOptions(overlay), overlay.target, ...folders];
  return [...mountNamespace(uid), ...shell, ...program];
}
