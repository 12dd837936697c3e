/** Starts the server in this process and takes it apart again, in order. Knows every part, decides nothing. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, openDatabase } from '#db/client.ts';
import { type Embedded, openEmbedded } from '#db/embedded.ts';
import { detectIsolation, scrubEnvironment } from '#runner/sandbox/index.ts';
import { createCheckouts, createHarnesses, createHost, npmEnvironment } from '#server/host/index.ts';
import { unfinished } from '#server/runner/index.ts';
import { anchorFileOf, openAnchors } from '#server/session/index.ts';
import type { Judge } from '#server/turn/index.ts';
import type { Config } from './config.ts';
import { openEntrance } from './entrance.ts';
import type { Pages } from './page.ts';
import { openParts } from './parts.ts';

export interface BootOptions {
  config: Config;
  /** Root of the installed project: dist/, db/migrations/. */
  root: string;
  version: string;
  /** The runner's program; default `dist/runner.js` below the root. */
  runnerFile?: string;
  /** Starts whatever renders the pages. */
  openPages: () => Promise<Pages>;
  /** One line for whoever waits for the start. */
  progress: (line: string) => void;
  note: (line: string) => void;
  /** Who decides about actions; the default allows and records. */
  judge?: Judge;
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

/** Resolves when requests are answered. What was started before a failure is stopped again. */
export async function boot(options: BootOptions): Promise<Running> {
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (let close = closers.pop(); close; close = closers.pop()) {
      try {
        await close();
      } catch (cause) {
        options.note(`stop: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      }
    }
  };
  try {
    return { ...(await start(options, (close) => closers.push(close))), stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function start(options: BootOptions, onStop: (close: () => unknown) => void): Promise<Omit<Running, 'stop'>> {
  const { config, root, note } = options;
  const serverFile = join(config.home, 'server.json');
  await prepareHome(config.home);
  const isolation = judgeIsolation(note);
  const pages = options.openPages();
  onStop(() => pages.then((opened) => opened.close()));
  const { database, embedded } = await openStorage(options, onStop);
  const { runnerFile = join(root, 'dist', 'runner.js') } = options;
  const checkouts = createCheckouts({
    ...{ home: config.home, env: process.env, log: note },
    program: join(root, 'dist', 'checkout.js'),
    isolation: isolation.then((facts) => facts.isolation),
    method: config.checkouts,
  });
  const host = createHost({ home: config.home, runnerFile, checkouts, serverFile, env: process.env, log: note });
  onStop(() => host.close());
  let url = '';
  const { sql } = database;
  const programs = withPinned(config.agents.programs, root);
  const { services, gateway, credentials, ledger, deadlines, close } = await openParts({
    ...{ sql, home: config.home, host, now, random, note, url: () => url },
    compareCheckouts: checkouts.compare,
    removeCheckout: checkouts.remove,
    providers: config.providers,
    secretKey: config.secretKey,
    nextSecretKey: config.nextSecretKey,
    allowsLoopbackPush: config.allowsLoopbackPush,
    judge: options.judge,
    agents: { ...config.agents, programs },
    harnesses: createHarnesses({
      home: config.home,
      note,
      env: { PATH: scrubEnvironment(process.env).PATH, ...programs },
      npmEnv: npmEnvironment(process.env),
    }),
    isolation: await isolation,
    hasRoom: async () => embedded?.hasRoom() ?? true,
    pids: () => ({ server: process.pid, postgres: embedded?.pid() ?? null }),
  });
  const { auth, log, notify, runners } = services;
  const anchors = openAnchors({
    ...{ sql, source: log, clock: { now }, log: note },
    file: anchorFileOf(config.home),
  });
  onStop(() => anchors.stop());
  onStop(close);
  await anchors.start();
  const isDatabaseUp = () =>
    sql`select 1`.then(
      () => true,
      () => false,
    );
  await deadlines.recover();
  const entrance = await openEntrance({
    config,
    services,
    gateway,
    credentials,
    pages: (await pages).handle,
    isDatabaseUp,
  });
  onStop(entrance.close);
  url = entrance.url;
  await auth.ensureCliToken(config.home, config.user);
  const startedAt = new Date(now()).toISOString();
  const publish = () =>
    writeServerFile(serverFile, {
      ...{ pid: process.pid, url: entrance.localUrl, startedAt, version: options.version },
      postgres: embedded && { pid: embedded.pid(), port: embedded.port },
    });
  await publish();
  onStop(() => rm(serverFile, { force: true }));
  embedded?.onRestart(() => void publish().catch((cause: unknown) => note(`server.json: ${String(cause)}`)));
  await ledger.recover();
  await runners.recover(await unfinished(log));
  await notify.recover();
  host.keepSpare((await isolation).isolation);
  return { url, signIn: async () => `${url}/sign-in#t=${await auth.createLink(config.user)}` };
}

/** The CLIs that tests pin come last. */
function withPinned(programs: Readonly<Record<string, string>>, root: string): Record<string, string> {
  const pinned = join(root, 'e2e', 'agents', 'node_modules', '.bin');
  return { ...programs, OMNIGENT_AGENT_PATH: `${programs.OMNIGENT_AGENT_PATH ?? ''}:${pinned}` };
}

/** Whoever starts the server reads what programs go without here, and what to do about it. */
async function judgeIsolation(note: BootOptions['note']): ReturnType<typeof detectIsolation> {
  const facts = await detectIsolation();
  if (facts.warning !== null) note(`warning: ${facts.warning}`);
  return facts;
}

/** Your database, or the embedded one; where another server has that in use it is left running. */
async function openStorage(
  { config, root, note, progress, onFatal }: BootOptions,
  onStop: (close: () => unknown) => void,
): Promise<{ database: Database; embedded: Embedded | null }> {
  const embedded = config.databaseUrl ? null : await openEmbedded({ home: config.home, log: note, progress, random });
  const database = await openDatabase({
    at: embedded ? { embedded: embedded.address } : { url: config.databaseUrl ?? '' },
    migrationsFolder: join(root, 'db', 'migrations'),
    log: note,
    onLockLost: onFatal,
  }).catch((cause: unknown) => {
    embedded?.release();
    throw cause;
  });
  onStop(() => embedded?.stop());
  onStop(() => database.close());
  return { database, embedded };
}

/** 0700, as root 0711: then other users' parts (the database's) are reachable below it, but nothing can be listed. */
async function prepareHome(home: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(home, { recursive: true, mode });
  await chmod(home, mode);
}

/** Runners read it, which may be another user. It holds nothing secret. */
async function writeServerFile(path: string, state: object): Promise<void> {
  await writeFile(`${path}.next`, `${JSON.stringify(state)}\n`, { mode: 0o644 });
  await rename(`${path}.next`, path);
}

/** The version in package.json. */
export async function readVersion(root: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
