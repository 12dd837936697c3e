/** Opens files of a source that may change or deceive meanwhile: never follows a link, never waits on a pipe. */
import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { AppError } from '#protocol/error.ts';
import { type BytePath, fromBytes, show, toBytes } from './byte-path.ts';

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The path by which the kernel reaches what `file` has open, whatever is at its old path by now. */
export const openPath = (file: FileHandle) => `/proc/self/fd/${file.fd}`;

const absences = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR']);
const isRegular = (mode: number) => (mode & constants.S_IFMT) === constants.S_IFREG;

/** Throws AppError `source.invalid` unless the error only says that nothing of that kind is there. */
function assertAbsent(path: BytePath, cause: unknown): null {
  if (absences.has((cause as NodeJS.ErrnoException).code ?? '')) return null;
  throw cannotRead(path, cause);
}

/**
 * Opens `path` for reading if it is a regular file that really lies there: no component may be a link (`path` starts
 * from a real path). Null for anything else, also if it is gone. The caller closes it.
 */
export async function openRegular(path: BytePath): Promise<FileHandle | null> {
  return openWhen(path, flags, isRegular);
}

/** As `openRegular`, at once: a descriptor and its facts, for copying thousands of small files. The caller closes it. */
export function openRegularNow(path: BytePath): { fd: number; facts: Stats } | null {
  let fd: number;
  try {
    fd = openSync(toBytes(path), flags);
  } catch (cause) {
    return assertAbsent(path, cause);
  }
  const facts = fstatSync(fd);
  const isThere = fromBytes(readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' })) === path;
  if (isThere && isRegular(facts.mode)) return { fd, facts };
  closeSync(fd);
  return null;
}

/** As `openRegular`, for a folder. */
export async function openFolder(path: BytePath): Promise<FileHandle | null> {
  return openWhen(path, flags | constants.O_DIRECTORY, () => true);
}

async function openWhen(path: BytePath, how: number, accepts: (mode: number) => boolean): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(toBytes(path), how);
  } catch (cause) {
    return assertAbsent(path, cause);
  }
  try {
    const real = fromBytes(await readlink(openPath(file), { encoding: 'buffer' }));
    if (real === path && accepts((await file.stat()).mode)) return file;
  } catch (cause) {
    await file.close();
    throw cannotRead(path, cause);
  }
  await file.close();
  return null;
}

/** The whole of a small file; null if there is none. Throws AppError `source.invalid` above `maxBytes`. */
export async function readSmall(path: BytePath, maxBytes: number): Promise<Buffer | null> {
  const file = await openRegular(path);
  if (!file) return null;
  try {
    if ((await file.stat()).size <= maxBytes) return await file.readFile();
  } finally {
    await file.close();
  }
  throw new AppError({ code: 'source.invalid', message: `${show(path)} is larger than ${maxBytes} bytes` });
}

export function cannotRead(path: BytePath, cause: unknown): AppError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const isDenied = code === 'EACCES' || code === 'EPERM';
  const message = isDenied
    ? `${show(path)} may not be read by this user; give it read access, or run Omnigent as the owner of the files`
    : `${show(path)} cannot be read (${code})`;
  return new AppError({ code: 'source.invalid', message, cause });
}
