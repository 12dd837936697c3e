/** Turns what a person wants to run into what is spawned: found on PATH, wrapped, and with a scrubbed environment. */
import { access, constants, stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import { realFiles } from '#facts/file-view.ts';
import { type Environment, scrubEnvironment } from './environment.ts';
import { type Isolation, programArguments } from './isolation.ts';
import type { Sandbox } from './sandbox.ts';

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

/** What to run, and whether its working folder is there. */
export async function argumentsOf(request: {
  command: readonly string[] | null;
  cwd: string;
  env: Environment;
}): Promise<{ argv: string[]; isPlaced: boolean }> {
  const { command, cwd, env } = request;
  if (!(await stat(cwd).catch(() => null))?.isDirectory()) {
    const argv = complaint({ exitCode: 127, message: `${shown(cwd)}: the working folder does not exist` });
    return { argv, isPlaced: false };
  }
  if (command === null) return { argv: [await findShell(env)], isPlaced: true };
  const [name = '', ...rest] = command;
  const found = await findProgram({ name, cwd, path: env.PATH ?? '' });
  return { argv: 'file' in found ? [found.file, ...rest] : complaint(found), isPlaced: true };
}

/** Programs as they run without a sandbox: with a scrubbed environment, in a PID namespace where that can be. */
export function noSandbox(isolation: Isolation, env: Environment): Sandbox {
  const scrubbed = scrubEnvironment(env);
  return {
    kind: 'none',
    home: scrubbed.HOME ?? '/',
    env: scrubbed,
    files: realFiles,
    holds: () => true,
    enter: async () => undefined,
    async wrap({ command, cwd: wanted, more }) {
      const all = { ...scrubbed, ...more };
      const { argv, isPlaced } = await argumentsOf({ command, cwd: wanted, env: all });
      const cwd = isPlaced ? wanted : '/';
      const [file = '/bin/sh', ...args] = isolation === 'namespaces' ? [...programArguments(cwd), ...argv] : argv;
      return { file, args, env: all, cwd };
    },
  };
}
