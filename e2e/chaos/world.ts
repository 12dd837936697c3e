/** One chaos run's stage: a server, a repository, three people, a flood, a shell that is typed into, and who watches. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SessionEvent } from '#protocol/event.ts';
import type { TerminalId } from '#protocol/id.ts';
import type { ModelServer } from '../model/server.ts';
import type { Random } from '../random.ts';
import { ServerProcess } from '../server-process.ts';
import type { Visitor } from '../visitor.ts';
import { Watcher } from '../watcher.ts';
import { Commander } from './commander.ts';
import { Converser } from './converser.ts';
import { LinkProxy } from './link-proxy.ts';
import { Typist } from './typist.ts';
import { until } from './wait.ts';
import { ChromiumWindow } from './window.ts';

const run = promisify(execFile);
const floodFile = fileURLToPath(new URL('./program/flood.mjs', import.meta.url));
const typedFile = 'typed.txt';
/** Bytes a second of the flooding program; one emulator per watcher has to keep up on a small machine. */
const floodRates = [150_000, 400_000, 900_000] as const;

export interface World {
  server: ServerProcess;
  /** The runner's way to the server. */
  proxy: LinkProxy;
  people: Visitor[];
  sessionId: string;
  checkout: string;
  flood: TerminalId;
  shell: TerminalId;
  floodWatchers: Watcher[];
  shellWatchers: Watcher[];
  /** A real browser on the flooded terminal; null where none was asked for. */
  window: ChromiumWindow | null;
  typist: Typist;
  commander: Commander;
  converser: Converser;
  /** What each person's event subscription delivered, in order. */
  followed: SessionEvent[][];
  floodRate: number;
  /** Bytes the flooding program has written so far. */
  flooded(): number;
  endFlood(): Promise<void>;
  close(): Promise<void>;
}

export async function makeRepository(folder: string, files = 20): Promise<void> {
  await mkdir(folder, { recursive: true });
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
  await git('-c', 'init.defaultBranch=main', 'init', '-q');
  for (let n = 1; n <= files; n++) await writeFile(join(folder, `file-${n}.txt`), `line of file ${n}\n`.repeat(20));
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
}

/** Runners read `server.json` before each dial: from now on they come through the proxy. */
export async function divertRunners(server: ServerProcess, proxy: LinkProxy): Promise<void> {
  const path = join(server.home, 'server.json');
  const state = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(`${path}.chaos`, `${JSON.stringify({ ...state, url: proxy.url })}\n`, { mode: 0o644 });
  await rename(`${path}.chaos`, path);
}

export interface WorldOptions {
  /** The runner comes through the proxy, so that its link can be cut. */
  usesProxy: boolean;
  /** A real Chromium window watches too. */
  usesBrowser: boolean;
}

/** Everything is up and connected when this resolves. */
export async function openWorld(random: Random, options: WorldOptions): Promise<World> {
  const proxies: LinkProxy[] = [];
  const model = await Converser.openModel();
  const provider = { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'sk-scripted-model' };
  const server = await ServerProcess.start({
    // The proxy's Host header has to be one the server knows.
    onPort: async (port) => {
      const proxy = await LinkProxy.open(port);
      proxies.push(proxy);
      return { ...provider, ...(options.usesProxy && { OMNIGENT_URL: proxy.url }) };
    },
  });
  const [proxy] = proxies;
  if (!proxy) throw new Error('no proxy');
  try {
    if (options.usesProxy) await divertRunners(server, proxy);
    return await populate(server, { proxy, model }, random, options.usesBrowser);
  } catch (cause) {
    await proxy.close();
    await model.close();
    const { output } = server;
    await server.stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the stage could not be set: ${reason}\n${output}`, { cause });
  }
}

interface Beside {
  proxy: LinkProxy;
  model: ModelServer;
}

async function populate(
  server: ServerProcess,
  { proxy, model }: Beside,
  random: Random,
  usesBrowser: boolean,
): Promise<World> {
  const dir = join(server.folder, 'repository');
  await makeRepository(dir);
  await copyFile(floodFile, join(dir, 'flood.mjs'));
  const people = await Promise.all(['Ada', 'Ben', 'Cleo'].map((name) => server.signIn(name)));
  const [ada] = people;
  if (!ada) throw new Error('nobody signed in');
  const floodRate = random.pick(floodRates);
  // In the checkout, which is all that programs of the session see.
  const command = ['node', 'flood.mjs', String(floodRate), 'stop-flood', 'flood-count'];
  const {
    sessionId,
    checkout,
    terminalId: flood,
  } = await ada.api.session.create.mutate({ dir, includeChanges: true, command, cols: 100, rows: 30 });
  if (flood === null) throw new Error('no terminal');
  const [stopFile, countFile] = [join(checkout, 'stop-flood'), join(checkout, 'flood-count')];
  const open = async (cols: number, rows: number) =>
    (await ada.api.terminal.open.mutate({ session: sessionId, cols, rows })).terminalId;
  const shell = await open(80, 24);
  const wheels = [await open(80, 24), await open(80, 24)];
  const floodWatchers = people.map((visitor) => new Watcher({ visitor, terminalId: flood, random: random.next }));
  const typist = new Typist({
    type: (data) => driver?.type(data),
    file: join(checkout, typedFile),
    fileName: typedFile,
  });
  const shellWatchers = people.map(
    (visitor) =>
      new Watcher({
        ...{ visitor, terminalId: shell, random: random.next },
        onSent: (input) => typist.sent(input),
        onAnswered: (answer) => typist.answered(answer),
        onGivenUp: () => typist.givenUp(),
      }),
  );
  const [driver] = shellWatchers;
  const followed = people.map((visitor) => follow(visitor, sessionId));
  const converser = await Converser.open(model, ada, dir);
  const commander = new Commander({ people, sessionId, wheels, random });
  const window = usesBrowser ? await ChromiumWindow.open(server, { name: 'Dora', sessionId, tab: 'node' }) : null;
  const all = [...floodWatchers, ...shellWatchers];
  await until('every browser shows its terminal', () => all.every((watcher) => watcher.isLive), 20_000);
  return {
    ...{ server, proxy, people, sessionId, checkout, flood, shell, floodWatchers, shellWatchers, window },
    ...{ typist, commander, converser, followed, floodRate },
    flooded: () => Number(readFileSync(countFile, 'utf8')),
    endFlood: () => writeFile(stopFile, ''),
    async close() {
      typist.stop();
      await commander.stop();
      await converser.stop();
      for (const watcher of all) watcher.stop();
      await window?.close();
      await proxy.close();
      await server.stop();
      await model.close();
    },
  };
}

/** The session's events as a tab gets them: one subscription that resumes by itself. */
function follow(visitor: Visitor, session: string): SessionEvent[] {
  const events: SessionEvent[] = [];
  visitor.api.session.events.subscribe(
    { session, after: 0 },
    { onData: ({ data }) => void events.push(data as SessionEvent), onError: () => undefined },
  );
  return events;
}
