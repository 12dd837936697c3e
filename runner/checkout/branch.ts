/** The name of the branch a checkout works on. */
import { AppError } from '#protocol/error.ts';
import type { RepositoryReader } from './reader.ts';

/** Git's rules for a branch name (git-check-ref-format), so that git never sees a bad one. Throws AppError `input.invalid`. */
export function assertBranchName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what git forbids
  const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|^[./-]|[./]$|^@$|^HEAD$/;
  if (name !== '' && Buffer.byteLength(name) <= 240 && !forbidden.test(name)) return;
  throw new AppError({
    code: 'input.invalid',
    message: `${JSON.stringify(name.slice(0, 80))} is not a branch name git accepts`,
  });
}

const maxTries = 999;

/**
 * `wanted`, or `wanted-2`, `-3` … when the source has a branch of that name, so that the work can be pushed back under
 * its own name. The note says so.
 */
export async function chooseBranch(
  reader: RepositoryReader,
  wanted: string,
): Promise<{ branch: string; note: string | null }> {
  assertBranchName(wanted);
  const output = await reader.run(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/']);
  const taken = new Set(output.toString().split('\n'));
  const above = wanted
    .split('/')
    .slice(0, -1)
    .map((_, at, parts) => parts.slice(0, at + 1).join('/'));
  const blocking = above.find((name) => taken.has(name));
  if (blocking)
    return {
      branch: wanted,
      note: `The source has a branch ${blocking}: ${wanted} must be pushed under another name.`,
    };
  const isFree = (name: string) => !taken.has(name) && ![...taken].some((other) => other.startsWith(`${name}/`));
  for (let n = 1; n <= maxTries; n++) {
    const branch = n === 1 ? wanted : `${wanted}-${n}`;
    if (isFree(branch))
      return { branch, note: n === 1 ? null : `The source has a branch ${wanted}; this one is ${branch}.` };
  }
  throw new AppError({
    code: 'source.invalid',
    message: `the source has too many branches named ${wanted}-…; choose another name`,
  });
}
