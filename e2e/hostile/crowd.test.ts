import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { prepareHome } from '#db/testing-home.ts';
import { newId, type TerminalId } from '#protocol/id.ts';
import { decodeFrame, encodeFrame } from '#protocol/terminal-frame.ts';
import { makeRepository } from '../fixture.ts';
import { ServerProcess } from '../server-process.ts';
import type { Visitor } from '../visitor.ts';
import { Watcher } from '../watcher.ts';

let server: ServerProcess;
let ada: Visitor;
let bob: Visitor;
let dir: string;

beforeAll(async () => {
  server = await ServerProcess.start({ onHome: prepareHome });
  dir = await makeRepository(join(server.folder, 'person', 'shop'));
  ada = await server.signIn('Ada');
  bob = await server.signIn('Bob');
});
afterAll(() => server.stop());

const source = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };

/** Resident memory of the server process, in MiB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function openTerminal(command: string[] | null): Promise<TerminalId> {
  const { terminalId } = await ada.api.session.create.mutate({ dir, command });
  if (terminalId === null) throw new Error('no terminal');
  return terminalId;
}

describe('slow requests', () => {
  it('[SEC12] 500 that send a byte now and then slow nobody, and are closed within 15 s', async () => {
    const { hostname, port } = new URL(server.url);
    const heads = [
      `GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Slow: `,
      `POST /api/sign-in HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{`,
    ];
    const since = performance.now();
    const lived = Array.from({ length: 500 }, (_, n) => drip(Number(port), hostname, heads[n % 2] ?? ''));
    const waits: number[] = [];
    let isOver = false;
    const closed = Promise.all(lived).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const asked = performance.now();
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      waits.push(performance.now() - asked);
      await Promise.race([closed, sleep(50)]);
    }
    const answers = await closed;
    expect(performance.now() - since).toBeLessThan(15_000);
    expect(answers.every((answer) => answer === '' || /^HTTP\/1.1 408 /.test(answer))).toBe(true);
    expect(answers.filter((answer) => answer.includes('the request took too long to arrive')).length).toBeGreaterThan(
      400,
    );
    const p95 = waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.95)];
    expect(p95).toBeLessThan(200);
  }, 40_000);

  /** Sends `head`, then a byte a second; resolves with what was answered when the server has closed. */
  function drip(port: number, hostname: string, head: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket: Socket = connect(port, hostname, () => socket.write(head));
      const timer = setInterval(() => socket.writable && socket.write('x'), 1_000);
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(timer);
        resolve(answer);
      });
    });
  }
});

describe('many sockets', () => {
  it('[SEC13] of 1,000 of one person 200 stay, the rest are told why, and others get theirs', async () => {
    const terminalId = await openTerminal(['sleep', '600']);
    const paths = ['/ws/events', `/ws/terminal/${terminalId}`];
    const reasons: string[] = [];
    const sockets = Array.from({ length: 1_000 }, (_, n) => bob.socket(paths[n % 2] ?? ''));
    let settled = 0;
    const opened = new Set<WebSocket>();
    await new Promise<void>((resolve) => {
      const one = () => ++settled === 1_000 && resolve();
      for (const socket of sockets) {
        socket.on('error', () => undefined);
        socket.once('close', (code, reason) => {
          if (opened.delete(socket)) return;
          reasons.push(`${code} ${reason}`);
          one();
        });
        // The first message, or the refusal, says which it is.
        socket.once('pong', () => {
          if (socket.readyState !== socket.OPEN) return;
          opened.add(socket);
          one();
        });
        socket.once('open', () => socket.ping());
      }
    });
    expect(opened.size).toBe(199);
    expect(new Set(reasons)).toEqual(new Set(['4429 at most 200 sockets: close a tab']));
    expect((await ada.api.person.me.query()).name).toBe('Ada');
    const [first] = opened;
    const gone = new Promise((resolve) => first?.once('close', resolve));
    first?.close();
    await gone;
    const another = bob.socket('/ws/events');
    await new Promise((resolve) => another.once('open', () => another.ping(resolve)));
    await new Promise((resolve) => another.once('pong', resolve));
    expect(another.readyState).toBe(another.OPEN);
    for (const socket of [...opened, another]) socket.terminate();
  }, 40_000);
});

