/** Runs git so that nothing outside its arguments decides what it does. Knows nothing of checkouts. */
import { spawn } from 'node:child_process';
import { AppError } from '#protocol/error.ts';

export interface GitRun {
  args: readonly string[];
  cwd: string;
  /** GIT_DIR and the like; added to an otherwise fixed environment. */
  env?: Readonly<Record<string, string>>;
  input?: string | Buffer;
  /** More than this is not read: git is ended, and what came until then is the answer. */
  maxBytes?: number;
  /** What hangs is killed; default 10 minutes, which the largest repositories need. */
  timeoutMs?: number;
}

/** Git said no. `stderr` is its own text, untrusted and at most 4,000 characters. */
export class GitFailure extends Error {
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(options: { args: readonly string[]; exitCode: number | null; stderr: string }) {
    const end = options.exitCode === null ? 'did not end in time' : `failed (${options.exitCode})`;
    super(`git ${options.args[0] ?? ''} ${end}: ${options.stderr.slice(0, 400)}`);
    this.name = 'GitFailure';
    this.exitCode = options.exitCode;
    this.stderr = options.stderr;
  }
}

/**
 * Outranks every configuration file: no hook, no file-system monitor, no transport (so no lazy fetch, no `ext::`), no
 * pager, no background work. Configuration files of system and user are not read at all (environment below); that of a
 * repository is never in reach, because git is only ever given directories of ours (reader.ts).
 */
const fixedArguments = [
  '--no-optional-locks',
  '--no-replace-objects',
  '--literal-pathspecs',
  '--no-pager',
  ...[
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.attributesFile=/dev/null',
    'core.excludesFile=/dev/null',
    'core.untrackedCache=false',
    'core.protectHFS=true',
    'core.protectNTFS=true',
    'protocol.allow=never',
    'gc.auto=0',
    'maintenance.auto=false',
    'submodule.recurse=false',
  ].flatMap((setting) => ['-c', setting]),
];

/** Only absolute folders: git must not be found relative to where it runs. */
function searchPath(): string {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return folders.length > 0 ? folders.join(':') : '/usr/local/bin:/usr/bin:/bin';
}

const fixedEnvironment = () => ({
  PATH: searchPath(),
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CEILING_DIRECTORIES: '/',
});

const defaultTimeoutMs = 10 * 60 * 1000;
const maxStderr = 4_000;

/** Its stdout. Throws GitFailure when git exits with anything but 0, AppError `checkout.failed` when there is no git. */
export function runGit(run: GitRun): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...fixedArguments, ...run.args], {
      cwd: run.cwd,
      env: { ...fixedEnvironment(), ...run.env } as unknown as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: run.timeoutMs ?? defaultTimeoutMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    let stderr = '';
    let room = run.maxBytes ?? Number.POSITIVE_INFINITY;
    child.stdout.on('data', (chunk: Buffer) => {
      if (room <= 0) return;
      out.push(chunk.subarray(0, room));
      room -= chunk.length;
      if (room <= 0) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(0, maxStderr);
    });
    child.stdin.on('error', () => undefined); // git may end before it has read everything; its exit code tells
    child.stdin.end(run.input ?? '');
    child.on('error', (cause) => reject(noGit(cause)));
    child.on('close', (exitCode) => {
      if (exitCode === 0 || room <= 0) resolve(Buffer.concat(out));
      else reject(new GitFailure({ args: run.args, exitCode, stderr }));
    });
  });
}

const noGit = (cause: unknown) =>
  new AppError({ code: 'checkout.failed', message: 'git cannot be run; install it: apt-get install git', cause });
