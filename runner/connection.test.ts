import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { RunnerId, SessionId, TerminalId } from '#protocol/id.ts';
import { type FromRunner, runnerProtocol, type ToRunner } from '#protocol/runner-message.ts';
import { encodeFrame } from '#protocol/terminal-frame.ts';
import { Connection } from './connection.ts';

const key = `rnk_${'k'.repeat(43)}`;
const terminalId = `trm_${'0'.repeat(26)}` as TerminalId;
const hello: FromRunner = {
  type: 'hello',
  protocol: runnerProtocol,
  sessionId: `ses_${'0'.repeat(26)}` as SessionId,
  runnerId: `run_${'0'.repeat(26)}` as RunnerId,
  journal: '0'.repeat(16),
  epoch: 1,
  version: '0.1.0',
  isolation: 'process-group',
  warning: null,
  terminals: [],
  newestTurn: null,
  actions: [],
};
const welcome: ToRunner = { type: 'welcome', wanted: [] };

/** Waits for what real sockets do; the faked timers stand still meanwhile. */
async function until(isDone: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 5_000; !isDone(); ) {
    if (performance.now() > deadline) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class Server {
  readonly sockets: WebSocket[] = [];
  readonly keys: (string | undefined)[] = [];
  readonly heard: unknown[] = [];
  readonly codes: number[] = [];
  readonly #server: WebSocketServer;

  constructor(options: { port?: number; pongs?: boolean; onSocket?: (socket: WebSocket) => void } = {}) {
    const { port = 0, pongs = true, onSocket } = options;
    this.#server = new WebSocketServer({ host: '127.0.0.1', port, autoPong: pongs });
    this.#server.on('connection', (socket, request) => {
      this.sockets.push(socket);
      this.keys.push(request.headers.authorization);
      socket.on('message', (data: Buffer, isBinary: boolean) =>
        this.heard.push(isBinary ? data : JSON.parse(data.toString())),
      );
      socket.on('close', (code) => this.codes.push(code));
      onSocket?.(socket);
    });
  }

  async url(): Promise<string> {
    if (this.#server.address() === null) await new Promise((resolve) => this.#server.once('listening', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const greet = (socket: WebSocket) => socket.once('message', () => socket.send(JSON.stringify(welcome)));

let folder: string;
let serverFile: string;
let servers: Server[];
let connection: Connection;
let clock: number;
let told: { messages: ToRunner[]; refused: string[]; closed: number; writable: number; lines: string[] };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  folder = await mkdtemp(join(tmpdir(), 'omnigent-link-'));
  serverFile = join(folder, 'server.json');
  servers = [];
  clock = 1_000_000;
  told = { messages: [], refused: [], closed: 0, writable: 0, lines: [] };
  connection = new Connection({
    serverFile,
    key,
    now: () => clock,
    jitter: () => 1,
    log: (line) => told.lines.push(line),
    events: {
      hello: () => hello,
      message: (message) => told.messages.push(message),
      frame: () => undefined,
      writable: () => void told.writable++,
      closed: () => void told.closed++,
      refused: (reason) => told.refused.push(reason),
    },
  });
});

