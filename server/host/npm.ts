/** Runs npm for one package. Knows no harness. */
import { spawn } from 'node:child_process';
import { AppError } from '#protocol/error.ts';
import { scrubEnvironment } from '#runner/sandbox/index.ts';

interface NpmOptions {
  /** Folder with a package.json. */
  cwd: string;
  /** `NAME@VERSION`. */
  wanted: string;
  /** All that npm sees of the environment. */
  env: NodeJS.ProcessEnv;
}

/** What npm needs of an environment: what any program may see, its own settings, and the way through a proxy. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => /^npm_config_|^(https?|all)_proxy$/i.test(name));
  return { NODE_ENV: env.NODE_ENV, ...scrubEnvironment(env), ...Object.fromEntries(own) };
}

/** Downloading a CLI of 400 MB may take this long, in ms. */
const installMs = 15 * 60 * 1000;
/** A registry that cannot be reached is tried again after at most this time, in ms: somebody waits. */
const retryMs = 3_000;

const fixes: readonly [RegExp, string][] = [
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|ENETUNREACH|ERR_SOCKET_TIMEOUT/,
    'the registry cannot be reached; check the network, and the address that `npm config get registry` names',
  ],
  [/E404|ETARGET/, 'the registry does not have it; check the address that `npm config get registry` names'],
  [/E401|E403/, 'the registry refuses; check what `npm whoami` says'],
  [/ENOSPC/, 'the disk is full; make room'],
  [/EACCES|EPERM|EROFS/, 'the folder cannot be written; check whose it is'],
];

/** npm's own words, and what to do. */
function reasonOf(said: string, how: string, { cwd, wanted }: NpmOptions): string {
  const isNoise = (line: string) => /complete log|npm (error|ERR!) +(at|syscall|errno) /.test(line);
  const errors = said.split('\n').filter((line) => /npm (error|ERR!)/.test(line) && !isNoise(line));
  const words = errors
    .map((line) => line.replace(/npm (error|ERR!)\s*/, ''))
    .join(' ')
    .slice(0, 400);
  const fix = fixes.find(([pattern]) => pattern.test(words))?.[1];
  return `${words || how}; ${fix ?? `see what \`npm install ${wanted}\` says in ${cwd}`}`;
}

/** Installs exactly `wanted`, without running its scripts. Throws `launch.failed` with npm's own words and the fix. */
export function installPackage(options: NpmOptions): Promise<void> {
  const { cwd, wanted, env } = options;
  const retries = [`--fetch-retry-mintimeout=${retryMs / 3}`, `--fetch-retry-maxtimeout=${retryMs}`];
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', ...retries, wanted];
  return new Promise((resolve, reject) => {
    const fail = (why: string, detail?: string) => {
      const message = `npm install ${wanted} failed: ${why}`.slice(0, 1_000);
      reject(new AppError({ code: 'launch.failed', message, ...(detail !== undefined && { detail }) }));
    };
    const child = spawn('npm', args, {
      ...{ cwd, env, timeout: installMs, killSignal: 'SIGKILL' as const },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        said = (said + text.toString()).slice(-4_000);
      });
    child.on('error', (cause) => fail(`${cause.message}; install npm on this machine`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else fail(reasonOf(said, signal ?? `exit ${code}`, options), said);
    });
  });
}
