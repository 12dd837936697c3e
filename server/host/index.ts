/** Launches runners on this machine and watches over their processes. Knows pids, not what a session is doing. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import { checkoutView, mountScript } from '#runner/checkout/index.ts';
import {
  type Account,
  type Environment,
  handOver,
  type Isolation,
  isAlive,
  letThrough,
  type ProcessIdentity,
  readAuthor,
  sandboxAccount,
} from '#runner/sandbox/index.ts';
import type { Checkouts } from './checkouts.ts';
import { killRunner } from './kill.ts';
import { listChildren, type RunnerChild } from './processes.ts';
import { reachablePrograms } from './programs.ts';
import { RunnerWatch } from './runner-watch.ts';
import { installRuntime, type Runtime } from './runtime.ts';
import { Spare } from './spare.ts';
import { type RunnerProcess, WaitingRunner } from './waiting-runner.ts';

export { type Checkouts, createCheckouts } from './checkouts.ts';
export { createHarnesses, type Harnesses } from './harnesses.ts';
export { npmEnvironment } from './npm.ts';
export type { ProcessIdentity, RunnerChild, RunnerProcess };

export interface HostOptions {
  /** `$OMNIGENT_HOME`; session folders outside it are refused. */
  home: string;
  /** The runner's program, `dist/runner.js`. */
  runnerFile: string;
  checkouts: Pick<Checkouts, 'make'>;
  /** `server.json`, which runners read to find the server. */
  serverFile: string;
  /** The server's environment; runners get the allowed names of it only. */
  env: Environment;
  log: (line: string) => void;
}

export interface Host {
  /**
   * Starts a detached runner that outlives this server. The key travels over a pipe, never in arguments, environment or a
   * file. Throws AppError `launch.failed` with the reason.
   */
  launch(launch: Launch): Promise<RunnerProcess>;
  /** Keeps a booted runner ready from now on. */
  keepSpare(isolation: Isolation): void;
  /** False for a zombie and for another process under the same pid. */
  isAlive(identity: ProcessIdentity): boolean;
  /** SIGTERM, then SIGKILL after `graceMs` (default 3,000), with everything below it; resolves when it is gone. */
  kill(identity: ProcessIdentity, options?: { graceMs?: number }): Promise<void>;
  /** Calls `onGone` once when the process is gone, also if it already is. Returns how to stop watching. */
  watch(identity: ProcessIdentity, onGone: () => void): () => void;
  /** Everything that runs below a runner, as pids of this machine. */
  children(identity: ProcessIdentity): Promise<RunnerChild[]>;
  /** Stops watching, and ends the spare one; runners of sessions go on. */
  close(): void;
}

/** Of `ses_` and what follows. */
const sessionIdLength = 30;

function assertInside(home: string, directory: string): void {
  const path = relative(resolve(home), resolve(directory));
  if (path !== '' && !path.startsWith('..')) return;
  throw new AppError({ code: 'launch.failed', message: 'the session folder is outside the data directory' });
}

/** The session's folder, which is its runner's; what an earlier version made there as root becomes the runner's, too. */
async function prepareFolder(directory: string, account: Account | null): Promise<void> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o711 });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (account === null || (await stat(directory)).uid === account.uid) return;
  await handOver([directory], account);
  await letThrough(directory, account);
}

/** The embedded host. Holds only timers; what it launched is found again by pid and start time. */
export function createHost(options: HostOptions): Host {
  const { home, serverFile, log, checkouts } = options;
  const account = sandboxAccount();
  const watch = new RunnerWatch({ log });
  /** Null until one is wanted: a runner of root's server is made of a copy. */
  let runtime: Promise<Runtime> | null = null;
  const start = async (isolation: Isolation, label: string, logPath: string) => {
    runtime ??= account === null ? Promise.resolve({ node: process.execPath, ...options }) : installRuntime(options);
    const { node, runnerFile } = await runtime;
    return WaitingRunner.start({
      ...options,
      account,
      node,
      runnerFile,
      isolation,
      label,
      logPath,
      onExit: () => watch.check(),
    });
  };
  const spare = new Spare({
    log,
    // As long as a session's folder, so that the runner can put that in its place.
    start: (isolation) =>
      start(isolation, join(home, 'sessions', 'runner'.padEnd(sessionIdLength, '-')), join(home, 'spare-runner.log')),
  });
  return {
    async launch(given) {
      const author = await readAuthor();
      const launch = {
        ...given,
        serverFile,
        author,
        programs: await reachablePrograms(given.programs, { home, account }),
      };
      const { directory, isolation } = launch;
      assertInside(home, directory);
      await prepareFolder(directory, account);
      await checkouts.make(launch);
      const view = await checkoutView(directory, { isReadOnly: false });
      const waiting =
        (await spare.take(isolation)) ?? (await start(isolation, directory, join(directory, 'runner.log')));
      return waiting.give(launch, view && mountScript(view));
    },
    keepSpare: (isolation) => spare.keep(isolation),
    isAlive,
    async kill(identity, { graceMs = 3_000 } = {}) {
      await killRunner(identity, graceMs);
      watch.check();
    },
    watch: (identity, onGone) => watch.add(identity, onGone),
    children: async (identity) => (isAlive(identity) ? listChildren(identity.pid) : []),
    close() {
      watch.close();
      spare.close();
    },
  };
}
