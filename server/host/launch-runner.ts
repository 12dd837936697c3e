/** Starts one runner process, detached and in its own PID namespace where that is possible, and finds its real pid. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import { type Environment, namespaceArguments, scrubEnvironment } from '#runner/sandbox/index.ts';
import { isLive, type ProcessRow, readChild, readProcess } from './process-table.ts';
import { openRunnerLog, readLogTail } from './runner-log.ts';

/** `pid` is the runner's, `outerPid` that of what was spawned; they are the same without a PID namespace. */
export interface RunnerProcess {
  pid: number;
  outerPid: number;
  startTicks: number;
}

interface LaunchOptions {
  launch: Launch;
  runnerFile: string;
  env: Environment;
  log: (line: string) => void;
  onExit: () => void;
}

/** A namespace is there within some 5 ms; longer than this, in ms, means the machine is stuck. */
const findMs = 10_000;

/** Written anew, so that neither an old file's mode nor a link in its place can widen who reads the key. */
async function writeLaunchFile(launch: Launch): Promise<string> {
  const path = join(launch.directory, `launch-${launch.epoch}.json`);
  await rm(path, { force: true });
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(JSON.stringify(launch));
  } finally {
    await file.close();
  }
  return path;
}

interface Spawned {
  pid: number;
  /** Null while it runs; then how it ended. */
  ended: () => string | null;
}

async function spawnDetached(options: LaunchOptions, launchFile: string, logPath: string): Promise<Spawned> {
  const apart = options.launch.isolation === 'namespaces' ? namespaceArguments(process.getuid?.() ?? 0) : [];
  const [file = process.execPath, ...args] = [...apart, process.execPath, options.runnerFile, launchFile];
  const output = await openRunnerLog(logPath);
  try {
    const env = scrubEnvironment(options.env) as NodeJS.ProcessEnv;
    const child = spawn(file, args, { detached: true, stdio: ['ignore', output.fd, output.fd], env, cwd: '/' });
    let ended: string | null = null;
    child.once('exit', (code, signal) => {
      ended = signal ?? `exit ${code}`;
      options.log(`host: runner ${options.launch.runnerId} ended (${ended})`);
      options.onExit();
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { pid: child.pid ?? 0, ended: () => ended };
  } finally {
    await output.close();
  }
}

/** The outer process has exactly one child: the first process of the new namespace. */
async function findRunner(outer: Spawned, isApart: boolean): Promise<ProcessRow | null> {
  const deadline = performance.now() + findMs;
  while (outer.ended() === null && performance.now() < deadline) {
    const row = isApart ? await readChild(outer.pid) : readProcess(outer.pid);
    if (row && isLive(row)) return row;
    await sleep(2);
  }
  return null;
}

/** Resolves once the runner's process exists; whether it then connects is the server's to see. Throws `launch.failed`. */
export async function launchRunner(options: LaunchOptions): Promise<RunnerProcess> {
  const { launch } = options;
  const logPath = join(launch.directory, 'runner.log');
  const launchFile = await writeLaunchFile(launch);
  const failed = async (cause?: unknown) => {
    await rm(launchFile, { force: true });
    const detail = cause === undefined ? await readLogTail(logPath, 600) : String(cause);
    const message = `the runner could not be started: ${detail.slice(-300) || 'it ended at once'}`;
    return new AppError({ code: 'launch.failed', message, detail, cause });
  };
  let outer: Spawned;
  try {
    outer = await spawnDetached(options, launchFile, logPath);
  } catch (cause) {
    throw await failed(cause);
  }
  const row = await findRunner(outer, launch.isolation === 'namespaces');
  if (!row) throw await failed();
  return { pid: row.pid, outerPid: outer.pid, startTicks: row.startTicks };
}
