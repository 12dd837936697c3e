/** Mounts overlays in the mount namespace of this process, which must be one of its own. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { runProgram } from '../program.ts';

export interface OverlaySpec {
  /** Folders that are only read, the uppermost first. Absolute, as all of these. */
  lower: readonly string[];
  /** Where changes go, and a folder beside it that the kernel needs; null: nothing can be changed. */
  upper: string | null;
  work: string | null;
  target: string;
}

export interface Mounter {
  /** Throws AppError `checkout.failed`. */
  overlay(spec: OverlaySpec): Promise<void>;
  /** False where nothing of ours was mounted there, or it may not be unmounted from here. */
  unmount(target: string): Promise<boolean>;
}

/**
 * What goes before a program that is to mount: a mount namespace of its own, and for a normal user the right to. `more`: what
 * else unshare(1) is to do.
 */
export const mountNamespace = (uid: number, more: readonly string[] = []): [string, ...string[]] => [
  'unshare',
  ...(uid === 0 ? [] : ['--user', '--map-current-user', '--keep-caps']),
  ...['--mount', '--propagation', 'private', ...more, '--'],
];

/**
 * Options as mount(8) wants them. Folders are named by descriptors of the program that mounts, 3 and up in the order of
 * `foldersOf`: no character of a path means anything there, and the length of paths does not matter.
 */
export function overlayOptions({ lower, upper }: OverlaySpec): string {
  const at = (n: number) => `/proc/self/fd/${n + 3}`;
  const writable = upper === null ? [] : [`upperdir=${at(lower.length)}`, `workdir=${at(lower.length + 1)}`];
  // Without `userxattr` a mount in a user namespace succeeds, and removing folders fails later.
  return [`lowerdir=${lower.map((_, n) => at(n)).join(':')}`, ...writable, 'userxattr', 'index=off'].join(',');
}

export const foldersOf = ({ lower, upper, work }: OverlaySpec): string[] =>
  [...lower, upper, work].filter((folder) => folder !== null);

/** By mount(8). */
export const systemMounter: Mounter = {
  async overlay(spec) {
    const files: FileHandle[] = [];
    try {
      for (const folder of foldersOf(spec)) {
        files.push(await open(folder, constants.O_RDONLY | constants.O_DIRECTORY));
      }
      const argv = ['mount', '-t', 'overlay', '-o', overlayOptions(spec), 'overlay', spec.target] as const;
      const { code, stderr } = await runProgram([...argv], { files: files.map(({ fd }) => fd) });
      if (code !== 0) throw cannotMount(spec.target, stderr);
    } catch (cause) {
      throw cause instanceof AppError ? cause : cannotMount(spec.target, String(cause));
    } finally {
      for (const file of files) await file.close();
    }
  },
  async unmount(target) {
    return (await runProgram(['umount', '--', target])).code === 0;
  },
};

const cannotMount = (target: string, detail: string) =>
  new AppError({
    code: 'checkout.failed',
    message: `the files of this session cannot be mounted at ${target}`,
    detail,
  });
