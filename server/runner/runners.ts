/** Runners of sessions: how one is started, killed, lost and confirmed dead, and found again by a new server. */
import { join } from 'node:path';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import { type NewEvent, toLine } from '#protocol/event.ts';
import { newId, type SessionId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { nextAgent, noTurns } from '#protocol/turn-view.ts';
import { hashToken, newToken } from '#server/auth/index.ts';
import type { Host } from '#server/host/index.ts';
import type { Log } from '#server/session/index.ts';
import { Links, type Terminals, type TurnPort } from './links.ts';
import { createRegistry, type ProcessIdentity, type Registry, type RunnerRow } from './registry.ts';
import { endedBy, hasRunner } from './runner-end.ts';

export interface RunnersDeps {
  sql: Sql;
  log: Log;
  host: Host;
  terminals: Terminals;
  turns: TurnPort;
  /** Where runners find agent programs, and how long they hold an action. */
  agents: Pick<Launch, 'programs' | 'holdMs'>;
  /** What a runner must know of the rules of its session; null without any. */
  policyFor: (view: SessionView) => Launch['policy'];
  home: string;
  isolation: Pick<Launch, 'isolation' | 'warning'>;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

/** After a server start, living runners get this long to dial before their sessions are called unreachable, in ms. */
const dialMs = 4_000;
/** Sessions looked after at once at a server start: their events share commits, and the database is not flooded. */
const recoveredAtOnce = 200;
/** A state that could not be stored is tried again after this long, in ms. */
const retryMs = 1_000;

export class Runners {
  readonly #deps: RunnersDeps;
  readonly #registry: Registry;
  readonly links: Links;
  readonly #watches = new Map<SessionId, () => void>();
  /** Newest epoch begun by this server: news about an older one is old. */
  readonly #newest = new Map<SessionId, number>();
  #isClosing = false;

  constructor(deps: RunnersDeps) {
    this.#deps = deps;
    this.#registry = createRegistry(deps.sql);
    this.links = new Links({
      ...deps,
      registry: this.#registry,
      onLost: ({ sessionId, epoch }) => this.#insist(() => this.#lost(sessionId, epoch, 'its link closed')),
      insist: (work) => this.#insist(work),
    });
  }

  /**
   * Starts a runner of a new epoch; what comes of it the log says. `terminal` opens as soon as the checkout is there, which may take
   * as long as its files take to copy.
   */
  async start(view: SessionView, includesChanges: boolean, terminal: Launch['terminal']): Promise<void> {
    const key = newToken('runner', this.#deps.random);
    const runnerId = newId('runner', this.#deps);
    const epoch = await this.#registry.begin(view.id, runnerId, hashToken(key));
    this.#newest.set(view.id, epoch);
    this.links.replace(view.id);
    const { branch, source } = view;
    const policy = this.#deps.policyFor(view);
    const agent = nextAgent(view.turns ?? noTurns);
    void this.#launch({
      ...this.#deps.isolation,
      ...this.#deps.agents,
      sandbox: view.sandbox ?? 'bubblewrap',
      ...{ sessionId: view.id, runnerId, epoch, key, source, branch, includesChanges, agent, terminal, policy },
      serverFile: join(this.#deps.home, 'server.json'),
      directory: join(this.#deps.home, 'sessions', view.id),
      author: null,
    });
  }

  async #launch(launch: Launch): Promise<void> {
    const { log, host, note } = this.#deps;
    const { sessionId, epoch } = launch;
    try {
      const identity = await host.launch(launch);
      await this.#registry.launched(sessionId, epoch, identity);
      this.#watch(sessionId, epoch, identity);
    } catch (cause) {
      note(`launch of ${sessionId} failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      const fallback = 'the runner could not be started';
      const reason = cause instanceof AppError ? toLine(cause.message, 400, fallback) : fallback;
      this.#insist(async () => {
        await log.append(sessionId, (view) =>
          view && !this.#isOld(sessionId, epoch) && view.status !== 'ended'
            ? [{ type: 'session.failed', payload: { reason }, principal: 'server' }]
            : [],
        );
      });
    }
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
      if (!view || !hasRunner(view) || this.#isOld(sessionId, epoch)) return [];
      const lost: NewEvent = { type: 'runner.lost', payload: { epoch, reason }, principal: 'server' };
      const gone = endedBy(view, { type: 'session.interrupted', payload: { reason }, principal: 'server' }, reason);
      return view.status === 'unreachable' ? gone : [lost, ...gone];
    });
  }

  async #lost(sessionId: SessionId, epoch: number, reason: string): Promise<void> {
    const { log } = this.#deps;
    if (this.#isClosing) return;
    await log.append(sessionId, (view) => {
      const isStale = this.links.get(sessionId) !== null || this.#isOld(sessionId, epoch);
      const isCurrent = !isStale && view && hasRunner(view) && view.status !== 'unreachable';
      return isCurrent ? [{ type: 'runner.lost', payload: { epoch, reason }, principal: 'server' }] : [];
    });
  }

  /** After a server start: runners that live dial by themselves; sessions whose runner is gone are interrupted. */
  async recover(views: SessionView[]): Promise<void> {
    const waiting = views.filter((view) => hasRunner(view));
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
      if (this.links.get(sessionId) !== null) return;
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
      view && hasRunner(view)
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
