/** Finds every process that belongs to one server folder, whoever its parent is by now. Knows no server. */
import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isAlive,
  isLive,
  type ProcessIdentity,
  readDescendants,
  readProcesses,
} from '#runner/sandbox/process-table.ts';

export interface FoundProcess extends ProcessIdentity {
  ppid: number;
  /** Command line with blanks between arguments, or the kernel's name in brackets. */
  command: string;
  /** State letter of /proc/PID/stat. */
  state: string;
}

const pollMs = 20;

const readText = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');

/**
 * Live processes whose command line, working folder or environment names `folder`: server, Postgres, runners, sandboxes
 * and programs, even those whose parents are dead. The calling process and those that started it are left out.
 */
export async function processesOf(folder: string): Promise<FoundProcess[]> {
  const rows = (await readProcesses()).filter(isLive);
  const parents = new Map(rows.map((row) => [row.pid, row.ppid]));
  const ours = new Set<number>();
  for (let pid: number | undefined = process.pid; pid; pid = parents.get(pid)) ours.add(pid);
  const found = await Promise.all(
    rows
      .filter((row) => !ours.has(row.pid))
      .map(async ({ pid, ppid, startTicks, state, name }) => {
        const line = await readText(`/proc/${pid}/cmdline`);
        const command = line.replaceAll('\0', ' ').trim() || `[${name}]`;
        const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
        const isNamed = line.includes(folder) || `${cwd}/`.startsWith(`${folder}/`);
        if (!isNamed && !(await readText(`/proc/${pid}/environ`)).includes(folder)) return null;
        return { pid, ppid, startTicks, state, command };
      }),
  );
  return found.filter((entry) => entry !== null);
}

/** Everything below `pid`, whatever namespace it is in. */
export async function readTree(pid: number): Promise<FoundProcess[]> {
  const rows = await readDescendants(pid);
  return Promise.all(
    rows.map(async ({ pid: at, ppid, startTicks, state, name }) => ({
      ...{ pid: at, ppid, startTicks, state },
      command: await commandOf(at, name),
    })),
  );
}

async function commandOf(pid: number, name: string): Promise<string> {
  const line = await readText(`/proc/${pid}/cmdline`);
  return line.replaceAll('\0', ' ').trim() || `[${name}]`;
}

/** Sends SIGKILL to everything of `folder` until nothing is left. Throws naming what stays after `patienceMs`. */
export async function killProcessesOf(folder: string, patienceMs = 10_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await processesOf(folder);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`processes left behind:\n${describeProcesses(left)}`);
    for (const entry of left) killOne(entry);
    await sleep(pollMs);
  }
}

/** SIGKILL to this very process; one that is gone meanwhile is fine. */
export function killOne(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

export const describeProcesses = (entries: FoundProcess[]): string =>
  entries
    .map(({ pid, ppid, state, command }) => `${pid} (parent ${ppid}, ${state}) ${command.slice(0, 160)}`)
    .join('\n');
