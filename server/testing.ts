/** For tests: a whole server on a real database and a real port, with a clock to drive and a host that launches nothing. */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientOptions, WebSocket } from 'ws';
import type { Sql } from '#db/client.ts';
import { openTestDatabase } from '#db/testing.ts';
import type { PersonId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Services } from '#server/api/index.ts';
import { createHarnesses, type Host, type ProcessIdentity } from '#server/host/index.ts';
import type { CompareCheckouts } from '#server/runner/index.ts';
import { type Judge, recordingJudge } from '#server/turn/index.ts';
import type { Config } from './config.ts';
import { openEntrance } from './entrance.ts';
import { openParts, type Parts } from './parts.ts';

export const random = (bytes: Uint8Array): void => void randomFillSync(bytes);

/** Remembers what was to be launched; the test plays the runner. */
export class TestHost implements Host {
  readonly launches: Launch[] = [];
  readonly #alive = new Set<number>();
  readonly #watchers = new Map<number, () => void>();
  /** Thrown by the next launch. */
  failure: Error | null = null;

  async launch(launch: Launch) {
    if (this.failure) throw this.failure;
    this.launches.push(launch);
    const pid = this.launches.length;
    this.#alive.add(pid);
    return { pid, outerPid: pid, startTicks: 1 };
  }

  keepSpare(): void {
    // Nothing is ever started.
  }

  isAlive({ pid }: ProcessIdentity): boolean {
    return this.#alive.has(pid);
  }

  async kill({ pid }: ProcessIdentity): Promise<void> {
    this.die(pid);
  }

  /** The process ends. */
  die(pid: number): void {
    this.#alive.delete(pid);
    const tell = this.#watchers.get(pid);
    this.#watchers.delete(pid);
    tell?.();
  }

  watch({ pid }: ProcessIdentity, onGone: () => void): () => void {
    if (this.#alive.has(pid)) this.#watchers.set(pid, onGone);
    else queueMicrotask(onGone);
    return () => this.#watchers.delete(pid);
  }

  async children(): Promise<never[]> {
    return [];
  }

  close(): void {
    this.#watchers.clear();
  }
}

export interface Visitor {
  personId: PersonId;
  /** Value of the Cookie header. */
  cookie: string;
}

export interface TestServer {
  url: string;
  home: string;
  sql: Sql;
  services: Services;
  /** What is due is stated when the test says so, too. */
  deadlines: Parts['deadlines'];
  host: TestHost;
  /** Lines of the server's log. */
  lines: string[];
  /** Moves the server's clock on. */
  advance(ms: number): void;
  /** Who decides about actions; tests put in their own. */
  judging: { judge: Judge };
  /** What removing a checkout answers. */
  removal: StopResult;
  /** How the checkouts of two sessions differ. */
  compare: CompareCheckouts;
  signIn(name?: string): Promise<Visitor>;
  /** An API token as the CLI has it, for `Authorization: Bearer`. */
  token(name?: string): Promise<string>;
  request(path: string, init?: RequestInit): Promise<Response>;
  socket(path: string, headers?: Record<string, string>, options?: ClientOptions): TestSocket;
  /** Ends as kill -9 would: nothing is recorded any more. What it leaves is for the next server, which closes it. */
  crash(): Promise<Remains>;
  close(): Promise<void>;
}

/** What outlives a server. */
export interface Remains {
  home: string;
  sql: Sql;
  host: TestHost;
  closeDatabase: () => Promise<void>;
}

async function freshMachine(): Promise<Remains> {
  const { sql, close } = await openTestDatabase();
  const home = await mkdtemp(join(tmpdir(), 'omnigent-server-'));
  return { home, sql, host: new TestHost(), closeDatabase: close };
}

/** Everything that arrived on a socket, and how it ended. */
export class TestSocket extends WebSocket {
  readonly texts: string[] = [];
  readonly frames: Buffer[] = [];
  /** HTTP status of a refused upgrade. */
  readonly refused: Promise<number | null>;
  /** Resolves with the code it was closed with. */
  readonly ended: Promise<number>;
  reason = '';

  constructor(url: string, options: ClientOptions) {
    super(url, { perMessageDeflate: false, ...options });
    this.on('error', () => undefined);
    this.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames.push(data);
      else this.texts.push(data.toString());
    });
    this.refused = new Promise((resolve) => {
      this.on('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      this.on('open', () => resolve(null));
    });
    this.ended = new Promise((resolve) => {
      this.on('close', (code, reason) => {
        this.reason = reason.toString();
        resolve(code);
      });
    });
  }