describe('peers that do not read', () => {
  it('[SEC15] nineteen beside one that reads and one that draws nothing cost bounded memory and slow nobody', async () => {
    const flood =
      'for i in $(seq 30); do head -c 1000000 /dev/zero | tr "\\0" x; done; echo; echo flood-over; sleep 600';
    const terminalId = await openTerminal(['bash', '-c', `read; ${flood}`]);
    const watcher = new Watcher({ visitor: ada, terminalId });
    await expect.poll(() => watcher.isLive, { timeout: 10_000 }).toBe(true);
    const stalled = Array.from({ length: 20 }, () => bob.socket(`/ws/terminal/${terminalId}`));
    for (const socket of stalled) socket.on('error', () => undefined);
    await Promise.all(stalled.map((socket) => new Promise((resolve) => socket.once('message', resolve))));
    const [idle, ...deaf] = stalled;
    const slow = screensOf(idle);
    for (const socket of deaf) socket.pause();
    const before = await memory();
    let most = 0;
    watcher.type(Buffer.from('\r'));
    const isOver = async () => {
      most = Math.max(most, (await memory()) - before);
      return watcher.lines().includes('flood-over');
    };
    await expect.poll(isOver, { timeout: 30_000, interval: 100 }).toBe(true);
    // Unbounded it would be 20 times 30 MB.
    expect(most).toBeLessThan(250);
    expect(slow.outputBytes).toBeLessThan(1.5 * 1024 * 1024);
    slow.drawAll();
    await expect.poll(() => slow.screens.at(-1) ?? '', { timeout: 10_000 }).toContain('flood-over');
    for (const socket of stalled) socket.terminate();
    watcher.stop();
  }, 60_000);

  /** What a viewer that reads, and draws nothing until told to, was sent. */
  function screensOf(socket: WebSocket | undefined) {
    const seen = { screens: [] as string[], outputBytes: 0, end: 0, drawAll };
    let isDrawing = false;
    const report = () => isDrawing && socket?.send(JSON.stringify({ type: 'drawn', offset: seen.end }));
    function drawAll() {
      isDrawing = true;
      report();
    }
    socket?.on('message', (data: Buffer, isBinary: boolean) => {
      const frame = isBinary ? decodeFrame(data) : null;
      if (!frame || frame.kind === 'input') return;
      if (frame.kind === 'snapshot') seen.screens.push(Buffer.from(frame.data).toString('latin1'));
      else seen.outputBytes += frame.data.length;
      seen.end = Math.max(seen.end, frame.offset + (frame.kind === 'output' ? frame.data.length : 0));
      report();
    });
    return seen;
  }
});

describe('keys', () => {
  it('[SEC18] replayed and reordered ones are written once, in their order, or not at all', async () => {
    const terminalId = await openTerminal([
      'bash',
      '-c',
      'stty -echo; echo ready; while read -r l; do echo "got:$l"; done',
    ]);
    const watcher = new Watcher({ visitor: bob, terminalId });
    await expect.poll(() => watcher.lines().includes('ready'), { timeout: 10_000 }).toBe(true);
    const socket = ada.socket(`/ws/terminal/${terminalId}`);
    await new Promise((resolve) => socket.once('open', resolve));
    const clientId = newId('client', source);
    const send = (n: number, text: string) =>
      socket.send(encodeFrame({ kind: 'input', terminalId, clientId, n, data: Buffer.from(text) }));
    for (const n of [1, 1, 1, 3, 2, 3, 1, 4, 4, 0, 5]) send(n, `${n}\n`);
    const shown = () => watcher.lines().filter((line) => line.startsWith('got:'));
    await expect.poll(() => shown().at(-1), { timeout: 10_000 }).toBe('got:5');
    expect(shown()).toEqual(['got:1', 'got:3', 'got:4', 'got:5']);
    socket.terminate();
    watcher.stop();
  }, 40_000);

  it('[SEC14] a flood closes the socket it comes on with 4429, and others type on as before', async () => {
    const terminalId = await openTerminal([
      'bash',
      '-c',
      'stty -echo; echo ready; while read -r l; do echo "got:$l"; done',
    ]);
    const watcher = new Watcher({ visitor: ada, terminalId });
    await expect.poll(() => watcher.lines().includes('ready'), { timeout: 10_000 }).toBe(true);
    const paths = ['/ws/events', `/ws/terminal/${terminalId}`];
    const floods = ['PING', JSON.stringify({ type: 'drawn', offset: 0 })];
    const codes = paths.map(async (path, at) => {
      const socket = bob.socket(path);
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('open', resolve));
      const code = new Promise((resolve) => socket.once('close', resolve));
      for (let n = 0; n < 20_000; n++) socket.send(floods[at] ?? '');
      return code;
    });
    watcher.type(Buffer.from('hello\n'));
    await expect.poll(() => watcher.lines().includes('got:hello'), { timeout: 10_000 }).toBe(true);
    expect(await Promise.all(codes)).toEqual([4429, 4429]);
    watcher.type(Buffer.from('again\n'));
    await expect.poll(() => watcher.lines().includes('got:again'), { timeout: 10_000 }).toBe(true);
    watcher.stop();
  }, 40_000);
});
