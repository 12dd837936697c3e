/** The folder that a checkout is asked for: found, and held against what cannot be worked on. */
import { realpath, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { fromText, visible } from './byte-path.ts';
import { GitFailure } from './git.ts';
import { isWithin } from './repository.ts';
import type { Restriction } from './restricted/index.ts';

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'source.invalid', message, cause });

/** Its real path. Throws AppError `source.invalid`. */
export async function findSource(source: string): Promise<string> {
  if (source !== resolve(source)) throw invalid('the source must be an absolute path');
  const real = await realpath(source).catch((cause: unknown) => {
    throw invalid(`${source} does not exist or may not be read`, cause);
  });
  if (!(await stat(real)).isDirectory()) throw invalid(`${source} is not a folder`);
  if (real === '/') throw invalid('the root of the file system cannot be a source; choose a folder in it');
  return real;
}

/** Copying a folder into itself would not end. */
export function assertApart(top: string, directory: string): void {
  if (isWithin(top, directory)) {
    throw invalid(`${top} holds Omnigent's own data; choose a smaller folder, or move the data with OMNIGENT_HOME`);
  }
  if (isWithin(directory, top)) throw invalid(`${top} lies in this session's own folder; choose another source`);
}

/** Programs cannot start where nothing may be. */
export function assertAllowed(restriction: Restriction, top: string, source: string): void {
  if (!restriction.covers(fromText(relative(top, source)))) return;
  throw invalid(`${source} is restricted by the policy in force; choose another folder, or change restricted_paths`);
}

/** All that the folder had may have been left out. */
export async function assertStart(start: string, source: string): Promise<void> {
  if (await stat(start).catch(() => null)) return;
  throw invalid(`${source} holds nothing but what is restricted; choose another folder, or change restricted_paths`);
}

const firstLine = (text: string) => visible(text.split('\n')[0] ?? '').slice(0, 200);

/** Paths of a source are in many messages; a message is one readable line all the same. */
export function translate(cause: unknown): AppError {
  if (cause instanceof AppError) {
    const message = visible(cause.message);
    return message === cause.message ? cause : new AppError({ code: cause.code, message, cause });
  }
  const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC' || /No space left on device/.test(String(cause));
  if (isFull)
    return new AppError({ code: 'checkout.failed', message: 'the disk is full; free space and try again', cause });
  const what =
    cause instanceof GitFailure
      ? firstLine(cause.message)
      : ((cause as NodeJS.ErrnoException).code ?? 'unexpected error');
  return new AppError({
    code: 'checkout.failed',
    message: `the checkout could not be made: ${what}`,
    detail: String(cause),
    cause,
  });
}
