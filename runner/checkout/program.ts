/** Runs small programs of the system whose exit code is the answer. Knows nothing of checkouts. */
import { spawn } from 'node:child_process';

export interface Ended {
  /** Null: it was killed, or is not there. */
  code: number | null;
  stdout: string;
  stderr: string;
}

const maxChars = 4_000;
const defaultTimeoutMs = 30_000;

/** `files` are descriptors that the program gets as 3, 4, … A program that is not there ends with code null and says so. */
export function runProgram(
  argv: readonly [string, ...string[]],
  { files = [], timeoutMs = defaultTimeoutMs }: { files?: readonly number[]; timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const [program, ...args] = argv;
    const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C' };
    const child = spawn(program, args, {
      ...{ env: env as unknown as NodeJS.ProcessEnv, timeout: timeoutMs, killSignal: 'SIGKILL' },
      stdio: ['ignore', 'pipe', 'pipe', ...files],
    });
    const said = { stdout: '', stderr: '' };
    const hear = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      said[name] = (said[name] + chunk.toString()).slice(0, maxChars);
    };
    child.stdout?.on('data', hear('stdout'));
    child.stderr?.on('data', hear('stderr'));
    child.on('error', (cause) => resolve({ code: null, stdout: '', stderr: cause.message }));
    child.on('close', (code) => resolve({ code, ...said }));
  });
}
