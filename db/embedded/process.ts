/** Looks at processes of this machine by pid; knows nothing of what they are for. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessFacts {
  /** Dead but not yet reaped: still answers `kill(pid, 0)`. */
  isZombie: boolean;
  /** Empty for zombies and kernel threads. */
  argv: string[];
}

/** What runs under `pid` now; null when nothing does. */
export async function inspectProcess(pid: number): Promise<ProcessFacts | null> {
  if (process.platform !== 'linux') return inspectByPs(pid);
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // The name in parentheses may itself hold parentheses and spaces: the state follows the last one.
    const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
    return { isZombie: state === 'Z' || state === 'X', argv: commandLine.split('\0').filter((part) => part !== '') };
  } catch (cause) {
    if (isCode(cause, 'ENOENT', 'ESRCH')) return null;
    throw cause;
  }
}

/** The same from `ps`, for systems without /proc. Arguments are split at spaces, so paths with spaces come in parts. */
export async function inspectByPs(pid: number): Promise<ProcessFacts | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=', '-o', 'command=', '-p', String(pid)]);
    const [state = '', ...argv] = stdout.trim().split(/\s+/);
    return state === '' ? null : { isZombie: state.startsWith('Z'), argv };
  } catch (cause) {
    // ps exits 1 when no process has that pid.
    if (isCode(cause, 1)) return null;
    throw cause;
  }
}

/** True while `pid` runs; a zombie does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const facts = await inspectProcess(pid);
  return facts !== null && !facts.isZombie;
}

/** True when `error` is a system error with one of these codes. */
export const isCode = (error: unknown, ...codes: (string | number)[]): boolean =>
  error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
