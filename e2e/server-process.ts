/**
 * A real server under test: `dist/server.js` in its own process on a folder of its own, killed and started again at will.
 * Whatever it starts (Postgres, runners, programs) is found by that folder and gone when the test is over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FoundProcess, killProcessesOf, processesOf } from './process-scan.ts';
import { redeemLink, type Visitor } from './visitor.ts';

export { describeProcesses, type FoundProcess } from './process-scan.ts';
export type { Api, Visitor } from './visitor.ts';

/** Root of the project. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

export interface ServerProcessOptions {
  /** Added to the server's environment. */
  env?: Record<string, string>;
  /** Flags of node itself, e.g. `--cpu-prof`. */
  nodeFlags?: string[];
  /** Called with the port before the first start; what it returns joins the environment. */
  onPort?: (port: number) => Promise<Record<string, string>>;
  /** Called with the data directory before the first start, e.g. to fill its database. */
  onHome?: (home: string) => Promise<void>;
  /** What is started, below the project's root, e.g. `bin/start.mjs`. Default `dist/server.js`. */
  entry?: string;
  /** Each line the server writes on stderr, as it comes. */
  onLine?: (line: string) => void;
}

interface Incarnation {
  child: ChildProcess;
  exited: Promise<unknown>;
  signInLink: string;
  /** From spawn to the ready line, ms. */
  readyMs: number;
}

interface ServerState {
  pid: number;
  url: string;
  postgres: { pid: number; port: number } | null;
}

/** A start that takes longer has failed, in ms; the first one creates the database. */
const startMs = 60_000;
/** contract.md: SIGTERM ends the server within 10 s. */
const stopMs = 10_000;
/** Lines of the server's own output kept for failure messages. */
const keptLines = 200;

export class ServerProcess {
  /** Everything of this server lies below: home, HOME of its programs, whatever a test puts there. */
  readonly folder: string;
  /** `OMNIGENT_HOME`. */
  readonly home: string;
  /** Origin; the same after a restart, as a fixed PORT would be. */
  readonly url: string;
  readonly #port: number;
  readonly #options: ServerProcessOptions;
  readonly #reaper: ChildProcess;
  readonly #visitors: Visitor[] = [];
  readonly #lines: string[] = [];
  /** Everything the newest start wrote on stdout, by lines. */
  readonly printed: string[] = [];
  #now: Incarnation | null = null;

  private constructor(options: ServerProcessOptions, folder: string, port: number) {
    this.#options = options;
    this.folder = folder;
    this.home = join(folder, 'home');
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    const reaper = fileURLToPath(new URL('./process-reaper.ts', import.meta.url));
    this.#reaper = spawn(process.execPath, ['--import', 'tsx', reaper, folder], {
      ...{ cwd: projectRoot, detached: true },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#reaper.unref();
  }

