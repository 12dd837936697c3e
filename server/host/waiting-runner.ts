/** One runner process before its session: started detached, in its own PID namespace where that is possible, and booted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Stream, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import { mounted, waitingCommand } from '#runner/checkout/index.ts';
import {
  type Account,
  asAccount,
  type Environment,
  type Isolation,
  isAlive,
  isLive,
  namespaceOptions,
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
  /** As whom it runs; null: as this process. */
  account: Account | null;
  /** Node.js and the runner's program, where that account can read them. */
  node: string;
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
  /** Of the shell beside it. */
  readonly #mounter: { ask: Writable; answer: Readable };
  #name = 'without a session';
  #logPath: string;
  #ended: string | null = null;
  #process: RunnerProcess = { pid: 0, outerPid: 0, startTicks: 0 };

  private constructor(options: WaitingOptions, child: ChildProcess) {
    this.isolation = options.isolation;
    this.#logPath = options.logPath;
    this.#input = child.stdin as Writable;
    this.#mounter = { ask: child.stdio[3] as Writable, answer: child.stdio[4] as Readable };
    // Its end is told by its exit.
    for (const stream of [this.#input, this.#mounter.ask]) stream.on('error', () => undefined);
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

  /**
   * Makes it the runner of a session; its log moves into the session's folder. `mounts`: what its shell is told; null where
   * nothing is to be mounted. Throws `launch.failed`.
   */
  async give(launch: Launch, mounts: string | null): Promise<RunnerProcess> {
    this.#name = launch.runnerId;
    await this.#mount(mounts);
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

  async #mount(script: string | null): Promise<void> {
    const { ask, answer } = this.#mounter;
    ask.end(script ?? '');
    if (script === null) return;
    const said = await firstLine(answer);
    if (said !== mounted) throw failure(`its files cannot be mounted: ${said}`);
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

/** The first process of its namespace, with a shell beside it that mounts the session's files when it is told how. */
function commandOf({ isolation, account, node, runnerFile, label }: WaitingOptions): string[] {
  const program = [node, runnerFile, label];
  if (isolation !== 'namespaces') return program;
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  return [...asAccount(account, 'setpriv'), ...waitingCommand({ uid, more: namespaceOptions }, program)];
}

async function spawnDetached(options: WaitingOptions): Promise<ChildProcess> {
  const [file = options.node, ...args] = commandOf(options);
  const output = await openRunnerLog(options.logPath);
  try {
    // The folder for temporary files may be one that only the server's own user enters.
    const { TMPDIR, ...env } = scrubEnvironment(options.env);
    const kept = TMPDIR === undefined || options.account !== null ? env : { ...env, TMPDIR };
    const child = spawn(file, args, {
      detached: true,
      stdio: ['pipe', output.fd, output.fd, 'pipe', 'pipe'],
      env: kept as unknown as NodeJS.ProcessEnv,
      cwd: '/',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    for (const stream of child.stdio) (stream as (Stream & { unref?: () => void }) | null)?.unref?.();
    return child;
  } finally {
    await output.close();
  }
}

/** Of an answer that has no end. */
function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const done = () => resolve(heard.split('\n')[0] ?? '');
    stream.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (heard.includes('\n')) done();
    });
    stream.once('close', done).once('end', done);
  });
}

function failure(detail: string, cause?: unknown): AppError {
  const message = `the runner could not be started: ${detail.slice(-300) || 'it ended at once'}`;
  return new AppError({ code: 'launch.failed', message, detail, cause });
}
