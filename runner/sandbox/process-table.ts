/** Reads the kernel's process table. Identifies a process by pid and start time, because pids are used again. */
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** `startTicks` is field 22 of /proc/PID/stat: clock ticks between boot and the start of the process. */
export interface ProcessIdentity {
  pid: number;
  startTicks: number;
}

export interface ProcessRow extends ProcessIdentity {
  ppid: number;
  pgrp: number;
  /** Pid of the process that leads its session; 0 where that is outside of what this one sees. */
  session: number;
  state: string;
  threads: number;
  /** The kernel's short name, at most 15 bytes. */
  name: string;
}

/** Parses /proc/PID/stat; the name may hold blanks and parentheses, so fields are counted from the last `)`. */
function parseStat(text: string): ProcessRow | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const row = {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? '',
    ppid: Number(fields[1]),
    pgrp: Number(fields[2]),
    session: Number(fields[3]),
    threads: Number(fields[17]),
    startTicks: Number(fields[19]),
  };
  return [row.pid, row.ppid, row.pgrp, row.startTicks].every(Number.isSafeInteger) ? row : null;
}

/** The process with this pid now; null if there is none. Zombies are listed: see `isLive`. */
export function readProcess(pid: number): ProcessRow | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** A zombie or a process being torn down does nothing any more. */
export const isLive = (row: ProcessRow) => row.state !== 'Z' && row.state !== 'X';

/** True while this very process runs: a zombie and another process under the same pid count as gone. */
export function isAlive(identity: ProcessIdentity): boolean {
  const row = readProcess(identity.pid);
  return row !== null && isLive(row) && row.startTicks === identity.startTicks;
}

/** Every process that this one may see. */
export async function readProcesses(): Promise<ProcessRow[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/stat`, 'latin1').then(
        parseStat,
        () => null, // it ended meanwhile
      ),
    ),
  );
  return rows.filter((row) => row !== null);
}

/** The same at once: nothing else happens in this process meanwhile. */
export function listProcesses(): ProcessRow[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readProcess(Number(pid))).filter((row) => row !== null);
}

/** A child of `pid`; null when it has none. Kernels without the list of children are asked for everything. */
export async function readChild(pid: number): Promise<ProcessRow | null> {
  try {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return children === '' ? null : readProcess(Number.parseInt(children, 10));
  } catch {
    return (await readProcesses()).find(({ ppid }) => ppid === pid) ?? null;
  }
}

/** The live processes below `pid`, parents before children, without `pid` itself. */
export const readDescendants = async (pid: number): Promise<ProcessRow[]> =>
  descendantsOf(pid, (await readProcesses()).filter(isLive));

/** Those of `rows` below `pid`, parents before children, without `pid` itself. */
export function descendantsOf(pid: number, rows: readonly ProcessRow[]): ProcessRow[] {
  const children = groupByParent(rows);
  const found: ProcessRow[] = [];
  const waiting = [pid];
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      waiting.push(child.pid);
    }
  }
  return found;
}

function groupByParent(rows: readonly ProcessRow[]): Map<number, ProcessRow[]> {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) children.set(row.ppid, [...(children.get(row.ppid) ?? []), row]);
  return children;
}
