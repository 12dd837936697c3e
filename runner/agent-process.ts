/** Starts the programs of agents: wrapped as the session is isolated, with a scrubbed environment, and ended as a whole. */
import { spawn } from 'node:child_process';
import { AppError } from '#protocol/error.ts';
import type { AgentProcess, Launcher } from './harness/harness.ts';
import type { Sandbox } from './sandbox/index.ts';

/** What is kept of stderr, in characters. */
const maxComplaint = 600;

type Spawn = Parameters<Launcher['spawn']>;

/** Starts programs that have a folder of their own, `home`, absolute. */
export interface HomeLauncher {
  spawn(command: Spawn[0], env: Spawn[1], place: Spawn[2] & { home: string }): Promise<AgentProcess>;
}

/** `going` resolves when a program may be started. */
export function createLauncher(sandbox: Sandbox, going: () => Promise<void>): HomeLauncher {
  return {
    async spawn(command, more, { cwd, ...seen }): Promise<AgentProcess> {
      const { file, args, ...program } = await sandbox.wrap({ command, cwd, more, ...seen });
      await going();
      const child = spawn(file, args, {
        cwd: program.cwd,
        env: program.env as unknown as NodeJS.ProcessEnv,
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
      });
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        complaint = (complaint + text).slice(-maxComplaint);
      });
      // A program that is gone takes no input; how it ended says why.
      child.stdin.on('error', () => undefined);
      child.stdout.on('error', () => undefined);
      const ended = new Promise<string>((resolve) => {
        child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', (cause) => {
          reject(
            new AppError({ code: 'launch.failed', message: `${command[0]} cannot be run: ${cause.message}`, cause }),
          );
        });
      });
      const pid = child.pid ?? 0;
      return {
        pid,
        stdin: child.stdin,
        stdout: child.stdout,
        get complaint() {
          return complaint.trim();
        },
        ended,
        kill(signal) {
          try {
            process.kill(-pid, signal);
          } catch {
            // It is gone already.
          }
        },
      };
    },
  };
}
