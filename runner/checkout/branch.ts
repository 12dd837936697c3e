/** Which names git accepts for a branch, so that git never sees another. */
import { AppError } from '#protocol/error.ts';

/** Rules of git-check-ref-format; the length leaves room for a number and fits the events. */
export function isBranchName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what git forbids
  const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|^[./-]|[./]$|^@$|^HEAD$/;
  return name !== '' && Buffer.byteLength(name) <= 240 && !forbidden.test(name);
}

/** Throws AppError `input.invalid`. */
export function assertBranchName(name: string): void {
  if (isBranchName(name)) return;
  const message = `${JSON.stringify(name.slice(0, 80))} is not a branch name git accepts`;
  throw new AppError({ code: 'input.invalid', message });
}
