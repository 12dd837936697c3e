/** For tests: the runner's end of `/ws/runner`, played by the test. What it is told is kept; some of it it can answer itself. */
import type { ClientOptions } from 'ws';
import type { EventType } from '#protocol/event.ts';
import { newId, type SessionId, type TerminalId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import {
  type FromRunner,
  runnerProtocol,
  type TerminalState,
  type ToRunner,
  toRunnerSchema,
} from '#protocol/runner-message.ts';
import { decodeFrame, encodeFrame, type InputFrame } from '#protocol/terminal-frame.ts';
import { random, type TestServer, type TestSocket, type Visitor } from './testing.ts';

const source = { now: () => Date.now(), random };
export const newTerminalId = (): TerminalId => newId('terminal', source);
export const newClientId = () => newId('client', source);

type Message<T extends ToRunner['type']> = ToRunner & { type: T };

export class TestRunner {
  readonly socket: TestSocket;
  readonly launch: Launch;
  /** Output printed so far, per terminal. */
  readonly printed = new Map<TerminalId, Buffer>();
  readonly #resizes = new Map<TerminalId, number>();
  /** What arrived before the welcome, when a runner's answers would be lost. */
  early = 0;
  #n = 0;
  /** Answers snapshots with what was printed, opens and closes terminals, stops. */
  isObliging = true;
  /** What a snapshot of a terminal shows; the default is everything that was printed. */
  draw = (terminalId: TerminalId): Uint8Array => this.printed.get(terminalId) ?? new Uint8Array(0);

  constructor(server: TestServer, launch: Launch, options: { key?: string; client?: ClientOptions } = {}) {
    this.launch = launch;
    const headers = { authorization: `Bearer ${options.key ?? launch.key}` };
    this.socket = server.socket('/ws/runner', headers, options.client);
    this.socket.on('message', (_, isBinary: boolean) => {
      if (this.of('welcome').length === 0) this.early++;
      if (!isBinary && this.isObliging) this.#oblige(toRunnerSchema.parse(this.socket.json.at(-1)));
    });
  }

  /** Connects, greets and waits for the welcome. */
  static async start(server: TestServer, launch: Launch, terminals: TerminalState[] = []): Promise<TestRunner> {
    const runner = new TestRunner(server, launch);
    await runner.socket.opened();
    runner.hello({ terminals });
    await runner.welcomed();
    return runner;
  }

  hello(change: Partial<FromRunner & { type: 'hello' }> = {}): void {
    const { sessionId, runnerId, epoch, isolation, warning } = this.launch;
    const journal = '0123456789abcdef';
    const identity = { sessionId, runnerId, epoch, isolation, warning, journal };
    this.say({
      type: 'hello',
      protocol: runnerProtocol,
      version: '0.1.0',
      terminals: [],
      newestTurn: null,
      actions: [],
      isFrozen: false,
      ...identity,
      ...change,
    });
  }

  async welcomed(): Promise<void> {
    const deadline = performance.now() + 5_000;
    while (this.of('welcome').length === 0) {
      if (performance.now() > deadline) throw new Error(`no welcome: ${this.socket.reason}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  say(message: FromRunner): void {
    this.socket.send(JSON.stringify(message));
  }

  /** States a fact; returns its number. */
  state(type: EventType, payload: unknown): number {
    const n = ++this.#n;
    this.say({ type: 'event', n, event: { type, payload } });
    return n;
  }

  opened(terminalId: TerminalId, command: string[] | null = null): void {
    this.state('terminal.opened', { terminalId, name: 'shell 1', command, cols: 80, rows: 24 });
  }

  print(terminalId: TerminalId, text: string | Uint8Array): void {
    const before = this.printed.get(terminalId) ?? Buffer.alloc(0);
    const data = Buffer.from(text as string);
    this.printed.set(terminalId, Buffer.concat([before, data]));
    this.socket.send(encodeFrame({ kind: 'output', terminalId, offset: before.length, data }));
  }

  resized(terminalId: TerminalId, cols: number, rows: number): void {
    const n = (this.#resizes.get(terminalId) ?? 0) + 1;
    this.#resizes.set(terminalId, n);
    this.say({ type: 'resized', terminalId, n, offset: this.printed.get(terminalId)?.length ?? 0, cols, rows });
  }

  snapshot(terminalId: TerminalId, request: number): void {
    const offset = this.printed.get(terminalId)?.length ?? 0;
    const resizes = this.#resizes.get(terminalId) ?? 0;
    const data = this.draw(terminalId);
    this.socket.send(encodeFrame({ kind: 'snapshot', terminalId, request, offset, cols: 80, rows: 24, resizes, data }));
  }

  of<T extends ToRunner['type']>(type: T): Message<T>[] {
    return this.socket.json.map((json) => toRunnerSchema.parse(json)).filter((m): m is Message<T> => m.type === type);
  }

  get inputs(): InputFrame[] {
    return this.socket.frames.map((bytes) => decodeFrame(bytes)).filter((frame) => frame.kind === 'input');
  }

  /** All keys that arrived, as text. */
  get typed(): string {
    return this.inputs.map(({ data }) => Buffer.from(data).toString()).join('');
  }

  #oblige(message: ToRunner): void {
    switch (message.type) {
      case 'sandbox.view': {
        const result = { kind: 'none', writable: [], readOnly: [], pinned: [], hidden: [], uid: null, tested: null };
        return this.say({ type: 'reply', request: message.request, ok: true, result });
      }
      case 'terminal.snapshot':
        return this.snapshot(message.terminalId, message.request);
      case 'terminal.open':
        this.opened(message.terminalId, message.command);
        return this.say({ type: 'reply', request: message.request, ok: true, result: null });
      case 'terminal.close':
        this.state('terminal.closed', { terminalId: message.terminalId, exitCode: 0, signal: null, reason: null });
        return this.say({ type: 'reply', request: message.request, ok: true, result: null });
      case 'session.freeze':
      case 'turn.steer':
      case 'turn.interrupt':
      case 'agent.open':
        return this.say({ type: 'reply', request: message.request, ok: true, result: null });
      case 'checkout.diff': {
        const result = { patch: '', isCut: false, files: [], turnId: message.turnId };
        return this.say({ type: 'reply', request: message.request, ok: true, result });
      }
      case 'stop':
        return this.say({
          type: 'reply',
          request: message.request,
          ok: true,
          result: { checkout: 'kept', reason: null },
        });
      default:
        return;
    }
  }
}

export interface TestSession {
  sessionId: SessionId;
  terminalId: TerminalId;
  launch: Launch;
  runner: TestRunner;
}

/** A session of `visitor` with a linked runner and, unless `isEmpty`, its first terminal open and driven by them. */
export async function startSession(server: TestServer, visitor: Visitor, isEmpty = false): Promise<TestSession> {
  const { services, host, home } = server;
  const person = { personId: visitor.personId, name: 'ada', role: 'owner' as const };
  const { sessionId, terminalId } = await services.lifecycle.create({ dir: home }, person);
  const launch = host.launches.find((one) => one.sessionId === sessionId);
  if (!launch || !terminalId) throw new Error('nothing was launched');
  const runner = await TestRunner.start(server, launch);
  if (!isEmpty) {
    runner.opened(terminalId);
    await services.terminals.untilOpened(sessionId, terminalId, 0);
    const isDriven = async () => (await services.log.view(sessionId))?.terminals[0]?.driver === visitor.personId;
    while (!(await isDriven())) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { sessionId, terminalId, launch, runner };
}
