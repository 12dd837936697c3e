/** How much a session may copy: beyond this a person most likely named the wrong folder. */
import { AppError } from '#protocol/error.ts';

export interface CopyLimits {
  /** Files in one checkout. */
  files: number;
  /** Bytes copied file by file: a plain folder, or uncommitted and untracked files. Objects of git don't count. */
  bytes: number;
  /** One git command on a source, in ms; a source can be slow, or built to never answer. */
  gitMs: number;
  /** Versions of restricted files in a history that comes along; beyond these it is left behind. */
  placeholders: number;
}

const GiB = 1024 ** 3;
export const defaultLimits: CopyLimits = {
  files: 300_000,
  bytes: 10 * GiB,
  gitMs: 10 * 60 * 1000,
  placeholders: 10_000,
};

/** Throws AppError `source.invalid`. */
export function assertFileCount(files: number, limits: CopyLimits): void {
  if (files <= limits.files) return;
  const message = `the source has more than ${limits.files} files, too many for a session; choose a smaller folder`;
  throw new AppError({ code: 'source.invalid', message });
}
