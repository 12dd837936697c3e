/** What every report says about itself: which commit was measured, when, on what, by which command. */
import { execFileSync } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
  os: string;
}

export interface ReportHead {
  /** Hash of the commit that was measured; `-dirty` when the tree differed from it. Null outside a repository. */
  commit: string | null;
  /** When the measuring began, ISO 8601 UTC. */
  at: string;
  machine: Machine;
  command: string;
}

function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || 'unknown',
    cores: all.length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    node: process.version,
    os: `${type()} ${release()}`,
  };
}

function readCommit(): string | null {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  try {
    return execFileSync('git', ['describe', '--always', '--abbrev=40', '--dirty', '--exclude=*'], {
      cwd,
      encoding: 'utf8',
    }).trim();
  } catch {
    return null;
  }
}

/** Call before measuring starts: the tree may change meanwhile. */
export function openReport(): ReportHead {
  const script = process.env.npm_lifecycle_event;
  const rest = process.argv.slice(2).join(' ');
  const command = script
    ? `npm run ${script} -- ${rest}`
    : `npx tsx ${process.argv[1]?.split('/').slice(-3).join('/')} ${rest}`;
  return { commit: readCommit(), at: new Date().toISOString(), machine: describeMachine(), command: command.trim() };
}

export async function writeReport(path: string, head: ReportHead, body: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify({ ...body, ...head }, null, 1)}\n`);
  await rename(unfinished, path);
}
