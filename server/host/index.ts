/** Launches runners on this machine and watches over their processes. Knows pids, not what a session is doing. */
import { mkdir } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { Launch } from '#protocol/launch.ts';
import type { Environment } from '#runner/sandbox/index.ts';
import { killRunner } from './kill.ts';
import { launchRunner, type RunnerProcess } from './launch-runner.ts';
import { isAlive, type ProcessIdentity } from './process-table.ts';
import { listChildren, type RunnerChild } from './processes.ts';
import { RunnerWatch } from './runner-watch.ts';

export type { ProcessIdentity, RunnerChild, RunnerProcess };

export interface HostOptions {
  /** `$OMNIGENT_HOME`; session folders outside it are refused. */
  home: string;
  /** The runner's program, `dist/runner.js`. */
  runnerFile: string;
  /** `server.json`, which runners read to find the server. */
  serverFile: string;
  /** The server's environment; runners get the allowed names of it only. */
  env: Environment;
  log: (line: string) => void;
}

export interface Host {
  /**
   * Starts a detached runner that outlives this server. The key travels in a 0600 file, never in arguments or environment.
   * Throws AppError `launch.failed` with the reason.
   */
  launch(launch: Launch): Promise<RunnerProcess>;
  /** False for a zombie and for another process under the same pid. */
  isAlive(identity: ProcessIdentity): boolean;
  /** SIGTERM, then SIGKILL after `graceMs` (default 3,000), with everything below it; resolves when it is gone. */
  kill(identity: ProcessIdentity, options?: { graceMs?: number }): Promise<void>;
  /** Calls `onGone` once when the process is gone, also if it already is. Returns how to stop watching. */
  watch(identity: ProcessIdentity, onGone: () => void): () => void;
  /** Everything that runs below a runner, as pids of this machine. */
  children(identity: ProcessIdentity): Promise<RunnerChild[]>;
  /** Stops watching; runners go on. */
  close(): void;
}

function assertInside(home: string, directory: string): void {
  const path = relative(resolve(home), resolve(directory));
  if (path !== '' && !path.startsWith('..')) return;
  throw new AppError({ code: 'launch.failed', message: 'the session folder is outside the data directory' });
}

/** The embedded host. Holds only timers; what it launched is found again by pid and start time. */
export function createHost(options: HostOptions): Host {
  const watch = new RunnerWatch({ log: options.log });
  return {
    async launch(launch) {
      assertInside(options.home, launch.directory);
      await mkdir(launch.directory, { recursive: true, mode: 0o700 });
      return launchRunner({
        ...options,
        launch: { ...launch, serverFile: options.serverFile },
        onExit: () => watch.check(),
      });
    },
    isAlive,
    async kill(identity, { graceMs = 3_000 } = {}) {
      await killRunner(identity, graceMs);
      watch.check();
    },
    watch: (identity, onGone) => watch.add(identity, onGone),
    children: async (identity) => (isAlive(identity) ? listChildren(identity.pid) : []),
    close: () => watch.close(),
  };
}
