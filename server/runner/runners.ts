/**
 * Live runners: who is linked, how a runner is started, stopped, lost and confirmed dead. Knows the log and the host;
 * terminals reach it through the sink that main.ts gives it.
 */
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { type Fact, type NewEvent, toLine } from '#protocol/event.ts';
import { newId, type SessionId, type TerminalId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import { fromRunnerSchema, runnerProtocol, type TextDelta } from '#protocol/runner-message.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { nextAgent, noTurns, orphanedBy } from '#protocol/turn-view.ts';
import { hashToken, newToken } from '#server/auth/index.ts';
import type { Host } from '#server/host/index.ts';
import { expected, parseJson } from '#server/http/index.ts';
import type { Log } from '#server/session/index.ts';
import { type Hello, type LinkSink, RunnerLink } from './link.ts';
import { createRegistry, type ProcessIdentity, type Registry, type RunnerRow } from './registry.ts';

/** What the terminal side does for a link. */
export interface Terminals {
  /** A runner greets: returns the sink for its terminal traffic and the offsets from which output is wanted. */
  linked(link: RunnerLink, hello: Hello): Promise<{ terminalId: TerminalId; offset: number }[]>;
  unlinked(link: RunnerLink): void;
  sink(link: RunnerLink): Omit<LinkSink, 'commit' | 'delta'>;
}

/** What the side of agents does for a link. */
export interface TurnPort {
  /** The runner was welcomed: it is told what it may have missed. */
  linked(link: RunnerLink, hello: Hello): Promise<void>;
  /** Commits a fact about turns, items, actions and files. */
  commit(sessionId: SessionId, fact: Fact, principal: string, dedupeKey: string): Promise<void>;
  delta(sessionId: SessionId, delta: TextDelta): void;
}

export interface RunnersDeps {
  sql: Sql;
  log: Log;
  host: Host;
  terminals: Terminals;
  turns: TurnPort;
  /** Where runners find agent programs, and how long they hold an action. */
  agents: Pick<Launch, 'programs' | 'holdMs'>;
  home: string;
  isolation: Pick<Launch, 'isolation' | 'warning'>;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

/** A hello must follow the upgrade within this time, in ms. */
const helloMs = 5_000;
/** After a server start, living runners get this long to dial before their sessions are called unreachable, in ms. */
const dialMs = 4_000;
/** Sessions looked after at once at a server start: their events share commits, and the database is not flooded. */
const recoveredAtOnce = 200;
/** A state that could not be stored is tried again after this long, in ms. */
const retryMs = 1_000;

const running = new Set<SessionView['status']>(['starting', 'working', 'waiting', 'idle', 'unreachable']);

export class Runners {
  readonly #deps: RunnersDeps;
  readonly #registry: Registry;
  readonly #links = new Map<SessionId, RunnerLink>();
  /** Sessions of linked runners by the hash of their key. */
  readonly #keys = new Map<string, SessionId>();
  readonly #watches = new Map<SessionId, () => void>();
  /** Newest epoch begun by this server: news about an older one is old. */
  readonly #newest = new Map<SessionId, number>();
  #isClosing = false;

  constructor(deps: RunnersDeps) {
    this.#deps = deps;
    this.#registry = createRegistry(deps.sql);
  }

  /** Starts a runner of a new epoch. `terminal` opens as soon as the checkout is there. */
  async start(view: SessionView, includesChanges: boolean, terminal: Launch['terminal']): Promise<void> {
    const { log, host, note } = this.#deps;
    const key = newToken('runner', this.#deps.random);
    const runnerId = newId('runner', this.#deps);
    const epoch = await this.#registry.begin(view.id, runnerId, hashToken(key));
    this.#newest.set(view.id, epoch);
    this.#replace(view.id);
    const { branch, source } = view;
    const agent = nextAgent(view.turns ?? noTurns);
    try {
      const identity = await host.launch({
        ...this.#deps.isolation,
        ...this.#deps.agents,
        ...{ sessionId: view.id, runnerId, epoch, key, source, branch, includesChanges, agent, terminal },
        serverFile: join(this.#deps.home, 'server.json'),
        directory: join(this.#deps.home, 'sessions', view.id),
      });
      await this.#registry.launched(view.id, epoch, identity);
      this.#watch(view.id, epoch, identity);
    } catch (cause) {
      note(`launch of ${view.id} failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      const fallback = 'the runner could not be started';
      const reason = cause instanceof AppError ? toLine(cause.message, 400, fallback) : fallback;
      await log.append(view.id, [{ type: 'session.failed', payload: { reason }, principal: 'server' }]);
    }
  }

  /** Whatever link the session has is of an older runner: nothing it says counts any more. */
  #replace(sessionId: SessionId): void {
    const link = this.#links.get(sessionId);
    if (!link) return;
    this.#links.delete(sessionId);
    this.#forget(sessionId);
    this.#deps.terminals.unlinked(link);
    link.close(4409, 'a newer runner has this session');
  }

  #forget(sessionId: SessionId): void {
    for (const [hash, id] of this.#keys) if (id === sessionId) this.#keys.delete(hash);
  }

  #isOld(sessionId: SessionId, epoch: number): boolean {
    return epoch < (this.#newest.get(sessionId) ?? 0);
  }

  #watch(sessionId: SessionId, epoch: number, identity: { pid: number; startTicks: number }): void {
    const { host } = this.#deps;
    this.#watches.get(sessionId)?.();
    const stop = host.watch(identity, () => {
      this.#watches.delete(sessionId);
      this.#insist(() => this.#interrupt(sessionId, epoch, 'its runner process ended'));
    });
    this.#watches.set(sessionId, stop);
  }

  /** What the log must hear is said again until it could be stored. */
  #insist(work: () => Promise<void>): void {
    const { note } = this.#deps;
    work().catch((cause: unknown) => {
      note(`runner state not stored yet: ${String(cause)}`);
      if (!this.#isClosing) setTimeout(() => this.#insist(work), retryMs).unref();
    });
  }

  /** The process is confirmed gone: what ran in the session is over, and Resume is offered. */
  async #interrupt(sessionId: SessionId, epoch: number, reason: string): Promise<void> {
    const { log } = this.#deps;
    if (this.#isClosing) return;
    if (epoch !== (await this.#registry.byId(sessionId))?.epoch) return;
    await log.append(sessionId, (view) => {
      if (!view || !running.has(view.status) || this.#isOld(sessionId, epoch)) return [];
      const lost: NewEvent = { type: 'runner.lost', payload: { epoch, reason }, principal: 'server' };
      const gone = endedBy(view, { type: 'session.interrupted', payload: { reason }, principal: 'server' }, reason);
      return view.status === 'unreachable' ? gone : [lost, ...gone];
    });
  }

  async #lost(sessionId: SessionId, epoch: number, reason: string): Promise<void> {
    const { log } = this.#deps;
    if (this.#isClosing) return;
    await log.append(sessionId, (view) => {
      const isStale = this.#links.has(sessionId) || this.#isOld(sessionId, epoch);
      const isCurrent = !isStale && view && running.has(view.status) && view.status !== 'unreachable';
      return isCurrent ? [{ type: 'runner.lost', payload: { epoch, reason }, principal: 'server' }] : [];
    });
  }

  /** A new socket of `/ws/runner`; its first message must be a hello that fits the key. Resolves when that is settled. */
  accept(socket: WebSocket, key: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.close(4400, 'hello: expected first'), helloMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('message', (data: Buffer, isBinary: boolean) => {
        clearTimeout(timer);
        socket.pause();
        void this.#greet(socket, key, isBinary ? null : data.toString('utf8'))
          .catch((cause: unknown) => this.#refuse(socket, cause))
          .finally(() => socket.resume())
          .then(resolve);
      });
    });
  }

  #refuse(socket: WebSocket, cause: unknown): void {
    const { note } = this.#deps;
    const error = expected(cause);
    note(`runner refused: ${cause instanceof Error ? cause.message : String(cause)}`);
    socket.close(error?.facts.ws ?? 4503, error?.message ?? 'not now');
  }

  async #greet(socket: WebSocket, key: string, text: string | null): Promise<void> {
    const { log, note } = this.#deps;
    const hello = parseHello(text);
    const row = await this.#registry.byId(hello.sessionId);
    checkKey(row, hello, key);
    this.#links.get(hello.sessionId)?.close(4503, 'replaced by a newer connection of the same runner');
    const link: RunnerLink = new RunnerLink({
      socket,
      hello,
      now: this.#deps.now,
      log: note,
      sink: {
        output: (frame, raw) => sink.output(frame, raw),
        resized: (message) => sink.resized(message),
        gap: (message) => sink.gap(message),
        inputAcked: (message) => sink.inputAcked(message),
        activity: (message) => sink.activity(message),
        delta: (message) => this.#deps.turns.delta(hello.sessionId, message),
        commit: (event, dedupeKey) => this.#commit(hello, event, dedupeKey),
      },
    });
    const sink = this.#deps.terminals.sink(link);
    this.#links.set(hello.sessionId, link);
    this.#forget(hello.sessionId);
    this.#keys.set(hashToken(key).toString('base64'), hello.sessionId);
    socket.on('close', () => this.#unlink(link));
    const { runnerId, epoch, isolation, warning } = hello;
    const connected = { runnerId, epoch, isolation, warning };
    await log.append(hello.sessionId, (view) => {
      const isWanted = view && (running.has(view.status) || view.status === 'interrupted');
      if (!isWanted)
        throw new AppError({ code: 'runner.refused', message: `the session is ${view?.status ?? 'gone'}` });
      return [{ type: 'runner.connected', payload: connected, principal: runnerId }];
    });
    link.send({ type: 'welcome', wanted: await this.#deps.terminals.linked(link, hello) });
    this.#insist(() => (link.isOpen ? this.#deps.turns.linked(link, hello) : Promise.resolve()));
  }

  async #commit(
    { sessionId, runnerId }: Hello,
    event: Pick<NewEvent, 'type' | 'payload'>,
    dedupeKey: string,
  ): Promise<void> {
    if (turnFact.test(event.type)) return this.#deps.turns.commit(sessionId, event as Fact, runnerId, dedupeKey);
    const fact = { ...event, principal: runnerId, dedupeKey } as NewEvent;
    await this.#deps.log.append(sessionId, (view) =>
      fact.type === 'session.failed' && view ? endedBy(view, fact, fact.payload.reason) : [fact],
    );
  }

  /** The link is gone, or replaced: nothing it still says counts. */
  #unlink(link: RunnerLink): void {
    this.#deps.terminals.unlinked(link);
    if (this.#links.get(link.sessionId) !== link) return;
    this.#links.delete(link.sessionId);
    this.#forget(link.sessionId);
    this.#insist(() => this.#lost(link.sessionId, link.epoch, 'its link closed'));
  }

  /** After a server start: runners that live dial by themselves; sessions whose runner is gone are interrupted. */
  async recover(views: SessionView[]): Promise<void> {
    const waiting = views.filter((view) => running.has(view.status));
    for (let at = 0; at < waiting.length; at += recoveredAtOnce) {
      await Promise.all(waiting.slice(at, at + recoveredAtOnce).map((view) => this.#recoverOne(view.id)));
    }
  }

  async #recoverOne(sessionId: SessionId): Promise<void> {
    const row = await this.#registry.byId(sessionId);
    if (row?.identity && !this.#deps.host.isAlive(row.identity))
      await this.#interrupt(sessionId, row.epoch, 'its runner process ended');
    else if (row) this.#expect(sessionId, row);
    else await this.#interruptUnstarted(sessionId);
  }

  #expect(sessionId: SessionId, row: RunnerRow): void {
    if (row.identity) this.#watch(sessionId, row.epoch, row.identity);
    const timer = setTimeout(() => {
      if (this.#links.has(sessionId)) return;
      const reason = 'it has not dialled since the server started';
      this.#insist(() =>
        row.identity ? this.#lost(sessionId, row.epoch, reason) : this.#interruptUnstarted(sessionId),
      );
    }, dialMs);
    timer.unref();
  }

  async #interruptUnstarted(sessionId: SessionId): Promise<void> {
    const { log } = this.#deps;
    const reason = 'the server stopped before the runner had started';
    await log.append(sessionId, (view) =>
      view && running.has(view.status)
        ? endedBy(view, { type: 'session.interrupted', payload: { reason }, principal: 'server' }, reason)
        : [],
    );
  }

  /** Ends a runner that cannot be asked: SIGTERM, then SIGKILL. Resolves when the process is gone; the log is not told. */
  async kill(sessionId: SessionId): Promise<void> {
    const { host } = this.#deps;
    const row = await this.#registry.byId(sessionId);
    if (!row?.identity || !host.isAlive(row.identity)) return;
    this.#watches.get(sessionId)?.();
    this.#watches.delete(sessionId);
    try {
      await host.kill(row.identity);
    } catch (cause) {
      this.#watch(sessionId, row.epoch, row.identity);
      throw cause;
    }
  }

  /** True for the key of some session's newest runner. */
  isKey(key: string): Promise<boolean> {
    return this.#registry.hasKey(hashToken(key));
  }

  /** The session whose newest runner has this key, while that runner is linked; null otherwise. */
  sessionOf(key: string): SessionId | null {
    return this.#keys.get(hashToken(key).toString('base64')) ?? null;
  }

  link(sessionId: SessionId): RunnerLink | null {
    return this.#links.get(sessionId) ?? null;
  }

  /** The session's newest runner process, alive or not. */
  async process(sessionId: SessionId): Promise<{ epoch: number; identity: ProcessIdentity } | null> {
    const row = await this.#registry.byId(sessionId);
    return row?.identity ? { epoch: row.epoch, identity: row.identity } : null;
  }

  /** Stops watching; runners stay. */
  close(): void {
    this.#isClosing = true;
    for (const stop of this.#watches.values()) stop();
  }
}

const turnFact = /^(turn|item|action|file)\./;

/** The runner of `view` is gone, as `event` says: what its agents had in hand is over first. */
export const endedBy = (view: SessionView, event: NewEvent, reason: string): NewEvent[] => [
  ...orphanedBy(view.turns ?? noTurns, reason).map((fact) => ({ ...fact, principal: 'server' }) as NewEvent),
  event,
];

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
