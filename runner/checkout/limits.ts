/** How much a session may copy: beyond this a person most likely named the wrong folder. */
import { AppError } from '#protocol/error.ts';

export interface CopyLimits {
  /** Files in one checkout. */
  files: number;
  /** Bytes copied file by file: a plain folder, or uncommitted and untracked files. Objects of git don't count. */
  bytes: number;
}

const GiB = 1024 ** 3;
export const defaultLimits: CopyLimits = { files: 300_000, bytes: 10 * GiB };

/** Throws AppError `source.invalid`. */
export function assertFileCount(files: number, limits: CopyLimits): void {
  if (files <= limits.files) return;
  const message = `the source has ${files} files, more than the ${limits.files} a session may have; choose a smaller folder`;
  throw new AppError({ code: 'source.invalid', message });
}
