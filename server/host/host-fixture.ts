/** A small real runner for the host's tests: starts one wrapped program per launch and says when it runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { newId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import { createHost, type Host } from './index.ts';

const source = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { noSandbox } from '#runner/sandbox/index.ts';
const input = await text(process.stdin);
if (input === '') process.exit(0);
const launch = JSON.parse(input);
process.title = 'node runner ' + launch.directory;
process.on('SIGTERM', () => { if (launch.branch !== 'stubborn') process.exit(0); });
const { command } = launch.terminal;
const program = await noSandbox(launch.isolation, process.env).wrap({ command, cwd: launch.directory });
spawn(program.file, program.args, { env: program.env, cwd: program.cwd, stdio: 'ignore' });
const facts = { pid: process.pid, argv: process.argv, env: process.env, key: launch.key, serverFile: launch.serverFile };
writeFileSync(launch.directory + '/ready.json', JSON.stringify(facts));
console.error('runner is up');
setInterval(() => {}, 1000);
`;

export interface HostFixture {
  home: string;
  host: Host;
  runnerFile: string;
  lines: string[];
  /** A launch whose program is `sh -c script`; the session's folder is in every command line, so they can be found. */
  launch(options: { isolation: Launch['isolation']; script: string; isStubborn?: boolean }): Launch;
  /** What the runner wrote once its program was started. */
  ready(
    launch: Launch,
  ): Promise<{ pid: number; argv: string[]; env: Record<string, string>; key: string; serverFile: string }>;
  close(): Promise<void>;
}

/** Polls until `read` gives something; fails after 20 s. */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = await read();
    if (value) return value as Exclude<T, null | undefined | false>;
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
    await sleep(5);
  }
}

/** Pids of live processes with `mark` in their command line; zombies have none. */
export function findMarked(mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(mark) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

/** Bundled as the product's runner is: one file that plain node runs. */
export async function openHostFixture(env: Record<string, string | undefined> = process.env): Promise<HostFixture> {
  const home = await mkdtemp(join(tmpdir(), 'omnigent-host-'));
  await chmod(home, 0o711);
  const runnerFile = join(home, 'runner.mjs');
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: runnerFile,
    logLevel: 'error',
  });
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const checkouts = { make: async () => undefined };
  const host = createHost({ home, runnerFile, checkouts, serverFile: join(home, 'server.json'), env, log });
  const ids = { now: Date.now, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
  return {
    home,
    host,
    runnerFile,
    lines,
    launch({ isolation, script, isStubborn = false }) {
      const sessionId = newId('session', ids);
      return {
        sessionId,
        runnerId: newId('runner', ids),
        epoch: 1,
        key: 'k'.repeat(43),
        serverFile: 'replaced by the host',
        directory: join(home, 'sessions', sessionId),
        source: home,
        branch: isStubborn ? 'stubborn' : null,
        includesChanges: false,
        isolation,
        sandbox: 'none',
        warning: null,
        author: null,
        programs: {},
        holdMs: 600_000,
        policy: null,
        agent: null,
        terminal: {
          terminalId: newId('terminal', ids),
          name: 'shell',
          command: ['/bin/sh', '-c', script, join(home, 'sessions', sessionId)],
          cols: 80,
          rows: 24,
        },
      };
    },
    ready: async (launch) =>
      JSON.parse(
        await until('the runner', () => readFile(join(launch.directory, 'ready.json'), 'utf8').catch(() => null)),
      ),
    async close() {
      host.close();
      await until('the end of all processes', () => {
        const left = findMarked(home);
        for (const pid of left) killIfThere(pid);
        return left.length === 0;
      });
      await rm(home, { recursive: true, force: true });
    },
  };
}
