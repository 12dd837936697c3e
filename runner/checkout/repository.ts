/** Finds the git repository that holds a folder, by looking at files only: no git runs before we know what it is. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { fromText } from './byte-path.ts';
import { readSmall } from './regular-file.ts';

export interface Repository {
  /** Top of the working tree, a real path. */
  top: string;
  /** What belongs to this working tree: HEAD and index. */
  gitDir: string;
  /** What its working trees share: objects, refs, config. The same as `gitDir` but for linked working trees. */
  commonDir: string;
}

const maxPointerBytes = 8_192;

const invalid = (message: string) => new AppError({ code: 'source.invalid', message });

async function kindOf(path: string): Promise<'file' | 'directory' | null> {
  const facts = await stat(path).catch(() => null);
  if (facts?.isDirectory()) return 'directory';
  return facts?.isFile() ? 'file' : null;
}

/** Git's own test (setup.c, is_git_directory): HEAD, objects and refs. */
async function readGitDir(path: string): Promise<{ gitDir: string; commonDir: string } | null> {
  if ((await kindOf(join(path, 'HEAD'))) !== 'file') return null;
  const gitDir = await realpath(path);
  const pointer = await readSmall(fromText(join(gitDir, 'commondir')), maxPointerBytes);
  const commonDir = pointer ? resolve(gitDir, pointer.toString().trimEnd()) : gitDir;
  for (const part of ['objects', 'refs']) {
    if ((await kindOf(join(commonDir, part))) !== 'directory') return null;
  }
  return { gitDir, commonDir: await realpath(commonDir) };
}

async function readPointer(file: string): Promise<{ gitDir: string; commonDir: string }> {
  const text = (await readSmall(fromText(file), maxPointerBytes))?.toString() ?? '';
  const target = /^gitdir: (.+?)\r?\n*$/s.exec(text)?.[1];
  const found = target === undefined ? null : await readGitDir(resolve(dirname(file), target));
  if (found) return found;
  throw invalid(`${file} does not lead to a git directory; repair it with git worktree repair, or remove it`);
}

async function repositoryAt(top: string): Promise<Repository | null> {
  const dotGit = join(top, '.git');
  const kind = await kindOf(dotGit);
  if (kind === 'file') return { top, ...(await readPointer(dotGit)) };
  const found = kind === 'directory' ? await readGitDir(dotGit) : null;
  return found && { top, ...found };
}

/** A repository above the folder counts only if those who own either could have made it: no stranger's /tmp/.git. */
async function isTrustedAbove(folder: string, repository: Repository): Promise<boolean> {
  const [mine, theirs] = await Promise.all([stat(folder), lstat(join(repository.top, '.git'))]);
  return [mine.uid, 0, process.getuid?.() ?? 0].includes(theirs.uid);
}

/**
 * The repository whose working tree holds `folder` (a real path); null if there is none.
 * Throws AppError `source.invalid` for a bare repository, a folder inside a git directory, and a broken `.git` file.
 */
export async function findRepository(folder: string): Promise<Repository | null> {
  for (let top = folder; ; top = dirname(top)) {
    const found = await repositoryAt(top);
    if (found && (top === folder || (await isTrustedAbove(folder, found)))) return found;
    if (!found && (await readGitDir(top))) {
      throw invalid(`${top} is a git directory without files to work on; choose a folder of a working tree of it`);
    }
    if (dirname(top) === top) return null;
  }
}

/** True if `path` is `folder` or below it; both real paths. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}
