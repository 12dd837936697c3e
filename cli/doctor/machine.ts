/** Checks of this machine: Node.js, isolation, git, terminals, data folder. None of them needs a server or starts one. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Check, failed, messageOf, passed } from './check.ts';

const run = promisify(execFile);
const isMissing = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT';

/** Least free space for the database and a few checkouts, in bytes. */
const minFreeBytes = 1024 ** 3;
/** A check that takes longer has failed, in ms. */
const patienceMs = 5_000;

export function checkNode(): Check {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isNew = major > 20 || (major === 20 && minor >= 19);
  return isNew ? passed('node', node) : failed('node', `${node} is too old`, 'install Node.js 20.19 or newer');
}

export async function checkIsolation(env: NodeJS.ProcessEnv): Promise<Check> {
  const { detectIsolation } = await import('#runner/sandbox/index.ts');
  const { isolation, warning } = await detectIsolation(env);
  if (warning === null) return passed('isolation', 'programs run in PID namespaces of their own');
  const [detail = '', fix = ''] = warning.split(/\s*Fix: /);
  return failed('isolation', `${isolation}: ${detail}`, fix);
}

/** A git that is older reads configuration files which a checkout must not depend on. */
const minGit = { major: 2, minor: 32 };

export async function checkGit(env: NodeJS.ProcessEnv): Promise<Check> {
  const install = `install git ${minGit.major}.${minGit.minor} or newer, for example with \`apt-get install git\``;
  try {
    const { stdout } = await run('git', ['--version'], { timeout: patienceMs, env });
    const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
    const isNew = major > minGit.major || (major === minGit.major && minor >= minGit.minor);
    return isNew ? passed('git', stdout.trim()) : failed('git', `${stdout.trim()} is too old`, install);
  } catch (cause) {
    return failed('git', isMissing(cause) ? 'git is not installed' : messageOf(cause), install);
  }
}

/** Opens a terminal as a runner does. */
export async function checkTerminal(): Promise<Check> {
  const name = 'terminal';
  try {
    const { spawn } = await import('@lydell/node-pty');
    const pty = spawn('/bin/sh', ['-c', 'exit 0'], { cwd: '/', env: {} });
    const timer = setTimeout(() => pty.kill('SIGKILL'), patienceMs);
    const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => pty.onExit(resolve));
    clearTimeout(timer);
    if (exitCode === 0) return passed(name, 'a program ran on a pseudo-terminal');
    return failed(name, `a program on a pseudo-terminal exited ${exitCode}`, 'check that /dev/pts is mounted');
  } catch (cause) {
    return failed(name, messageOf(cause), 'run `npm install` again on this platform; check that /dev/pts is mounted');
  }
}

/** The folder itself, or the nearest one above it that exists. */
const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)));

export function checkHome(home: string): Check {
  const name = 'home';
  const folder = nearest(home);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    return failed(name, `${folder}: ${messageOf(cause)}`, 'set OMNIGENT_HOME to a folder that you may write');
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = `${home}, ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`;
  return bavail * bsize >= minFreeBytes ? passed(name, free) : failed(name, free, 'free some space, 1 GiB at least');
}