afterEach(async () => {
  connection.close();
  await Promise.all(servers.map((server) => server.close()));
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

async function serve(options: ConstructorParameters<typeof Server>[0] = {}): Promise<Server> {
  const server = new Server(options);
  servers.push(server);
  await writeFile(serverFile, JSON.stringify({ url: await server.url() }));
  return server;
}

async function dial(server: Server): Promise<void> {
  connection.start();
  await until(() => connection.isWritable && server.heard.length > 0);
}

/** Lets `ms` pass in steps of a second, each with time for the sockets to answer. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    clock += Math.min(left, 1_000);
    vi.advanceTimersByTime(Math.min(left, 1_000));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('connection of a runner', () => {
  it('[RUN4] shows its key and says hello first; nothing is sent before the welcome', async () => {
    const server = await serve();
    connection.start();
    await until(() => server.heard.length > 0);
    expect(server.keys).toEqual([`Bearer ${key}`]);
    expect(server.heard).toEqual([hello]);
    expect(connection.send({ type: 'activity', terminalId, line: 'x', program: 'sh' })).toBe(false);
    expect(connection.sendFrame(new Uint8Array(3))).toBe(false);
    server.sockets[0]?.send(JSON.stringify(welcome));
    await until(() => connection.isWritable);
    expect(connection.send({ type: 'activity', terminalId, line: 'x', program: 'sh' })).toBe(true);
    expect(connection.awayMs).toBe(0);
  });

  it('[RUN5] dials again with growing pauses, at most 3 s, where the server file says now', async () => {
    const first = await serve({ onSocket: (socket) => socket.close(1011) });
    const pauses = vi.spyOn(globalThis, 'setTimeout');
    connection.start();
    for (let attempt = 1; attempt <= 7; attempt++) {
      await until(() => first.sockets.length === attempt && told.closed === attempt);
      vi.advanceTimersToNextTimer();
    }
    const dials = pauses.mock.calls.map(([, ms]) => ms).filter((ms) => ms !== undefined && ms <= 3_000);
    expect(dials.slice(0, 7)).toEqual([100, 200, 400, 800, 1600, 3000, 3000]);
    await until(() => told.closed === 8);
    const second = await serve({ onSocket: greet });
    vi.advanceTimersToNextTimer();
    await until(() => connection.isWritable);
    expect(second.sockets).toHaveLength(1);
  });

  it('a link that broke at once keeps the pause growing; one that lived does not', async () => {
    const server = await serve({ onSocket: greet });
    await dial(server);
    for (let lost = 1; lost <= 4; lost++) {
      server.sockets.at(-1)?.terminate();
      await until(() => told.closed === lost);
      vi.advanceTimersToNextTimer();
      await until(() => connection.isWritable);
    }
    await pass(6_000);
    const pauses = vi.spyOn(globalThis, 'setTimeout');
    server.sockets.at(-1)?.terminate();
    await until(() => told.closed === 5);
    await until(() => pauses.mock.calls.some(([, ms]) => ms === 100));
  });

  it('[RUN6] a half-open link is found within 15 s and replaced', async () => {
    const server = await serve({ pongs: false, onSocket: greet });
    await dial(server);
    await pass(15_000);
    await until(() => told.closed === 1);
    await until(() => server.sockets.length === 2);
  });

  it('a link whose server answers pings is kept', async () => {
    const server = await serve({ onSocket: greet });
    await dial(server);
    await pass(40_000);
    expect(told.closed).toBe(0);
    expect(server.sockets).toHaveLength(1);
  });

  it('a server that takes the socket and never welcomes is dialled again', async () => {
    const server = await serve();
    connection.start();
    await until(() => server.heard.length > 0);
    await pass(21_000);
    await until(() => server.sockets.length === 2);
    expect(told.lines.join()).toContain('not welcomed');
  });

  it('[RUN7] 4401, 4403, 4404 and 4409 are final: the runner is told and dials no more', async () => {
    for (const code of [4401, 4403, 4404, 4409]) {
      const server = await serve({ onSocket: (socket) => socket.close(code, `because ${code}`) });
      connection.start();
      await until(() => told.refused.includes(`because ${code}`));
      expect(server.sockets).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('any other code, and a server that is not there, is dialled again', async () => {
    const codes = [1000, 1006, 1012, 4400, 4429, 4503];
    const close = (socket: WebSocket, code = 1000) => (code === 1006 ? socket.terminate() : socket.close(code));
    const server = await serve({ onSocket: (socket) => close(socket, codes[server.sockets.length - 1]) });
    connection.start();
    for (let lost = 1; lost <= codes.length; lost++) {
      await until(() => told.closed === lost);
      if (lost === codes.length) await server.close();
      vi.advanceTimersToNextTimer();
    }
    await until(() => told.closed === codes.length + 1);
    expect(server.sockets).toHaveLength(codes.length);
    await rm(serverFile);
    vi.advanceTimersToNextTimer();
    await until(() => told.lines.some((line) => line.startsWith('no server to dial')));
    expect(vi.getTimerCount()).toBe(1);
    expect(told.refused).toEqual([]);
  });

  it('what it cannot understand closes the link with 4400', async () => {
    const server = await serve({ onSocket: greet });
    await dial(server);
    server.sockets[0]?.send('{"type":"reboot"}');
    await until(() => server.codes.length === 1);
    expect(server.codes).toEqual([4400]);
    expect(told.messages).toEqual([welcome]);
  });

  it('after close it neither dials nor calls back', async () => {
    const server = await serve({ onSocket: greet });
    connection.start();
    connection.close();
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(server.sockets).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds output back while 1 MiB waits, and says when there is room', async () => {
    const server = await serve({ onSocket: greet });
    await dial(server);
    server.sockets[0]?.pause();
    const frame = encodeFrame({ kind: 'output', terminalId, offset: 0, data: new Uint8Array(64 * 1024) });
    let sent = 0;
    for (; connection.isWritable && sent < 10_000; sent++) {
      connection.sendFrame(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(10_000);
    told.writable = 0;
    server.sockets[0]?.resume();
    await until(() => connection.isWritable && told.writable > 0);
  });
});
