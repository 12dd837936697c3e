/**
 * Live runners: who is linked, how a runner is started, stopped, lost and confirmed dead. Knows the log and the host;
 * terminals reach it through the sink that main.ts gives it.
 */
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { type NewEvent, toLine } from '#protocol/event.ts';
import { newId, type SessionId, type TerminalId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import { fromRunnerSchema, runnerProtocol } from '#protocol/runner-message.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { hashToken, newToken } from '#server/auth/index.ts';
import type { Host } from '#server/host/index.ts';
import { expected, parseJson } from '#server/http/index.ts';
import type { Log } from '#server/session/index.ts';
import { type Hello, type LinkSink, RunnerLink } from './link.ts';
import { createRegistry, type ProcessIdentity, type RunnerRow } from './registry.ts';

/** What the terminal side does for a link. */
export interface Terminals {
  /** A runner greets: returns the sink for its terminal traffic and the offsets from which output is wanted. */
  linked(link: RunnerLink, hello: Hello): Promise<{ terminalId: TerminalId; offset: number }[]>;
  unlinked(link: RunnerLink): void;
  sink(link: RunnerLink): Omit<LinkSink, 'commit'>;
}

export interface RunnersDeps {
  sql: Sql;
  log: Log;
  host: Host;
  terminals: Terminals;
  home: string;
  isolation: Pick<Launch, 'isolation' | 'warning'>;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

export type Runners = ReturnType<typeof openRunners>;

/** A hello must follow the upgrade within this time, in ms. */
const helloMs = 5_000;
/** After a server start, living runners get this long to dial before their sessions are called unreachable, in ms. */
const dialMs = 4_000;
/** A state that could not be stored is tried again after this long, in ms. */
const retryMs = 1_000;

const running = new Set<SessionView['status']>(['starting', 'working', 'waiting', 'idle', 'unreachable']);

export function openRunners(deps: RunnersDeps) {
  const { log, host, note } = deps;
  const registry = createRegistry(deps.sql);
  const links = new Map<SessionId, RunnerLink>();
  const watches = new Map<SessionId, () => void>();
  /** Newest epoch begun by this server: news about an older one is old. */
  const newest = new Map<SessionId, number>();
  let isClosing = false;

  /** Starts a runner of a new epoch. `terminal` opens as soon as the checkout is there. */
  async function start(view: SessionView, includesChanges: boolean, terminal: Launch['terminal']): Promise<void> {
    const key = newToken('runner', deps.random);
    const runnerId = newId('runner', deps);
    const epoch = await registry.begin(view.id, runnerId, hashToken(key));
    newest.set(view.id, epoch);
    replace(view.id);
    const { branch, source } = view;
    try {
      const identity = await host.launch({
        ...deps.isolation,
        ...{ sessionId: view.id, runnerId, epoch, key, source, branch, includesChanges, terminal },
        serverFile: join(deps.home, 'server.json'),
        directory: join(deps.home, 'sessions', view.id),
      });
      await registry.launched(view.id, epoch, identity);
      watch(view.id, epoch, identity);
    } catch (cause) {
      note(`launch of ${view.id} failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      const fallback = 'the runner could not be started';
      const reason = cause instanceof AppError ? toLine(cause.message, 400, fallback) : fallback;
      await log.append(view.id, [{ type: 'session.failed', payload: { reason }, principal: 'server' }]);
    }
  }

  /** Whatever link the session has is of an older runner: nothing it says counts any more. */
  function replace(sessionId: SessionId): void {
    const link = links.get(sessionId);
    if (!link) return;
    links.delete(sessionId);
    deps.terminals.unlinked(link);
    link.close(4409, 'a newer runner has this session');
  }

  const isOld = (sessionId: SessionId, epoch: number): boolean => epoch < (newest.get(sessionId) ?? 0);

  function watch(sessionId: SessionId, epoch: number, identity: { pid: number; startTicks: number }): void {
    watches.get(sessionId)?.();
    const stop = host.watch(identity, () => {
      watches.delete(sessionId);
      insist(() => interrupt(sessionId, epoch, 'its runner process ended'));
    });
    watches.set(sessionId, stop);
  }

  /** What the log must hear is said again until it could be stored. */
  function insist(work: () => Promise<void>): void {
    work().catch((cause: unknown) => {
      note(`runner state not stored yet: ${String(cause)}`);
      if (!isClosing) setTimeout(() => insist(work), retryMs).unref();
    });
  }

  /** The process is confirmed gone: what ran in the session is over, and Resume is offered. */
  async function interrupt(sessionId: SessionId, epoch: number, reason: string): Promise<void> {
    if (isClosing) return;
    if (epoch !== (await registry.byId(sessionId))?.epoch) return;
    await log.append(sessionId, (view) => {
      if (!view || !running.has(view.status) || isOld(sessionId, epoch)) return [];
      const lost: NewEvent = { type: 'runner.lost', payload: { epoch, reason }, principal: 'server' };
      const gone: NewEvent = { type: 'session.interrupted', payload: { reason }, principal: 'server' };
      return view.status === 'unreachable' ? [gone] : [lost, gone];
    });
  }

  async function lost(sessionId: SessionId, epoch: number, reason: string): Promise<void> {
    if (isClosing) return;
    await log.append(sessionId, (view) => {
      const isStale = links.has(sessionId) || isOld(sessionId, epoch);
      const isCurrent = !isStale && view && running.has(view.status) && view.status !== 'unreachable';
      return isCurrent ? [{ type: 'runner.lost', payload: { epoch, reason }, principal: 'server' }] : [];
    });
  }

  /** A new socket of `/ws/runner`; its first message must be a hello that fits the key. Resolves when that is settled. */
  function accept(socket: WebSocket, key: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.close(4400, 'hello: expected first'), helloMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('message', (data: Buffer, isBinary: boolean) => {
        clearTimeout(timer);
        socket.pause();
        greet(socket, key, isBinary ? null : data.toString('utf8'))
          .catch((cause: unknown) => refuse(socket, cause))
          .finally(() => socket.resume())
          .then(resolve);
      });
    });
  }

  function refuse(socket: WebSocket, cause: unknown): void {
    const error = expected(cause);
    note(`runner refused: ${cause instanceof Error ? cause.message : String(cause)}`);
    socket.close(error?.facts.ws ?? 4503, error?.message ?? 'not now');
  }

  async function greet(socket: WebSocket, key: string, text: string | null): Promise<void> {
    const hello = parseHello(text);
    const row = await registry.byId(hello.sessionId);
    checkKey(row, hello, key);
    links.get(hello.sessionId)?.close(4503, 'replaced by a newer connection of the same runner');
    const link: RunnerLink = new RunnerLink({
      socket,
      hello,
      now: deps.now,
      log: note,
      sink: {
        output: (frame, raw) => sink.output(frame, raw),
        resized: (message) => sink.resized(message),
        gap: (message) => sink.gap(message),
        inputAcked: (message) => sink.inputAcked(message),
        activity: (message) => sink.activity(message),
        commit: async (event, dedupeKey) => {
          const fact = { ...event, principal: hello.runnerId, dedupeKey } as NewEvent;
          await log.append(hello.sessionId, [fact]);
        },
      },
    });
    const sink = deps.terminals.sink(link);
    links.set(hello.sessionId, link);
    socket.on('close', () => unlink(link));
    const { runnerId, epoch, isolation, warning } = hello;
    const connected = { runnerId, epoch, isolation, warning };
    await log.append(hello.sessionId, (view) => {
      const isWanted = view && (running.has(view.status) || view.status === 'interrupted');
      if (!isWanted)
        throw new AppError({ code: 'runner.refused', message: `the session is ${view?.status ?? 'gone'}` });
      return [{ type: 'runner.connected', payload: connected, principal: runnerId }];
    });
    link.send({ type: 'welcome', wanted: await deps.terminals.linked(link, hello) });
  }

  /** The link is gone, or replaced: nothing it still says counts. */
  function unlink(link: RunnerLink): void {
    deps.terminals.unlinked(link);
    if (links.get(link.sessionId) !== link) return;
    links.delete(link.sessionId);
    insist(() => lost(link.sessionId, link.epoch, 'its link closed'));
  }

  /** After a server start: runners that live dial by themselves; sessions whose runner is gone are interrupted. */
  async function recover(views: SessionView[]): Promise<void> {
    for (const view of views) {
      if (!running.has(view.status)) continue;
      const row = await registry.byId(view.id);
      if (row?.identity && !host.isAlive(row.identity)) await interrupt(view.id, row.epoch, 'its runner process ended');
      else if (row) await expect(view.id, row);
      else await interruptUnstarted(view.id);
    }
  }

  async function expect(sessionId: SessionId, row: RunnerRow): Promise<void> {
    if (row.identity) watch(sessionId, row.epoch, row.identity);
    const timer = setTimeout(() => {
      if (links.has(sessionId)) return;
      const reason = 'it has not dialled since the server started';
      insist(() => (row.identity ? lost(sessionId, row.epoch, reason) : interruptUnstarted(sessionId)));
    }, dialMs);
    timer.unref();
  }

  async function interruptUnstarted(sessionId: SessionId): Promise<void> {
    const reason = 'the server stopped before the runner had started';
    await log.append(sessionId, (view) =>
      view && running.has(view.status)
        ? [{ type: 'session.interrupted', payload: { reason }, principal: 'server' }]
        : [],
    );
  }

  /** Ends a runner that cannot be asked: SIGTERM, then SIGKILL. Resolves when the process is gone; the log is not told. */
  async function kill(sessionId: SessionId): Promise<void> {
    const row = await registry.byId(sessionId);
    if (!row?.identity || !host.isAlive(row.identity)) return;
    watches.get(sessionId)?.();
    watches.delete(sessionId);
    try {
      await host.kill(row.identity);
    } catch (cause) {
      watch(sessionId, row.epoch, row.identity);
      throw cause;
    }
  }

  return {
    start,
    accept,
    isKey: (key: string): Promise<boolean> => registry.hasKey(hashToken(key)),
    recover,
    kill,
    link: (sessionId: SessionId): RunnerLink | null => links.get(sessionId) ?? null,
    /** The session's newest runner process, alive or not. */
    async process(sessionId: SessionId): Promise<{ epoch: number; identity: ProcessIdentity } | null> {
      const row = await registry.byId(sessionId);
      return row?.identity ? { epoch: row.epoch, identity: row.identity } : null;
    },
    /** Stops watching; runners stay. */
    close(): void {
      isClosing = true;
      for (const stop of watches.values()) stop();
    },
  };
}

function parseHello(text: string | null): Hello {
  const parsed = text === null ? null : fromRunnerSchema.safeParse(parseJson(text));
  if (!parsed?.success || parsed.data.type !== 'hello') {
    throw new AppError({ code: 'input.invalid', message: 'the first message must be a valid hello' });
  }
  if (parsed.data.protocol !== runnerProtocol) {
    const message = `this runner speaks protocol ${parsed.data.protocol}, the server ${runnerProtocol}: resume the session`;
    throw new AppError({ code: 'runner.refused', message });
  }
  return parsed.data;
}

function checkKey(row: RunnerRow | null, hello: Hello, key: string): void {
  if (!row?.keyHash.equals(hashToken(key)) || row.runnerId !== hello.runnerId) {
    const isOlder = row !== null && hello.epoch < row.epoch;
    if (isOlder) throw new AppError({ code: 'runner.replaced', message: 'a newer runner has this session' });
    throw new AppError({ code: 'runner.refused', message: 'the key does not fit the session' });
  }
  if (row.epoch !== hello.epoch)
    throw new AppError({ code: 'runner.replaced', message: 'a newer runner has this session' });
}
