/** Reads the workspace file that a command is told, or that lies in the folder. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { loadCommandParser } from '#facts/command-parser.ts';
import { realFiles } from '#facts/file-view.ts';
import {
  baseOf,
  compilePolicy,
  exampleProblems,
  type Located,
  maxWorkspaceBytes,
  type Problem,
  problemLine,
  readWorkspaceBytes,
  warningsOf,
} from '#policy/file/index.ts';
import type { Policy } from '#policy/policy.ts';
import { AppError } from '#protocol/error.ts';

/** Looked for in this order where no file is named. */
const usualNames = ['omnigent.yaml', 'omnigent-workspace.yaml'] as const;

export interface Workspace {
  /** As it was named. */
  file: string;
  root: string;
  policy: Policy;
  /** One line each, as problems are told. */
  warnings: string[];
}

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'input.invalid', message, cause });

async function bytesOf(path: string): Promise<Uint8Array | null> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxWorkspaceBytes) throw invalid(`${path}:1:1: larger than any workspace file; shorten it`);
    return bytes;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw invalid(`${path}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** The file, and what is wrong with it, one line each. */
export async function lintWorkspace(
  cwd: string,
  name: string,
  root?: string,
): Promise<Workspace | { problems: string[] }> {
  const path = resolve(cwd, name);
  const bytes = await bytesOf(path);
  if (bytes === null) throw invalid(`${name}: no such file`);
  const read = readWorkspaceBytes(bytes);
  const lines = (problems: readonly Problem[]) => problems.map((problem) => problemLine(name, problem));
  if (!read.ok) return { problems: lines(read.problems) };
  const roots = { root: resolve(cwd, root ?? dirname(path)), home: homedir() };
  const base = baseOf(read.file, roots);
  if (base === null) {
    const problem = {
      line: 1,
      column: 1,
      message: `workspace.base_dir: ${read.file.workspace.base_dir} lies outside of ${roots.root}`,
      fix: 'name a folder in it',
    };
    return { problems: lines([problem]) };
  }
  const policy = compilePolicy(read.file, base, roots.home);
  const failing = await failingExamples(policy, read.located, roots.home);
  if (failing.length > 0) return { problems: lines(failing) };
  return { file: name, root: roots.root, policy, warnings: lines(warningsOf(read.located, policy, realFiles)) };
}

/** The parser is loaded where there is something to parse. */
const failingExamples = async (policy: Policy, located: Located, home: string): Promise<Problem[]> =>
  policy.rules.some(({ examples }) => examples.length > 0)
    ? exampleProblems(policy, { located, home, parser: await loadCommandParser() })
    : [];

/** The file named, else the usual one; null where neither is there. Throws `input.invalid` with every problem. */
export async function findWorkspace(cwd: string, name: string | undefined, root?: string): Promise<Workspace | null> {
  const names = name === undefined ? usualNames : [name];
  for (const each of names) {
    if (name === undefined && (await bytesOf(resolve(cwd, each))) === null) continue;
    const found = await lintWorkspace(cwd, each, root);
    if ('problems' in found) throw invalid(found.problems.join('\n'));
    return found;
  }
  return null;
}
