import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { parsePayload } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import { type FromRunner, fromRunnerSchema, leaseMs, type ToRunner } from '#protocol/runner-message.ts';
import { decodeFrame, type TerminalFrame } from '#protocol/terminal-frame.ts';
import { answerCommand } from './checkout/command.ts';
import { hasCheckout } from './checkout/index.ts';
import { SessionRunner } from './session-runner.ts';

const source = { now: () => Date.now(), random: (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length)) };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 10 });
type Message<T extends FromRunner['type']> = FromRunner & { type: T };

/** The server's end of the link, driven by hand. */
class TestServer {
  readonly heard: FromRunner[] = [];
  readonly frames: TerminalFrame[] = [];
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  #socket: WebSocket | null = null;
  /** What becomes of a hello; the default welcomes it. */
  onHello: (socket: WebSocket, hello: Message<'hello'>) => void = (_, hello) => {
    const wanted = hello.terminals.map(({ terminalId, start }) => ({ terminalId, offset: start }));
    this.send({ type: 'welcome', wanted });
  };
  acks = true;

  constructor() {
    this.#server.on('connection', (socket) => {
      this.#socket = socket;
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) return void this.frames.push(decodeFrame(data));
        const message = fromRunnerSchema.parse(JSON.parse(data.toString()));
        this.heard.push(message);
        if (message.type === 'hello') this.onHello(socket, message);
        if (message.type === 'event') parsePayload(message.event.type, message.event.payload);
        if (message.type === 'event' && this.acks) this.send({ type: 'ack', n: message.n });
      });
    });
  }

  send(message: ToRunner): void {
    this.#socket?.send(JSON.stringify(message));
  }

  cut(): void {
    this.#socket?.terminate();
  }

  async url(): Promise<string> {
    if (this.#server.address() === null) await new Promise((resolve) => this.#server.once('listening', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of<T extends FromRunner['type']>(type: T): Message<T>[] {
    return this.heard.filter((message): message is Message<T> => message.type === type);
  }

  events(): string[] {
    return this.of('event').map(({ n, event }) => `${n} ${event.type}`);
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let folder: string;
let server: TestServer;
let lines: string[];
let ended: Promise<number>;
let runner: SessionRunner | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-runner-'));
  server = new TestServer();
  lines = [];
  runner = null;
  await mkdir(join(folder, 'source'));
  await writeFile(join(folder, 'source', 'read.me'), 'hello');
  await writeFile(join(folder, 'server.json'), JSON.stringify({ url: await server.url() }));
});

