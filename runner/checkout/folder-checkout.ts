/** Makes a checkout of a folder that is no git repository: a copy that becomes one, so that its changes can be shown. */
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join as joinText } from 'node:path';
import { assertBranchName } from './branch.ts';
import { type BytePath, fromBytes, fromText, join, toBytes } from './byte-path.ts';
import { CopyBudget, type CopyOutcome, copyEntry, forEachInSlices } from './copy-file.ts';
import { firstMessage, identity } from './fresh-commit.ts';
import { GitFailure, runGit } from './git.ts';
import type { Made } from './git-checkout.ts';
import { assertFileCount, type CopyLimits } from './limits.ts';
import { list } from './note.ts';
import { openFolder, openPath } from './regular-file.ts';
import { addRestrictedFiles, type Restriction, Twins } from './restricted/index.ts';
import { findOutsideLinks } from './tree.ts';

interface Copied {
  files: number;
  links: BytePath[];
  special: BytePath[];
  gone: BytePath[];
  repositories: BytePath[];
  /** Restricted by name; other names and copies of such files; repositories without their history. */
  restricted: BytePath[];
  copies: BytePath[];
  bared: BytePath[];
}

interface Copy {
  from: BytePath;
  to: BytePath;
  budget: CopyBudget;
  result: Copied;
  restriction: Restriction;
  twins: Twins;
  /** Modes that would keep us from filling the folder; set when everything is there. */
  modes: { folder: BytePath; mode: number }[];
}

const below = (path: BytePath, name: string) => (path === '' ? (name as BytePath) : join(path, name));

/** Copies what lies directly in the folder `path` and returns the folders to go on with. */
async function copyFolder(copy: Copy, path: BytePath): Promise<BytePath[]> {
  const { result } = copy;
  const folder = await openFolder(path === '' ? copy.from : join(copy.from, path));
  if (!folder) {
    result.gone.push(path);
    return [];
  }
  try {
    const target = path === '' ? copy.to : join(copy.to, path);
    if (path !== '') await mkdir(toBytes(target));
    if (path !== '') copy.modes.push({ folder: target, mode: (await folder.stat()).mode & 0o777 });
    const entries = await readdir(openPath(folder), { withFileTypes: true, encoding: 'buffer' });
    const named = entries.map((entry) => ({ entry, path: below(path, fromBytes(entry.name)) }));
    const wanted = named.filter((one) => isWanted(copy, path, one.path));
    if (path !== '' && wanted.some((one) => one.path.endsWith('/.git'))) result.repositories.push(path);
    const plain = wanted.filter(({ entry }) => !entry.isDirectory()).map((one) => one.path);
    await forEachInSlices(plain, (file) => copyOne(copy, file));
    return wanted.filter(({ entry }) => entry.isDirectory()).map((one) => one.path);
  } finally {
    await folder.close();
  }
}

/** Whether an entry of `folder` comes along by its name; those that do not are noted, but for the source's own git directory. */
function isWanted({ restriction, result }: Copy, folder: BytePath, path: BytePath): boolean {
  if (path.toLowerCase() === '.git') return false;
  if (restriction.covers(path)) {
    result.restricted.push(path);
    return false;
  }
  // Its history may hold what is restricted among its files.
  const isBared = path.toLowerCase().endsWith('/.git') && !restriction.isEmpty && restriction.mayHold(folder);
  if (isBared) result.bared.push(folder);
  return !isBared;
}

function copyOne({ from, to, budget, result, twins }: Copy, path: BytePath): void | Promise<void> {
  if (twins.has(join(from, path))) {
    result.copies.push(path);
    return;
  }
  const keep = (outcome: CopyOutcome) => {
    if (outcome === 'special') result.special.push(path);
    else if (outcome === 'gone') result.gone.push(path);
    else result.files += 1;
    if (outcome === 'link') result.links.push(path);
  };
  const outcome = copyEntry({ from: join(from, path), to: join(to, path), budget });
  return typeof outcome === 'string' ? keep(outcome) : outcome.then(keep);
}