  get json(): unknown[] {
    return this.texts.map((text) => JSON.parse(text));
  }

  async opened(): Promise<this> {
    if ((await this.refused) !== null) throw new Error(`refused with ${await this.refused}`);
    return this;
  }
}

const noProviders = { anthropic: { baseUrl: null, key: null }, openai: { baseUrl: null, key: null } };

const config = (home: string, change: Partial<Config>): Config => ({
  ...{ home, port: 0, listen: '127.0.0.1', publicUrl: null, allowsHttp: false, databaseUrl: null, user: 'ada' },
  providers: noProviders,
  secretKey: null,
  nextSecretKey: null,
  allowsLoopbackPush: false,
  checkouts: 'copy',
  agents: { programs: {}, holdMs: 600_000 },
  ...change,
});

const pages: Parameters<typeof openEntrance>[0]['pages'] = async (request, response) => {
  if (request.url?.startsWith('/no-such-page')) response.statusCode = 404;
  response.setHeader('Content-Type', 'text/html');
  response.end(`<script nonce="${/'nonce-([^']+)'/.exec(String(request.headers['content-security-policy']))?.[1]}">`);
};

/** The caller closes it. Pages are one line of text with the nonce they were given. */
export async function openTestServer(
  change: Partial<Config> = {},
  before?: Remains,
  { trustedCa }: { trustedCa?: string } = {},
): Promise<TestServer> {
  const { home, sql, host, closeDatabase } = before ?? (await freshMachine());
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const settings = config(home, change);
  const { providers, secretKey, nextSecretKey, allowsLoopbackPush, agents } = settings;
  let skew = 0;
  const judging = { judge: recordingJudge };
  let url = '';
  const { services, gateway, credentials, ledger, deadlines, close } = await openParts({
    ...{ sql, home, host, random, note, url: () => url, now: () => Date.now() + skew },
    isolation: { isolation: 'namespaces', warning: null },
    ...{ removeCheckout: async () => server.removal, compareCheckouts: (options) => server.compare(options) },
    hasRoom: async () => true,
    pids: () => ({ server: process.pid, postgres: null }),
    ...{ providers, secretKey, nextSecretKey, allowsLoopbackPush, agents, trustedCa, pushRetryMs: [5, 5] },
    harnesses: createHarnesses({ home, note, env: process.env, npmEnv: process.env }),
    judge: (action, view) => judging.judge(action, view),
  });
  await Promise.all([ledger.recover(), deadlines.recover(), services.notify.recover()]);
  const entrance = await openEntrance({
    config: settings,
    services,
    gateway,
    credentials,
    isDatabaseUp: async () => true,
    pages,
  });
  url = entrance.url;
  const sockets = new Set<TestSocket>();
  const server: TestServer = {
    ...{ url, home, sql, services, deadlines, host, lines, judging },
    removal: { checkout: 'unchanged', reason: null },
    compare: async () => ({ patch: '', isCut: false, files: [] }),
    advance(ms) {
      skew += ms;
    },
    request: (path, init) => fetch(`${url}${path}`, { redirect: 'manual', ...init }),
    socket(path, headers = {}, options = {}) {
      const socket = new TestSocket(`${entrance.localUrl.replace(/^http/, 'ws')}${path}`, { ...options, headers });
      sockets.add(socket);
      return socket;
    },
    async signIn(name = 'ada') {
      const response = await server.request('/api/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url },
        body: JSON.stringify({ token: await services.auth.createLink(name) }),
      });
      const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const { personId } = await services.auth.personNamed(name);
      return { personId, cookie };
    },
    async token(name = 'ada') {
      const { personId } = await services.auth.personNamed(name);
      const token = `key_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')}`;
      const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token)));
      await sql`insert into api_tokens (token_hash, person_id, label, created_at) values (${hash}, ${personId}, 'test', now())`;
      return token;
    },
    async crash() {
      services.runners.close();
      for (const socket of sockets) socket.terminate();
      entrance.close();
      await close();
      return { home, sql, host, closeDatabase };
    },
    async close() {
      const { closeDatabase } = await server.crash();
      await closeDatabase();
      await rm(home, { recursive: true, force: true });
    },
  };
  return server;
}

/** Headers of a browser tab of this server. */
export const tab = (server: TestServer, visitor: Visitor): Record<string, string> => ({
  cookie: visitor.cookie,
  origin: server.url,
});
