/** Workspace files as the server reads them: checked to the last example before a session begins. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import { realFiles } from '#facts/file-view.ts';
import type { CommandParser } from '#policy/command/index.ts';
import {
  baseOf,
  compileLevel,
  compilePolicy,
  exampleProblems,
  type Located,
  maxWorkspaceBytes,
  type Problem,
  problemLine,
  type Read,
  readLevelFile,
  readWorkspaceBytes,
  readWorkspaceFile,
  warningsOf,
} from '#policy/file/index.ts';
import type { Policy } from '#policy/policy.ts';
import { AppError } from '#protocol/error.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';

export interface Place {
  /** The folder that the checkout is made of. */
  dir: string;
  policy?: EventPayload<'policy.set'>;
}

/** Who has more of them has heard enough. */
const maxWarnings = 20;

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'workspace.invalid', message, cause });

/** Where a new session works: in `dir`, or where a workspace file says. Throws `workspace.invalid`, `input.invalid`. */
export async function placeOf(file: string | null, dir: string | null, parser: CommandParser): Promise<Place> {
  if (file === null) {
    if (dir === null)
      throw new AppError({ code: 'input.invalid', message: 'dir: missing, and there is no workspace file' });
    return { dir };
  }
  if (!isAbsolute(file)) throw invalid('workspace: an absolute path is required');
  const read = readWorkspaceBytes(await bytesOf(file));
  if (!read.ok) throw refused(file, read.problems);
  const roots = { root: dir ?? dirname(file), home: homedir() };
  const base = baseOf(read.file, roots);
  if (base === null)
    throw invalid(`${file}:1:1: workspace.base_dir: lies outside of ${roots.root}; name a folder in it`);
  const policy = compilePolicy(read.file, base, roots.home);
  const failing = exampleProblems(policy, { located: read.located, home: roots.home, parser });
  if (failing.length > 0) throw refused(file, failing);
  const restricted = policy.restrictedPaths.map(({ absolute }) => absolute);
  const warnings = warningsOf(read.located, policy, realFiles)
    .slice(0, maxWarnings)
    .map((warning) => problemLine(file, warning));
  const set = { file, text: read.text, hash: policy.fullHash, base, restricted };
  return { dir: base, policy: { ...set, ...(warnings.length > 0 && { warnings }) } };
}

/** Where rules of no session are tried: a folder that is not the root, in which everything would lie. */
const nowhere = '/workspace';

/** Where agents work, as it is where the checkout was made from. */
export const folderOf = (view: SessionView | null): string => (view ? (view.policy?.base ?? view.source) : nowhere);

/** A workspace file's new text where `base` is, whatever it says of the folder; null for no text. Throws `workspace.invalid`. */
export function workspaceOf(text: string, base: string, parser: CommandParser): Policy | null {
  const found = readAs(text, readWorkspaceFile);
  return found && tried(compilePolicy(found.file, base, homedir()), found.located, parser);
}

/**
 * What the server or a session adds, where `base` is; null for no text. Its examples were checked when it was written: that one
 * does not hold in this folder takes nothing from the rule.
 */
export function levelOf(text: string, level: 'server' | 'session', base: string): Policy | null {
  const found = readAs(text, readLevelFile);
  return found && compileLevel(found.file, level, { base, home: homedir() });
}

/** The same of a text that is new. Throws `workspace.invalid` with `policy:LINE:COLUMN: …`. */
export function newLevelOf(
  text: string,
  level: 'server' | 'session',
  view: SessionView | null,
  parser: CommandParser,
): Policy | null {
  const found = readAs(text, readLevelFile);
  if (!found) return null;
  const compiledAt = (base: string) => compileLevel(found.file, level, { base, home: homedir() });
  tried(compiledAt(folderOf(level === 'server' ? null : view)), found.located, parser);
  return compiledAt(folderOf(view));
}

function readAs<F>(text: string, read: (text: string) => Read<F>): (Read<F> & { ok: true }) | null {
  if (text.trim() === '') return null;
  const found = read(text);
  if (!found.ok) throw refused('policy', found.problems);
  return found;
}

/** Throws `workspace.invalid` where an example does not hold. */
function tried(policy: Policy, located: Located, parser: CommandParser): Policy {
  const failing = exampleProblems(policy, { located, home: homedir(), parser });
  if (failing.length > 0) throw refused('policy', failing);
  return policy;
}

const refused = (name: string, problems: readonly Problem[]): AppError =>
  invalid(problems.map((problem) => problemLine(name, problem)).join('\n'));

/** Never more than a workspace file can hold, and nothing but a file: a device or a pipe has no end. */
async function bytesOf(file: string): Promise<Uint8Array> {
  const unreadable = (cause: NodeJS.ErrnoException) =>
    invalid(
      cause.code === 'ENOENT' ? `workspace: ${file}: no such file` : `workspace: ${file}: the server cannot read it`,
      cause,
    );
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(cause);
  });
  if (!found.isFile()) throw invalid(`workspace: ${file}: not a file`);
  if (found.size > maxWorkspaceBytes) throw invalid(`${file}:1:1: larger than any workspace file; shorten it`);
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(cause);
  });
}