/** Counts names before anything is copied, so that a home folder chosen by mistake is refused within a second or two. */
async function assertCountable(top: BytePath, limits: CopyLimits): Promise<void> {
  const waiting = [top];
  let files = 0;
  for (let path = waiting.pop(); path !== undefined && files <= limits.files; path = waiting.pop()) {
    const folder = await openFolder(path);
    if (!folder) continue;
    try {
      for (const entry of await readdir(openPath(folder), { withFileTypes: true, encoding: 'buffer' })) {
        if (entry.isDirectory()) waiting.push(join(path, fromBytes(entry.name)));
        else files += 1;
      }
    } finally {
      await folder.close();
    }
  }
  assertFileCount(files, limits);
}

async function copyTree({ source, root, limits, restriction }: FolderRequest): Promise<Copied> {
  const result: Copied = {
    ...{ files: 0, links: [], special: [], gone: [], repositories: [] },
    ...{ restricted: [], copies: [], bared: [] },
  };
  const budget = new CopyBudget(limits, 'the files of the source');
  const twins = new Twins('sha1');
  const copy: Copy = { from: fromText(source), to: fromText(root), budget, result, restriction, twins, modes: [] };
  await assertCountable(copy.from, limits);
  await addRestrictedFiles(twins, source, restriction);
  const waiting: BytePath[] = ['' as BytePath];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    waiting.push(...(await copyFolder(copy, path)));
  }
  for (const { folder, mode } of copy.modes.reverse()) await chmod(toBytes(folder), mode);
  return result;
}

/** Adds what is not ignored; what git cannot add (a nested repository without commits) stays untracked. */
async function addAll(root: string, env: Record<string, string>): Promise<void> {
  // Above the threshold git streams into one pack: thousands of small files would otherwise be an object file each.
  const args = [
    '-c',
    'core.bigFileThreshold=1',
    '-c',
    'advice.addEmbeddedRepo=false',
    'add',
    '--all',
    '--ignore-errors',
  ];
  try {
    await runGit({ args, cwd: root, env });
  } catch (cause) {
    if (!(cause instanceof GitFailure && cause.exitCode === 1)) throw cause;
  }
}

/** The commit that holds the copy as it was. */
async function commitAll(root: string, branch: string): Promise<string> {
  const env = { GIT_DIR: joinText(root, '.git'), GIT_WORK_TREE: root, ...identity };
  const git = async (...args: string[]) => (await runGit({ args, cwd: root, env })).toString().trim();
  await runGit({ args: ['init', '-q', '--template=', `--initial-branch=${branch}`, root], cwd: '/' });
  await addAll(root, env);
  const commit = await git('commit-tree', '-m', firstMessage, await git('write-tree'));
  await git('update-ref', `refs/heads/${branch}`, commit);
  return commit;
}

function notesOf(copied: Copied, outside: readonly BytePath[]): string[] {
  const notes = ['The source is not a git repository: the copy is one of its own, with one commit.'];
  const { repositories, special, gone, restricted, copies, bared } = copied;
  if (repositories.length > 0) {
    notes.push(`Copied with their history, but not part of the commit: ${list('git repository', repositories)}.`);
  }
  if (special.length > 0) notes.push(`Left out ${list('special file', special)}.`);
  if (gone.length > 0) notes.push(`Left out ${list('file', gone)} that changed while being copied.`);
  if (restricted.length > 0) notes.push(`Left out as restricted: ${list('path', restricted)}.`);
  if (copies.length > 0) notes.push(`Left out as copies of restricted files: ${list('file', copies)}.`);
  if (bared.length > 0) {
    notes.push(`Copied without their history, which may hold restricted files: ${list('git repository', bared)}.`);
  }
  if (outside.length > 0) notes.push(`Kept as they are: ${list('link', outside)} that lead out of the checkout.`);
  return notes;
}

interface FolderRequest {
  /** A real path. */
  source: string;
  root: string;
  branch: string | null;
  restriction: Restriction;
  limits: CopyLimits;
}

/** Throws AppError `source.invalid` naming the fix. The source is only read. */
export async function makeFolderCheckout(request: FolderRequest): Promise<Made> {
  const branch = request.branch ?? 'main';
  assertBranchName(branch);
  await mkdir(request.root);
  const copied = await copyTree(request);
  const baseCommit = await commitAll(request.root, branch);
  const outside = await findOutsideLinks(request.root, copied.links);
  return { kind: 'folder', branch, baseCommit, files: copied.files, carried: 0, notes: notesOf(copied, outside) };
}
