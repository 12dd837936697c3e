/** Puts the server together and takes it apart again, in order. Knows every part, decides nothing. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openDatabase } from '#db/client.ts';
import { openEmbedded } from '#db/embedded.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { removeCheckout } from '#runner/checkout/index.ts';
import { detectIsolation } from '#runner/sandbox/index.ts';
import { createTrpc, type Services, type Topics } from '#server/api/index.ts';
import { openAuth } from '#server/auth/index.ts';
import { createBus } from '#server/bus/index.ts';
import { createHost } from '#server/host/index.ts';
import { createCookieJar, createHandler, createOrigins, createUpgrades } from '#server/http/index.ts';
import { createPresence } from '#server/presence/index.ts';
import { createLifecycle, openRunners } from '#server/runner/index.ts';
import { type Log, openAnchors, openLog, type SessionPage } from '#server/session/index.ts';
import { openTerminals } from '#server/terminal/index.ts';
import type { Config } from './config.ts';
import { openPages } from './page.ts';

export interface BootOptions {
  config: Config;
  /** Root of the installed project: dist/, db/migrations/, .next/. */
  root: string;
  version: string;
  isDev: boolean;
  /** One line for whoever waits for the start. */
  progress: (line: string) => void;
  note: (line: string) => void;
  /** The server cannot go on. */
  onFatal: (cause: Error) => void;
}

export interface Running {
  url: string;
  /** A one-time sign-in link for the person who started the server. */
  signIn(): Promise<string>;
  stop(): Promise<void>;
}

const now = () => Date.now();
const random = (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length));

export async function boot(options: BootOptions): Promise<Running> {
  const { config, root, note, progress } = options;
  await prepareHome(config.home);
  const isolation = detectIsolation();
  const pages = openPages({ root, isDev: options.isDev });
  pages.catch(() => undefined);
  const embedded = config.databaseUrl ? null : await openEmbedded({ home: config.home, log: note, progress, random });
  const database = await openDatabase({
    at: embedded ? { embedded: embedded.address } : { url: config.databaseUrl ?? '' },
    migrationsFolder: join(root, 'db', 'migrations'),
    log: note,
    onLockLost: options.onFatal,
  }).catch((cause: unknown) => {
    embedded?.release();
    throw cause;
  });
  const { sql } = database;
  const bus = createBus<Topics>((error, topic) => note(`bus ${topic}: ${String(error)}`));
  const log = await openLog({
    sql,
    bus,
    clock: { now },
    random,
    log: note,
  });
  const anchors = openAnchors({
    file: join(config.home, 'anchors.jsonl'),
    sql,
    source: log,
    clock: { now },
    log: note,
  });
  await anchors.start();
  const auth = openAuth({ sql, log, now, random });
  const host = createHost({
    home: config.home,
    runnerFile: join(root, 'dist', 'runner.js'),
    serverFile: join(config.home, 'server.json'),
    env: process.env,
    log: note,
  });
  const terminals = openTerminals({ sql, log, bus, now, note });
  const runners = openRunners({
    ...{ sql, log, host, now, random, note },
    home: config.home,
    terminals: terminals.port,
    isolation: await isolation,
  });
  const lifecycle = createLifecycle({
    ...{ log, runners, now, random, removeCheckout },
    home: config.home,
    onTerminal: terminals.expect,
  });
  const presence = createPresence({ bus, now });
  let url = '';
  const pids = () => ({ server: process.pid, postgres: embedded?.pid() ?? null });
  const services: Services = {
    ...{ auth, bus, host, lifecycle, log, presence, runners, terminals, pids, now, random },
    url: () => url,
  };
  const trpc = createTrpc({ services, note });
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    maxHeaderSize: 16_384,
    connectionsCheckingInterval: 2_000,
  });
  const port = await listen(server, config);
  url =
    config.publicUrl ??
    `http://${config.listen.includes(':') ? `[${config.listen}]` : reachable(config.listen)}:${port}`;
  const origins = createOrigins({ listen: config.listen, port, publicUrl: config.publicUrl });
  const cookies = createCookieJar(config.allowsHttp);
  const upgrades = createUpgrades({
    ...{ origins, cookies, auth, log: note },
    events: trpc.socket,
    terminal: (socket, request, person) => {
      terminals.attach(socket, request.url ?? '/', person).catch((cause: unknown) => {
        const error = cause instanceof AppError ? cause : null;
        if (!error) note(`terminal socket: ${String(cause)}`);
        socket.close(error?.facts.ws ?? 4503, (error?.message ?? 'try again').slice(0, 120));
      });
    },
    runner: runners.accept,
  });
  const page = await pages;
  const ready = async () => {
    const database = await sql`select 1`.then(
      () => true,
      () => false,
    );
    return { database, migrations: true };
  };
  server.on(
    'request',
    createHandler({ ...{ origins, cookies, auth, ready, now, log: note }, trpc: trpc.http, pages: page.handle }),
  );
  server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head));
  await auth.ensureCliToken(config.home, config.user);
  const serverFile = join(config.home, 'server.json');
  const started = { startedAt: new Date(now()).toISOString(), version: options.version };
  const writeState = () =>
    writeServerFile(serverFile, {
      pid: process.pid,
      url: `http://${reachable(config.listen)}:${port}`,
      ...started,
      postgres: postgresOf(embedded),
    });
  await writeState();
  embedded?.onRestart(() => void writeState().catch((cause: unknown) => note(`server.json: ${String(cause)}`)));
  await runners.recover(await unfinished(log));

  return {
    url,
    signIn: async () => `${url}/sign-in#t=${await auth.createLink(config.user)}`,
    async stop() {
      upgrades.close();
      runners.close();
      host.close();
      server.close();
      server.closeAllConnections();
      await terminals.close();
      await log.close();
      await anchors.stop();
      await rm(serverFile, { force: true });
      await database.close();
      await embedded?.stop();
      await page.close();
    },
  };
}

/** Every session that may have a runner. */
async function unfinished(log: Log): Promise<SessionView[]> {
  const views: SessionView[] = [];
  for (const group of ['needs', 'working', 'idle'] as const) {
    let cursor: string | null = null;
    do {
      const page: SessionPage = await log.list({ group, cursor, limit: 200 });
      views.push(...page.sessions);
      cursor = page.next;
    } while (cursor !== null);
  }
  return views;
}

const postgresOf = (embedded: { pid(): number; port: number } | null) =>
  embedded && { pid: embedded.pid(), port: embedded.port };

/** An address that this machine can dial. */
const reachable = (listen: string): string => (listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen);

/** 0700, as root 0711: then other users' parts (the database's) are reachable below it, but nothing can be listed. */
async function prepareHome(home: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(home, { recursive: true, mode });
  await chmod(home, mode);
}

function listen(server: Server, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const message = isTaken
        ? `port ${config.port} is taken; set PORT to another one (0 = any free)`
        : `cannot listen on ${config.listen}:${config.port}: ${cause.message}`;
      reject(new AppError({ code: isTaken ? 'port.taken' : 'input.invalid', message, cause }));
    });
    server.listen({ port: config.port, host: config.listen }, () => resolve((server.address() as AddressInfo).port));
  });
}

async function writeServerFile(path: string, state: object): Promise<void> {
  await writeFile(`${path}.next`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${path}.next`, path);
}

/** The version in package.json. */
export async function readVersion(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
