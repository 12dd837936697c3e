/** What measures run on: one real server for all that may share it, sessions on small repositories, and a clean end. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServerProcess, type ServerProcessOptions } from '#e2e/server-process.ts';
import type { Visitor } from '#e2e/visitor.ts';
import type { TerminalId } from '#protocol/id.ts';
import { CallSocket } from './call-socket.ts';
import type { Result } from './result.ts';
import type { Seeded } from './seed.ts';
import { seededEvents, seedHome } from './seed-home.ts';

const run = promisify(execFile);

export interface BenchOptions {
  /** Samples or rounds of each measure; null: its own number. */
  runs: number | null;
  /** Fewer samples, smaller data. */
  isQuick: boolean;
  note: (line: string) => void;
}

/** One of contract.md's names; several results where several sizes are measured. */
export interface Measure {
  name: string;
  run(stage: Stage, options: BenchOptions): Promise<Result[]>;
}

export interface Opened {
  sessionId: string;
  terminalId: TerminalId;
  checkout: string;
}

export interface SeededServer {
  server: ServerProcess;
  calls: CallSocket;
  data: Seeded;
}

export class Stage {
  readonly #servers: ServerProcess[] = [];
  #shared: Promise<ServerProcess> | null = null;
  readonly #seeded = new Map<number, Promise<SeededServer>>();
  readonly #people = new Map<string, Promise<Visitor>>();
  readonly #repositories = new Map<number, Promise<string>>();

  /** The server that measures share. */
  server(): Promise<ServerProcess> {
    this.#shared ??= this.ownServer();
    return this.#shared;
  }

  /** A server for one measure alone; it is stopped at the end, if the measure did not. */
  async ownServer(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const server = await ServerProcess.start(options);
    this.#servers.push(server);
    return server;
  }

  /** A server whose database holds `sessions` sessions of 50 events; the same one for everybody who asks. */
  seeded(sessions: number, note: (line: string) => void): Promise<SeededServer> {
    const known = this.#seeded.get(sessions) ?? this.#seed(sessions, note);
    this.#seeded.set(sessions, known);
    return known;
  }

  async #seed(sessions: number, note: (line: string) => void): Promise<SeededServer> {
    let data: Seeded | null = null;
    const server = await this.ownServer({
      onHome: async (home) => {
        const { ms, value } = await timed(() => seedHome(home, sessions));
        note(`seeded ${sessions} sessions of ${seededEvents} events in ${Math.round(ms / 1000)} s`);
        data = value;
      },
    });
    const calls = await CallSocket.open(await server.signIn());
    if (data === null) throw new Error('nothing was seeded');
    return { server, calls, data };
  }

  /** A person signed in to the shared server. */
  person(name = 'Ada'): Promise<Visitor> {
    const known = this.#people.get(name) ?? this.server().then((server) => server.signIn(name));
    this.#people.set(name, known);
    return known;
  }

  /** A git repository of `files` files, 20 lines each. */
  async repository(files = 20): Promise<string> {
    const { folder } = await this.server();
    const known = this.#repositories.get(files) ?? makeRepository(join(folder, `repository-${files}`), files);
    this.#repositories.set(files, known);
    return known;
  }

  /** A new session whose first terminal runs `command` (null: a shell). */
  async session(command: string[] | null, size = { cols: 80, rows: 24 }): Promise<Opened> {
    const ada = await this.person();
    const { terminalId, ...session } = await ada.api.session.create.mutate({
      dir: await this.repository(),
      command,
      ...size,
    });
    if (terminalId === null) throw new Error('no terminal');
    return { ...session, terminalId };
  }

  /** Ends a session and its runner, so that it costs nothing during what is measured next. */
  async end({ sessionId }: { sessionId: string }): Promise<void> {
    const ada = await this.person();
    await ada.api.session.end.mutate({ session: sessionId, discard: true });
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.stop();
  }
}

async function makeRepository(folder: string, files: number): Promise<string> {
  for (let at = 0; at < files; at += 100) await mkdir(join(folder, `folder-${at / 100}`), { recursive: true });
  for (let n = 0; n < files; n++) {
    await writeFile(join(folder, `folder-${Math.floor(n / 100)}`, `file-${n}.txt`), `line of file ${n}\n`.repeat(20));
  }
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
  await git('-c', 'init.defaultBranch=main', 'init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  return folder;
}

/** Time of one asynchronous piece of work, ms. */
async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const since = performance.now();
  const value = await work();
  return { ms: performance.now() - since, value };
}

/** Lets what was started settle; outside of what is measured. */
export const settle = (ms: number): Promise<void> => sleep(ms);
