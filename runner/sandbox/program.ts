/** Turns what a person wants to run into what is spawned: found on PATH, wrapped, and with a scrubbed environment. */
import { access, constants, stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import { type Environment, scrubEnvironment } from './environment.ts';
import { type Isolation, programArguments } from './isolation.ts';

export interface ProgramRequest {
  /** Null: the person's shell. */
  command: readonly string[] | null;
  /** Absolute. */
  cwd: string;
  /** The environment to take the allowed names from. */
  env: Environment;
}

/** Ready for spawn or forkpty. */
export interface WrappedProgram {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

export type FoundProgram = { file: string } | { exitCode: 126 | 127; message: string };

async function whyNot(path: string): Promise<'missing' | 'not-executable' | null> {
  try {
    if (!(await stat(path)).isFile()) return 'not-executable';
  } catch {
    return 'missing';
  }
  return access(path, constants.X_OK).then(
    () => null,
    () => 'not-executable',
  );
}

/** Control characters must not reach the terminal through an error message. */
const shown = (name: string) => JSON.stringify(name).slice(1, -1).slice(0, 200);

/** Looks `name` up as a shell would: with a slash relative to `cwd`, else on `path`. Exit codes are a shell's. */
export async function findProgram(options: { name: string; cwd: string; path: string }): Promise<FoundProgram> {
  const { name, cwd, path } = options;
  const candidates = name.includes('/')
    ? [isAbsolute(name) ? name : resolve(cwd, name)]
    : path.split(':').map((folder) => `${folder}/${name}`);
  let isThere = false;
  for (const file of name === '' ? [] : candidates) {
    const problem = await whyNot(file);
    if (problem === null) return { file };
    isThere ||= problem === 'not-executable';
  }
  if (isThere) return { exitCode: 126, message: `${shown(name)}: not an executable file` };
  const where = name.includes('/') ? 'no such file' : `command not found (searched ${path})`;
  return { exitCode: 127, message: `${shown(name)}: ${where}` };
}

const notShells = new Set(['nologin', 'false', 'true', 'git-shell', 'sync']);

/** The person's shell: $SHELL if it is a usable executable, else bash, else sh. On a terminal it is interactive. */
export async function findShell(env: Environment): Promise<string> {
  for (const shell of [env.SHELL, '/bin/bash', '/usr/bin/bash']) {
    if (!shell || !isAbsolute(shell) || notShells.has(basename(shell))) continue;
    if ((await whyNot(shell)) === null) return shell;
  }
  return '/bin/sh';
}

/** A program that says what is wrong and exits as a shell would, so that the terminal itself shows the error. */
function complaint(problem: { exitCode: number; message: string }): string[] {
  return [
    '/bin/sh',
    '-c',
    'printf "omnigent: %s\\n" "$1" >&2; exit "$2"',
    'sh',
    problem.message,
    String(problem.exitCode),
  ];
}

async function argumentsOf(request: ProgramRequest, env: Record<string, string>): Promise<string[]> {
  if (!(await stat(request.cwd).catch(() => null))?.isDirectory()) {
    return complaint({ exitCode: 127, message: `${shown(request.cwd)}: the working folder does not exist` });
  }
  if (request.command === null) return [await findShell(env)];
  const [name = '', ...rest] = request.command;
  const found = await findProgram({ name, cwd: request.cwd, path: env.PATH ?? '' });
  return 'file' in found ? [found.file, ...rest] : complaint(found);
}

/**
 * The spawn that runs `command` in `cwd` under `isolation`. A program that cannot be run does not throw: it becomes one
 * that prints why and exits with 127 (not found) or 126 (not executable).
 */
export async function wrapProgram(isolation: Isolation, request: ProgramRequest): Promise<WrappedProgram> {
  const env = scrubEnvironment(request.env);
  const inner = await argumentsOf(request, env);
  const isThere = (await stat(request.cwd).catch(() => null))?.isDirectory() ?? false;
  const cwd = isThere ? request.cwd : '/';
  const [file = '/bin/sh', ...args] = isolation === 'namespaces' ? [...programArguments(cwd), ...inner] : inner;
  return { file, args, env, cwd };
}