afterEach(async () => {
  vi.useRealTimers();
  server.acks = true;
  await runner?.terminate();
  await ended;
  await server.close();
  // A checkout may still be on its way: this process goes on where a real runner would be gone.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/** As the host does before; `empty` stands for files that went away. */
async function makeCheckout({ directory, source: from, branch, includesChanges }: Launch): Promise<void> {
  if (directory.endsWith('empty') || (await hasCheckout(directory))) return;
  const request = { directory, source: from, branch, includesChanges, restricted: [] };
  await answerCommand(JSON.stringify({ op: 'create', method: 'copy', data: folder, owner: null, ...request }));
}

async function start(change: Partial<Launch> = {}, command = ['sh', '-c', 'echo up; cat']): Promise<Launch> {
  const launch: Launch = {
    sessionId: newId('session', source),
    runnerId: newId('runner', source),
    epoch: 1,
    key: `rnk_${'k'.repeat(43)}`,
    serverFile: join(folder, 'server.json'),
    directory: join(folder, 'session'),
    source: join(folder, 'source'),
    branch: 'omnigent/test',
    includesChanges: false,
    isolation: 'process-group',
    sandbox: 'none',
    warning: null,
    author: null,
    programs: {},
    holdMs: 600_000,
    policy: null,
    agent: null,
    terminal: { terminalId: newId('terminal', source), name: 'test', command, cols: 80, rows: 24 },
    ...change,
  };
  await makeCheckout(launch);
  ended = new Promise((resolve) => {
    const exit = (code: number) => resolve(code);
    void SessionRunner.start({ launch, version: '0.1.0', log: (line) => lines.push(line), exit }).then((started) => {
      runner = started;
    });
  });
  await soon(() => expect(runner).not.toBeNull());
  return launch;
}

describe('runner of a session', () => {
  it('[RUN14] makes the checkout, opens the first terminal and states both', async () => {
    const launch = await start();
    await soon(() => expect(server.events()).toEqual(['1 checkout.created', '2 terminal.opened']));
    expect(server.of('hello')).toMatchObject([{ sessionId: launch.sessionId, runnerId: launch.runnerId, epoch: 1 }]);
    await soon(() => expect(server.frames.some((frame) => frame.kind === 'output')).toBe(true));
    expect(await readdir(join(folder, 'session', 'checkout'))).toContain('read.me');
  });

  it('[RUN1] resends what is not acked after each reconnect, with the same numbers, and nothing else', async () => {
    server.acks = false;
    await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    server.send({ type: 'ack', n: 1 });
    server.heard.length = 0;
    server.cut();
    await soon(() => expect(server.events()).toEqual(['2 terminal.opened']));
    server.send({ type: 'ack', n: 2 });
    server.heard.length = 0;
    server.cut();
    await soon(() => expect(server.of('hello')).toHaveLength(1));
    expect(server.events()).toEqual([]);
  });

  it('events of a time without a server arrive when it is back, in order', async () => {
    server.onHello = (socket) => socket.close(4503);
    const launch = await start({}, ['sh', '-c', 'exit 7']);
    await soon(() => expect(server.of('hello').length).toBeGreaterThan(2));
    server.onHello = () => server.send({ type: 'welcome', wanted: [] });
    await soon(() => expect(server.events()).toHaveLength(3));
    expect(server.events()).toEqual(['1 checkout.created', '2 terminal.opened', '3 terminal.closed']);
    expect(server.of('event')[2]?.event.payload).toMatchObject({
      terminalId: launch.terminal?.terminalId,
      exitCode: 7,
    });
  });

  it('[RUN15] files that are gone are told in one readable line', async () => {
    await start({ directory: join(folder, 'empty') });
    expect(await ended).toBe(1);
    expect(server.events()).toEqual(['1 session.failed']);
  });

  it('[RUN16] stop ends the programs, answers, and leaves; the checkout stays', async () => {
    const launch = await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    server.send({ type: 'stop', request: 5 });
    expect(await ended).toBe(0);
    expect(server.of('reply')).toEqual([{ type: 'reply', request: 5, ok: true, result: null }]);
    expect(server.of('event').map(({ event }) => event.type)).toContain('terminal.closed');
    expect(await readdir(launch.directory)).toContain('checkout');
  });

  it('[RUN19] what happened is on disk and sent before it is answered', async () => {
    const launch = await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    server.acks = false;
    const { terminalId } = launch.terminal ?? {};
    if (!terminalId) throw new Error('no terminal');
    server.send({ type: 'terminal.close', request: 7, terminalId });
    await soon(() => expect(server.of('reply')).toHaveLength(1));
    const journal = readFileSync(join(launch.directory, 'journal.jsonl'), 'utf8');
    expect(journal).toContain('"terminal.closed"');
    const order = server.heard.filter(({ type }) => type === 'reply' || type === 'event').map(({ type }) => type);
    expect(order.slice(-2)).toEqual(['event', 'reply']);
  });

  it('[RUN20] a request of an earlier link is not answered on the next one', async () => {
    const stubborn = ['sh', '-c', 'trap "" HUP; echo up; while :; do sleep 1; done'];
    const launch = await start({}, stubborn);
    await soon(() => expect(server.frames).not.toEqual([]));
    const { terminalId } = launch.terminal ?? {};
    if (!terminalId) throw new Error('no terminal');
    server.send({ type: 'terminal.close', request: 1, terminalId });
    server.cut();
    await soon(() => expect(server.of('hello')).toHaveLength(2));
    await soon(() => expect(server.events().at(-1)).toContain('terminal.closed'));
    server.send({ type: 'terminal.close', request: 9, terminalId });
    await soon(() => expect(server.of('reply')).toMatchObject([{ request: 9, ok: false }]));
  });

  it('[RUN7] a server that refuses the runner for good ends it and its programs; the checkout stays', async () => {
    await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    server.onHello = (socket) => socket.close(4409, 'a newer runner has this session');
    server.cut();
    expect(await ended).toBe(0);
    expect(lines.join('\n')).toContain('a newer runner has this session');
    expect(await readdir(join(folder, 'session', 'checkout'))).toContain('read.me');
  });

  it('[RUN17] without a server for 60 min it ends itself', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    server.onHello = (socket) => socket.close(4503);
    await start();
    await soonReal(() => readFileSync(join(folder, 'session', 'journal.jsonl'), 'utf8').includes('terminal.opened'));
    vi.advanceTimersByTime(leaseMs - 60_000);
    expect(lines.join('\n')).not.toContain('lease');
    vi.advanceTimersByTime(120_000);
    vi.useRealTimers();
    expect(await ended).toBe(0);
    expect(lines.join('\n')).toContain('lease');
  });

  it('[PAU2] stands still when told to, says so with each link, starts nothing, and goes on', async () => {
    await start({}, ['sh', '-c', 'while :; do echo tick; sleep 0.02; done']);
    await soon(() => expect(server.frames.length).toBeGreaterThan(5));
    server.send({ type: 'session.freeze', request: 1, isFrozen: true });
    await soon(() => expect(server.of('reply')).toMatchObject([{ request: 1, ok: true }]));
    const said = server.frames.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(server.frames.length - said).toBeLessThanOrEqual(1);
    const [terminalId, size] = [newId('terminal', source), { cols: 80, rows: 24 }];
    server.send({ type: 'terminal.open', request: 2, terminalId, name: 'x', command: null, ...size });
    await soon(() => expect(server.of('reply')[1]).toMatchObject({ request: 2, ok: false, code: 'session.paused' }));
    server.cut();
    await soon(() => expect(server.of('hello')).toHaveLength(2));
    expect(server.of('hello').map(({ isFrozen }) => isFrozen)).toEqual([false, true]);
    server.send({ type: 'session.freeze', request: 3, isFrozen: false });
    await soon(() => expect(server.frames.length).toBeGreaterThan(said + 5));
  });

  it('[PAU5] stop ends what stands still at once, also while something waits to start', async () => {
    await start({}, ['sh', '-c', 'trap "" HUP TERM; echo up; while :; do sleep 1; done']);
    await soon(() => expect(server.frames).not.toEqual([]));
    server.send({ type: 'session.freeze', request: 1, isFrozen: true });
    await soon(() => expect(server.of('reply')).toHaveLength(1));
    const since = performance.now();
    server.send({ type: 'stop', request: 2 });
    expect(await ended).toBe(0);
    expect(performance.now() - since).toBeLessThan(1_000);
    server.heard.length = 0;
    server.onHello = () => {
      server.send({ type: 'welcome', wanted: [] });
      server.send({ type: 'session.freeze', request: 3, isFrozen: true });
      server.send({ type: 'stop', request: 4 });
    };
    await start({ directory: join(folder, 'second') });
    expect(await ended).toBe(0);
    expect(server.of('reply').at(-1)).toMatchObject({ request: 4, ok: true });
  });

  it('[SBX13] says what its programs see', async () => {
    await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    server.send({ type: 'sandbox.view', request: 3 });
    const view = { kind: 'none', writable: ['/'], readOnly: [], pinned: [], hidden: [], tested: null };
    await soon(() => expect(server.of('reply')).toMatchObject([{ request: 3, ok: true, result: view }]));
  });

  it('a request that fails is answered with its code, and others go on', async () => {
    const launch = await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    const terminalId = newId('terminal', source);
    server.send({ type: 'terminal.close', request: 1, terminalId });
    server.send({ type: 'terminal.snapshot', request: 2, terminalId });
    server.send({ type: 'terminal.snapshot', request: 3, terminalId: launch.terminal?.terminalId ?? terminalId });
    await soon(() =>
      expect(server.frames.some((frame) => frame.kind === 'snapshot' && frame.request === 3)).toBe(true),
    );
    expect(server.of('reply')).toMatchObject([
      { request: 1, ok: false, code: 'terminal.not-found' },
      { request: 2, ok: false, code: 'terminal.not-found' },
    ]);
  });

  it('a successor closes the terminals its dead predecessor could not', async () => {
    server.acks = false;
    const launch = await start();
    await soon(() => expect(server.events()).toHaveLength(2));
    const terminalId = launch.terminal?.terminalId;
    await soon(async () =>
      expect(await readFile(join(folder, 'session', 'journal.jsonl'), 'utf8')).toContain('terminal.opened'),
    );
    await mkdir(join(folder, 'second'));
    await copyFile(join(folder, 'session', 'journal.jsonl'), join(folder, 'second', 'journal.jsonl'));
    server.acks = true;
    await runner?.terminate();
    await ended;
    server.heard.length = 0;
    await start({ directory: join(folder, 'second'), terminal: null });
    await soon(() => expect(server.of('event').map(({ event }) => event.type)).toContain('terminal.closed'));
    const closed = server.of('event').find(({ event }) => event.type === 'terminal.closed')?.event.payload;
    expect(closed).toEqual({ terminalId, exitCode: null, signal: null, reason: 'its runner died' });
  });
});

/** While timers are faked nothing but the event loop turns. */
async function soonReal(isDone: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !isDone() && Date.now() < deadline; ) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