  /** Starts a server on a fresh folder and waits for its ready line. Needs a finished build (`npm run build`). */
  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    for (const built of ['dist/server.js', 'dist/runner.js', '.next/BUILD_ID']) {
      if (!existsSync(join(projectRoot, built))) throw new Error(`${built} is missing: run \`npm run build\` first`);
    }
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'omnigent-e2e-')));
    await chmod(folder, 0o711);
    await mkdir(join(folder, 'person'), { mode: 0o700 });
    const port = await findFreePort();
    const env = { ...options.env, ...(await options.onPort?.(port)) };
    const server = new ServerProcess({ ...options, env }, folder, port);
    try {
      await options.onHome?.(server.home);
      await server.restart();
    } catch (cause) {
      await server.stop();
      throw cause;
    }
    return server;
  }

  get pid(): number {
    const pid = this.#now?.child.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Of the newest start, from spawn to the ready line. */
  get readyMs(): number {
    return this.#now?.readyMs ?? Number.NaN;
  }

  /** The newest start's own one-time link. */
  get signInLink(): string {
    return this.#now?.signInLink ?? '';
  }

  /** The last lines the server wrote, for failure messages. */
  get output(): string {
    return this.#lines.join('\n');
  }

  /** Signs in: without a name as the person who runs the server, else as the local person of that name. */
  async signIn(name?: string): Promise<Visitor> {
    const visitor = await redeemLink(this, await this.newLink(name));
    this.#visitors.push(visitor);
    return visitor;
  }

  /** A fresh one-time link, as `omnigent url [--as NAME]` prints it. */
  async newLink(name?: string): Promise<string> {
    const key = (await readFile(join(this.home, 'cli.token'), 'utf8')).trim();
    const response = await fetch(`${this.url}/api/trpc/person.link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(name === undefined ? {} : { as: name }),
    });
    if (!response.ok) throw new Error(`person.link: ${response.status} ${await response.text()}`);
    const { result } = (await response.json()) as { result: { data: { url: string } } };
    return result.data.url;
  }

  /** `server.json` as runners and the CLI read it. */
  async state(): Promise<ServerState> {
    return JSON.parse(await readFile(join(this.home, 'server.json'), 'utf8')) as ServerState;
  }

  /** Ends the server process at once (default SIGKILL) and resolves when it is gone. Runners and visitors stay. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const now = this.#now;
    if (!now) return;
    this.#now = null;
    now.child.kill(signal);
    await now.exited;
  }

  /** SIGSTOP or SIGCONT to the server process. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Starts the server again on the same folder and port, after `kill`. Resolves at its ready line. */
  async restart(): Promise<void> {
    const { env, nodeFlags = [], entry = 'dist/server.js', onLine } = this.#options;
    const since = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, join(projectRoot, entry)], {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...ownEnvironment(),
        ...{ NODE_ENV: 'production', OMNIGENT_HOME: this.home, PORT: String(this.#port) },
        ...{ HOME: join(this.folder, 'person'), SHELL: '/bin/bash' },
        ...env,
      },
    });
    const exited = once(child, 'exit');
    eachLine(child.stderr, (line) => {
      this.#lines.push(line);
      if (this.#lines.length > keptLines) this.#lines.shift();
      onLine?.(line);
    });
    const ready = new Promise<string>((resolve, reject) => {
      this.printed.length = 0;
      eachLine(child.stdout, (line) => {
        this.printed.push(line);
        if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
      });
      const timer = setTimeout(() => reject(new Error(`no ready line in ${startMs} ms:\n${this.output}`)), startMs);
      child.once('exit', (code) => reject(new Error(`the server exited ${code} before it was ready:\n${this.output}`)));
      child.once('error', reject);
      exited.finally(() => clearTimeout(timer)).catch(reject);
    });
    try {
      this.#now = { child, exited, signInLink: await ready, readyMs: performance.now() - since };
    } catch (cause) {
      child.kill('SIGKILL');
      throw cause;
    }
  }

  /** How the embedded database is reached, past the server. */
  async database(): Promise<{ host: string; port: number; user: string; password: string; database: string }> {
    const folder = join(this.home, 'postgres');
    const password = await readFile(join(folder, 'password'), 'utf8');
    return { host: join(folder, 'run'), port: 5432, user: 'omnigent', password, database: 'postgres' };
  }

  /** Live processes of this server's folder: itself, Postgres, runners and everything below them. */
  async processes(): Promise<FoundProcess[]> {
    return (await processesOf(this.folder)).filter(({ pid }) => pid !== this.#reaper.pid);
  }

  /**
   * Stops the server as a person would, ends its runners, checks that no process is left and removes the folder.
   * Throws when the server does not stop in time or something survives.
   */
  async stop(): Promise<void> {
    for (const visitor of this.#visitors.splice(0)) await visitor.leave();
    const stopped = await this.#stopServer();
    await this.#reap();
    await killProcessesOf(this.folder);
    await rm(this.folder, { recursive: true, force: true });
    if (stopped !== null) throw new Error(stopped);
  }

  /** Null, or what was wrong with the stop. */
  async #stopServer(): Promise<string | null> {
    const now = this.#now;
    this.#now = null;
    if (!now?.child.pid || now.child.exitCode !== null) return null;
    now.child.kill('SIGCONT');
    now.child.kill('SIGTERM');
    const timer = setTimeout(() => now.child.kill('SIGKILL'), stopMs);
    const [code, signal] = (await now.exited) as [number | null, string | null];
    clearTimeout(timer);
    return code === 0 ? null : `the server stopped with ${signal ?? code}:\n${this.output}`;
  }

  /** Tells the reaper that it is not needed; what it looks for must not be itself. */
  async #reap(): Promise<void> {
    if (this.#reaper.exitCode !== null) return;
    this.#reaper.ref();
    const gone = once(this.#reaper, 'exit');
    this.#reaper.stdin?.end('clean\n');
    await gone;
  }
}

/** The environment of a person who has set nothing of Omnigent's. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(OMNIGENT_|VITEST|DATABASE_URL|PORT$|NODE_)/.test(name),
  );
  return Object.fromEntries(entries) as NodeJS.ProcessEnv;
}

/** Below the range that outgoing connections use, so that nothing takes it while the server is down. */
async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) await new Promise((resolve) => probe.close(resolve));
    if (isFree) return port;
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}
