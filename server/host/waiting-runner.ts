/** One runner process before its session: started detached, in its own PID namespace where that is possible, and booted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import {
  type Environment,
  type Isolation,
  isAlive,
  isLive,
  namespaceArguments,
  type ProcessRow,
  readChild,
  readProcess,
  scrubEnvironment,
} from '#runner/sandbox/index.ts';
import { openRunnerLog, readLogTail } from './runner-log.ts';

/** `pid` is the runner's, `outerPid` that of what was spawned; they are the same without a PID namespace. */
export interface RunnerProcess {
  pid: number;
  outerPid: number;
  startTicks: number;
}

export interface WaitingOptions {
  isolation: Isolation;
  runnerFile: string;
  /** The server's environment; the runner gets the allowed names of it only. */
  env: Environment;
  /** Where its output goes, also later. */
  logPath: string;
  /** Says in its command line whose it is, until it says so itself; not read. */
  label: string;
  log: (line: string) => void;
  onExit: () => void;
}

/** A namespace is there within some 5 ms; longer than this, in ms, means the machine is stuck. */
const findMs = 10_000;

/** Waits at its standard input for a launch. Its end comes with that input: it does not outlive the server that started it. */
export class WaitingRunner {
  readonly isolation: Isolation;
  readonly #input: Writable;
  #name = 'without a session';
  #logPath: string;
  #ended: string | null = null;
  #process: RunnerProcess = { pid: 0, outerPid: 0, startTicks: 0 };

  private constructor(options: WaitingOptions, child: ChildProcess) {
    this.isolation = options.isolation;
    this.#logPath = options.logPath;
    this.#input = child.stdin as Writable;
    // Its end is told by its exit.
    this.#input.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.#ended = signal ?? `exit ${code}`;
      options.log(`host: runner ${this.#name} ended (${this.#ended})`);
      options.onExit();
    });
  }

  /** Resolves once its process exists. Throws `launch.failed`. */
  static async start(options: WaitingOptions): Promise<WaitingRunner> {
    let child: ChildProcess;
    try {
      child = await spawnDetached(options);
    } catch (cause) {
      throw failure(String(cause), cause);
    }
    const runner = new WaitingRunner(options, child);
    const row = await runner.#find(child.pid ?? 0);
    if (!row) throw failure(await readLogTail(options.logPath, 600));
    runner.#process = { pid: row.pid, outerPid: child.pid ?? 0, startTicks: row.startTicks };
    return runner;
  }

  get isAlive(): boolean {
    return this.#ended === null && isAlive(this.#process);
  }

  /** Makes it the runner of a session; its log moves into the session's folder. Throws `launch.failed`. */
  async give(launch: Launch): Promise<RunnerProcess> {
    this.#name = launch.runnerId;
    const logPath = join(launch.directory, 'runner.log');
    if (logPath !== this.#logPath) {
      await rename(logPath, `${logPath}.old`).catch(() => undefined);
      await rename(this.#logPath, logPath);
      this.#logPath = logPath;
    }
    try {
      this.#input.end(JSON.stringify(launch));
      await finished(this.#input, { readable: false });
      return this.#process;
    } catch (cause) {
      throw failure(await readLogTail(logPath, 600), cause);
    }
  }

  end(): void {
    if (this.isAlive) process.kill(this.#process.outerPid, 'SIGKILL');
  }

  /** What was spawned has exactly one child where it makes a namespace: the first process in it. */
  async #find(outerPid: number): Promise<ProcessRow | null> {
    const deadline = performance.now() + findMs;
    while (this.#ended === null && performance.now() < deadline) {
      const row = this.isolation === 'namespaces' ? await readChild(outerPid) : readProcess(outerPid);
      if (row && isLive(row)) return row;
      await sleep(2);
    }
    return null;
  }
}

async function spawnDetached(options: WaitingOptions): Promise<ChildProcess> {
  const apart = options.isolation === 'namespaces' ? namespaceArguments(process.getuid?.() ?? 0) : [];
  const [file = process.execPath, ...args] = [...apart, process.execPath, options.runnerFile, options.label];
  const output = await openRunnerLog(options.logPath);
  try {
    const env = scrubEnvironment(options.env) as NodeJS.ProcessEnv;
    const child = spawn(file, args, { detached: true, stdio: ['pipe', output.fd, output.fd], env, cwd: '/' });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    (child.stdin as Writable & { unref?: () => void }).unref?.();
    return child;
  } finally {
    await output.close();
  }
}

function failure(detail: string, cause?: unknown): AppError {
  const message = `the runner could not be started: ${detail.slice(-300) || 'it ended at once'}`;
  return new AppError({ code: 'launch.failed', message, detail, cause });
}
