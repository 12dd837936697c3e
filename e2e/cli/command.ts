/** The `omnigent` command as a person runs it, against a server under test. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot, type ServerProcess } from '../server-process.ts';

const execute = promisify(execFile);

export const commandFile = join(projectRoot, 'bin', 'omnigent', 'main.mjs');

export interface Finished {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command longer than this hangs, in ms. */
const patienceMs = 60_000;

/** The environment of somebody who has only OMNIGENT_HOME set. */
export const environmentOf = (home: string): Record<string, string> => {
  const entries = Object.entries(process.env).filter(([name]) => !/^(OMNIGENT_|VITEST|NODE_|DATABASE_URL)/.test(name));
  return { ...(Object.fromEntries(entries) as Record<string, string>), OMNIGENT_HOME: home };
};

/** A started command: its process, what it wrote so far, and its end. */
export class Started {
  readonly child: ChildProcessWithoutNullStreams;
  stdout = '';
  stderr = '';
  readonly finished: Promise<Finished>;

  constructor(args: string[], options: { home: string; cwd: string; env?: Record<string, string> | undefined }) {
    const env = { ...environmentOf(options.home), ...options.env } as NodeJS.ProcessEnv;
    this.child = spawn(process.execPath, [commandFile, ...args], { cwd: options.cwd, env, stdio: 'pipe' });
    this.child.stdout.setEncoding('latin1').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // A command that ends early does not read its input.
    this.child.stdin.on('error', () => undefined);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    this.finished = once(this.child, 'close').then(([exitCode, signal]) => {
      clearTimeout(timer);
      return { exitCode, signal, stdout: this.stdout, stderr: this.stderr } as Finished;
    });
  }
}

/** Runs commands against one server, from a folder of its own. */
export class Commands {
  readonly server: ServerProcess;
  readonly cwd: string;

  constructor(server: ServerProcess, cwd: string) {
    this.server = server;
    this.cwd = cwd;
  }

  start(args: string[], env?: Record<string, string>): Started {
    return new Started(args, { home: this.server.home, cwd: this.cwd, env });
  }

  /** Runs to the end with `input` on standard input. */
  run(args: string[], options: { input?: string | Uint8Array; env?: Record<string, string> } = {}): Promise<Finished> {
    const started = this.start(args, options.env);
    started.child.stdin.end(options.input ?? '');
    return started.finished;
  }

  /** Runs with `--json` and parses the answer. Throws with what it said when it failed. */
  async json<T>(args: string[], options: { env?: Record<string, string> } = {}): Promise<T> {
    const dashes = args.indexOf('--');
    const flagged = dashes < 0 ? [...args, '--json'] : [...args.slice(0, dashes), '--json', ...args.slice(dashes)];
    const { exitCode, stdout, stderr } = await this.run(flagged, options);
    if (exitCode !== 0) throw new Error(`${args.join(' ')}: exit ${exitCode}\n${stderr}`);
    return JSON.parse(Buffer.from(stdout, 'latin1').toString('utf8')) as T;
  }

  /** A session with CMD, or a shell, in its first terminal. */
  async session(name: string, program: string[] = []): Promise<string> {
    const args = ['session', 'new', '--name', name, ...(program.length > 0 ? ['--', ...program] : [])];
    return (await this.json<{ sessionId: string }>(args)).sessionId;
  }

  /** The rows of a terminal as `terminal screen` tells them. */
  async screen(session: string): Promise<string[]> {
    return (await this.json<{ lines: string[] }>(['terminal', 'screen', session])).lines;
  }
}

/** A git repository with one committed file, to start sessions in. */
export async function makeRepository(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'readme.md'), '# example\n');
  const git = (...args: string[]) =>
    execute('git', ['-C', dir, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);
  await git('-c', 'init.defaultBranch=main', 'init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  return dir;
}
