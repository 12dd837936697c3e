/**
 * One session's runner: makes the checkout, owns its terminals, states facts through the journal and obeys the server.
 * Knows neither sockets (connection.ts) nor PTYs (terminal/) from the inside.
 */
import { randomFillSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type NewEvent, parsePayload, toLine } from '#protocol/event.ts';
import type { TerminalId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import { type FromRunner, leaseMs, runnerProtocol, type ToRunner } from '#protocol/runner-message.ts';
import type { SandboxView } from '#protocol/sandbox.ts';
import { encodeFrame, type TerminalFrame } from '#protocol/terminal-frame.ts';
import { AgentPort } from './agent-port.ts';
import { Agents } from './agents.ts';
import { openCheckout } from './checkout/index.ts';
import { Connection } from './connection.ts';
import { setUpCredentials } from './credential-setup.ts';
import { egressEnvironment, KeptVerdicts } from './egress/index.ts';
import { assertGoing, Freezer } from './freezer.ts';
import { Journal } from './journal.ts';
import { refusalOf } from './refused-fact.ts';
import { openSessionSandbox, type Preparation, type SessionSandbox } from './sandbox/index.ts';
import { TerminalSet } from './terminal-set.ts';

/** How often the lease is looked at. */
const leaseCheckMs = 30_000;

/** What people see as it is written anyway. */
const canWait: ReadonlySet<NewEvent['type']> = new Set([
  'item.started',
  'item.completed',
  'action.acted',
  'file.changed',
]);

type Fact = Pick<NewEvent, 'type' | 'payload'>;

export interface SessionRunnerOptions {
  launch: Launch;
  version: string;
  /** A sandbox that was made ready before; absent: it is made now. */
  preparation?: Preparation | null;
  log: (line: string) => void;
  /** Ends the process; everything it started dies with it. */
  exit: (code: number) => void;
}

export class SessionRunner {
  readonly #options: SessionRunnerOptions;
  readonly #journal: Journal;
  readonly #connection: Connection;
  readonly #terminals: TerminalSet;
  readonly #agents: Agents;
  readonly #freezer: Freezer;
  readonly #place: SessionSandbox;
  /** What the server said of connections, as long as that counts. */
  readonly #kept = new KeptVerdicts();
  /** Resolves when the checkout is made or cannot be. */
  #prepared: Promise<void> = Promise.resolve();
  #isPrepared = false;
  /** Highest event number handed to the current link. */
  #sent = 0;
  /** Counts links: requests are numbered within one, so an answer belongs to the link that asked. */
  #link = 0;
  #isStopping = false;
  #leaseTimer: NodeJS.Timeout | null = null;

  private constructor(
    options: SessionRunnerOptions,
    { journal, port, place }: { journal: Journal; port: AgentPort; place: SessionSandbox },
  ) {
    const { launch, log } = options;
    this.#options = options;
    this.#journal = journal;
    this.#place = place;
    this.#connection = new Connection({
      serverFile: launch.serverFile,
      key: launch.key,
      log,
      now: () => performance.now(),
      jitter: () => Math.random(),
      events: {
        hello: () => this.#hello(),
        message: (message) => this.#obey(message),
        frame: (frame) => this.#input(frame),
        writable: () => this.#terminals.pump(),
        closed: () => this.#terminals.unlink(),
        refused: (reason) => void this.#abandon(`the server refuses this runner: ${reason}`),
      },
    });
    this.#freezer = new Freezer(log);
    this.#terminals = new TerminalSet({
      going: () => this.#freezer.going(),
      sandbox: place.sandbox,
      environment: shellEnvironment(port, place.sandbox),
      sessionId: launch.sessionId,
      link: this.#connection,
      state: (fact) => this.#state(fact),
      onTyped: () => this.#agents.typed(),
      log,
    });
    this.#agents = new Agents({
      ...{
        launch,
        log,
        sandbox: place.sandbox,
        ids: { now: () => Date.now(), random: (bytes) => void randomFillSync(bytes) },
      },
      state: (fact) => this.#state(fact),
      port,
      send: (message) => this.#connection.send(message),
      terminals: this.#terminals,
      freezer: this.#freezer,
      kept: this.#kept,
    });
  }

  /** Opens the journal and dials; the checkout and the first terminal follow. */
  static async start(options: SessionRunnerOptions): Promise<SessionRunner> {
    const { directory, serverFile, key } = options.launch;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    let runner: SessionRunner | null = null;
    const journal = await Journal.open({
      path: join(directory, 'journal.jsonl'),
      onAdded: () => runner?.flushEvents(),
      onFailed: (cause) => {
        options.log(`journal failed, stopping: ${String(cause)}`);
        options.exit(1);
      },
    });
    const server = () => (runner ? runner.#connection.server : null);
    const { launch, preparation, log } = options;
    const place = await openSessionSandbox({
      ...{ launch, preparation },
      onFailed: (why) => runner && void runner.#abandon(`the sandbox does not hold any more: ${why}`),
    });
    const port = await AgentPort.open({ server, serverFile, key, log, ...(place.at && { at: place.at }) });
    runner = new SessionRunner(options, { journal, port, place });
    runner.#closeLeftovers();
    runner.#connection.start();
    runner.#leaseTimer = setInterval(() => runner.#checkLease(), leaseCheckMs);
    runner.#prepared = runner.#prepare();
    return runner;
  }

  /** Sends every event that the current link has not been given. */
  flushEvents(): void {
    this.#connection.together(() => {
      for (const { n, event } of this.#journal.waiting) {
        if (n <= this.#sent) continue;
        if (!this.#connection.send({ type: 'event', n, event })) return;
        this.#sent = n;
      }
    });
  }

  /** SIGTERM and SIGINT: programs end, the checkout stays, and the session becomes interrupted and can be resumed. */
  async terminate(): Promise<void> {
    await this.#abandon('runner was asked to stop');
  }

  /** What the server would refuse is not journaled, it would be resent for ever: why, or null. */
  #state(fact: Fact): string | null {
    try {
      this.#journal.add(parsePayload(fact.type, fact.payload), canWait.has(fact.type));
      return null;
    } catch (cause) {
      this.#options.log(`${fact.type} is not a valid fact: ${cause instanceof Error ? cause.message : String(cause)}`);
      return refusalOf(cause);
    }
  }

  /** A predecessor may have died before it could say that its terminals closed. */
  #closeLeftovers(): void {
    const open = new Set<TerminalId>();
    for (const { event } of this.#journal.waiting) {
      const { terminalId } = event.payload as { terminalId?: TerminalId };
      if (terminalId && event.type === 'terminal.opened') open.add(terminalId);
      if (terminalId && event.type === 'terminal.closed') open.delete(terminalId);
    }
    for (const terminalId of open) {
      const payload = { terminalId, exitCode: null, signal: null, reason: 'its runner died' };
      this.#state({ type: 'terminal.closed', payload });
    }
  }

  async #prepare(): Promise<void> {
    const { launch } = this.#options;
    try {
      const [{ checkout, created }] = await Promise.all([openCheckout(launch.directory), this.#place.tested]);
      if (created) this.#state({ type: 'checkout.created', payload: { ...created, start: checkout.start } });
      await this.#place.sandbox.enter(checkout.root);
      this.#terminals.enter(checkout.start);
      this.#agents.enter(checkout, created !== null);
      if (launch.terminal) await this.#terminals.open(launch.terminal);
      this.#isPrepared = true;
    } catch (cause) {
      const fallback = 'the checkout could not be made';
      const reason = cause instanceof AppError ? toLine(cause.message, 400, fallback) : fallback;
      this.#options.log(`prepare: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
      this.#state({ type: 'session.failed', payload: { reason } });
      await this.#closeAll();
      await this.#leave(1);
    }
  }

  #hello(): FromRunner {
    const { launch, version } = this.#options;
    this.#sent = 0;
    this.#link++;
    return {
      type: 'hello',
      protocol: runnerProtocol,
      sessionId: launch.sessionId,
      runnerId: launch.runnerId,
      epoch: launch.epoch,
      journal: this.#journal.id,
      version,
      isolation: launch.isolation,
      warning: launch.warning,
      sandbox: launch.sandbox,
      terminals: this.#terminals.states(),
      isFrozen: this.#freezer.isFrozen,
      isKeeping: true,
      ...this.#agents.greeting,
    };
  }

  #obey(message: ToRunner): void {
    switch (message.type) {
      case 'welcome':
        // Rules may have changed while there was no link.
        this.#kept.forget();
        this.flushEvents();
        this.#terminals.resume(message.wanted);
        this.#agents.resume();
        return;
      case 'ack':
        this.#journal.ack(message.n);
        return;
      case 'terminal.open':
        return this.#answer(message.request, this.#open(message));
      case 'terminal.close':
        return this.#answer(message.request, this.#terminals.close(message.terminalId));
      case 'terminal.resize':
        return this.#terminals.resize(message.terminalId, message.cols, message.rows);
      case 'terminal.snapshot':
        return this.#answerOnFailure(message.request, this.#snapshot(message.terminalId, message.request));
      case 'terminal.recorded':
        return this.#terminals.recorded(message.terminalId, message.offset);
      case 'turn.start':
        return this.#agents.start(message);
      case 'agent.open':
        return this.#answer(message.request, this.#agents.open(message));
      case 'turn.steer':
        return this.#answer(message.request, this.#agents.steer(message));
      case 'turn.interrupt':
        return this.#answer(message.request, this.#agents.interrupt(message));
      case 'action.verdict':
        return this.#agents.judged(message);
      case 'action.hold':
        return this.#agents.holdFor(message);
      case 'egress.forget':
        return message.isTakenBack ? this.#kept.takeBack() : this.#kept.forget();
      case 'policy.place':
        return this.#agents.follow(message);
      case 'sandbox.view':
        return this.#answer(message.request, this.#view());
      case 'action.examine':
        return this.#answer(message.request, this.#agents.examine(message));
      case 'checkout.diff':
        return this.#answer(message.request, this.#agents.diff(message));
      case 'session.freeze':
        return this.#answer(message.request, this.#freeze(message.isFrozen));
      case 'stop':
        return this.#answer(message.request, this.#stop());
    }
  }

  #input(frame: TerminalFrame): void {
    if (frame.kind === 'input') this.#terminals.input(frame);
  }

  async #snapshot(terminalId: TerminalId, request: number): Promise<void> {
    const link = this.#link;
    const snapshot = await this.#terminals.snapshot(terminalId);
    if (this.#link !== link) return;
    this.#connection.sendFrame(encodeFrame({ kind: 'snapshot', terminalId, request, ...snapshot }));
  }

  /** Whatever was stated on the way is on disk, and sent, before the answer is: what is answered is not lost. */
  #answer(request: number, work: Promise<unknown>): void {
    const link = this.#link;
    const sent = work.then(async (result) => {
      await this.#journal.settled();
      if (this.#link === link) this.#connection.send({ type: 'reply', request, ok: true, result: result ?? null });
    });
    this.#answerOnFailure(request, sent);
  }

  #answerOnFailure(request: number, work: Promise<unknown>): void {
    const link = this.#link;
    work.catch((cause: unknown) => {
      if (this.#link !== link) return;
      const known = cause instanceof AppError;
      if (!known) this.#options.log(`request ${request}: ${String(cause)}`);
      const code = known ? cause.code : 'server.internal';
      const message = known ? cause.message.slice(0, 1000) : 'the runner failed, see its log';
      this.#connection.send({ type: 'reply', request, ok: false, code, message });
    });
  }

  async #view(): Promise<SandboxView> {
    const hidden = this.#options.launch.policy?.restricted ?? [];
    return { ...this.#place.view(), hidden: hidden.slice(0, 1_000) };
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    if (!this.#isPrepared) this.#release();
    await this.#prepared;
    await this.#closeAll();
    setTimeout(() => void this.#leave(0), 50);
  }

  async #open(message: ToRunner & { type: 'terminal.open' }): Promise<void> {
    assertGoing(this.#freezer);
    await this.#terminals.open(message);
  }

  async #freeze(isFrozen: boolean): Promise<void> {
    this.#agents.hold(isFrozen);
    if (isFrozen) await this.#freezer.freeze();
    else this.#freezer.thaw();
  }

  /** What is still being prepared waits to start something: then nothing is kept still any more, and ended instead. */
  #release(): void {
    if (this.#freezer.isFrozen) this.#freezer.kill();
    this.#freezer.thaw();
  }

  /** What stands still would not hear that it is to end. */
  async #closeAll(): Promise<void> {
    const closing = Promise.all([this.#terminals.closeAll(), this.#agents.closeAll()]);
    if (this.#freezer.isFrozen) this.#freezer.kill();
    await closing;
  }

  /** Ends without an answer: the server finds out through the host. */
  async #abandon(reason: string): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#options.log(reason);
    await this.#closeAll();
    await this.#leave(0);
  }

  async #leave(code: number): Promise<void> {
    await this.#journal.settled();
    this.flushEvents();
    const deadline = Date.now() + 2_000;
    const isLinkable = () => this.#connection.awayMs === 0 || this.#link === 0;
    while (this.#journal.waiting.length > 0 && isLinkable() && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#connection.close();
    if (this.#leaseTimer) clearInterval(this.#leaseTimer);
    this.#options.exit(code);
  }

  #checkLease(): void {
    if (this.#connection.awayMs > leaseMs) void this.#abandon('no server for the length of the lease');
  }
}

/** Without a sandbox people's programs have their own network, and their own settings. */
function shellEnvironment(
  port: AgentPort,
  { kind, home }: SessionSandbox['sandbox'],
): () => Promise<Record<string, string>> {
  if (kind === 'none') return () => Promise.resolve({});
  const access = port.admit('shell', () => null);
  return async () => ({ ...egressEnvironment(access.url, null), ...(await setUpCredentials(access, home)) });
}
