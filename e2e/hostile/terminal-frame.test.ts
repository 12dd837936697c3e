import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeFrame } from '#protocol/terminal-frame.ts';
import { openTestServer, type TestServer, type TestSocket, tab, type Visitor } from '#server/testing.ts';
import { newClientId, startSession, type TestSession } from '#server/testing-runner.ts';
import { TestViewer } from '#server/testing-viewer.ts';

let server: TestServer;
let ada: Visitor;
let bob: Visitor;
let session: TestSession;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  bob = await server.signIn('bob');
  session = await startSession(server, ada);
});
afterAll(() => server.close());

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const clientId = newClientId();
const input = (n: number, text: string) =>
  encodeFrame({ kind: 'input', terminalId: session.terminalId, clientId, n, data: Buffer.from(text) });

async function attach(who: Visitor): Promise<TestViewer> {
  const viewer = new TestViewer(server, who, session.terminalId);
  await soon(() => expect(viewer.state).not.toBeNull());
  return viewer;
}

type Attack = [what: string, frame: () => string | Uint8Array, code: number, reason: RegExp];

const bytes = (...values: number[]) => Uint8Array.from(values);
const broken: Attack[] = [
  ['no JSON', () => '{', 4400, /not JSON/],
  ['no object', () => '7', 4400, /Invalid/],
  ['an unknown type', () => '{"type":"approve"}', 4400, /type/],
  ['a field of another kind', () => '{"type":"drawn","offset":"1"}', 4400, /offset/],
  ['a negative offset', () => '{"type":"drawn","offset":-1}', 4400, /offset/],
  ['half an offset', () => '{"type":"drawn","offset":0.5}', 4400, /offset/],
  ['an endless offset', () => '{"type":"drawn","offset":1e999}', 4400, /offset/],
  ['an absurd size', () => '{"type":"size","cols":9999999,"rows":1}', 4400, /cols/],
  ['somebody who is nobody', () => '{"type":"give","to":"per_x"}', 4400, /to/],
  ['nested JSON', () => `${'['.repeat(10_000)}`, 4400, /nested deeper/],
  ['many members', () => `[${'0,'.repeat(60_000)}0]`, 4400, /members/],
  ['no bytes', () => bytes(), 4400, /terminal frame: shorter/],
  ['one byte', () => bytes(2), 4400, /terminal frame: shorter/],
  ['an unknown kind', () => bytes(9, ...input(1, 'x').subarray(1)), 4400, /unknown kind 9/],
  ['no terminal', () => bytes(2, 0, 0, 0, 0, 0, 0), 4400, /terminal id/],
  ['a terminal id longer than the frame', () => bytes(2, 255, 116), 4400, /terminal/],
  ['a client id of other letters', () => input(1, 'x').map((byte, at) => (at === 40 ? 0 : byte)), 4400, /client id/],
  [
    'another terminal',
    () => input(1, 'x').map((byte, at) => (at === 30 ? byte ^ 1 : byte)),
    4400,
    /another terminal|id/,
  ],
  ['output', () => forged('output'), 4400, /viewers send input only/],
  ['a screen', () => forged('snapshot'), 4400, /viewers send input only/],
  ['a paste above 256 KiB', () => input(1, 'x'.repeat(256 * 1024 + 1)), 4413, /at most 262144 bytes/],
  ['text above 1 MiB', () => ' '.repeat(1024 * 1024 + 1), 4413, /too large/],
  ['bytes above 1 MiB', () => new Uint8Array(1024 * 1024 + 1), 4413, /too large/],
];

function forged(kind: 'output' | 'snapshot'): Uint8Array {
  const common = { terminalId: session.terminalId, offset: 0, data: Buffer.from('forged') };
  return kind === 'output'
    ? encodeFrame({ kind, ...common })
    : encodeFrame({ kind, request: 1, cols: 80, rows: 24, resizes: 0, ...common });
}

const open = (who: Visitor): TestSocket => server.socket(`/ws/terminal/${session.terminalId}`, tab(server, who));

describe('a viewer’s socket', () => {
  it.each(broken)(
    '[SEC16] %s closes it with a code and the reason, and nobody else notices',
    async (_, frame, code, reason) => {
      const watcher = await attach(bob);
      const socket = await open(ada).opened();
      socket.send(frame());
      expect(await socket.ended).toBe(code);
      expect(socket.reason).toMatch(reason);
      session.runner.print(session.terminalId, '.');
      await soon(() => expect(watcher.shown.length).toBe(session.runner.printed.get(session.terminalId)?.length));
      watcher.socket.terminate();
      expect(session.runner.typed).not.toContain('x');
    },
  );

  it('[SEC16] broken WebSocket framing closes it too: text that is no UTF-8, reserved bits, an endless message', async () => {
    const raw = async (...frames: Buffer[]) => {
      const socket = await open(ada).opened();
      const stream = (socket as unknown as { _socket: NodeJS.WritableStream })._socket;
      for (const frame of frames) stream.write(frame);
      return [await socket.ended, socket.reason] as const;
    };
    const masked = (first: number, body: Buffer) =>
      Buffer.concat([Buffer.from([first, 0x80 | body.length, 0, 0, 0, 0]), body]);
    expect(await raw(masked(0x81, Buffer.from([0xff, 0xfe])))).toEqual([4400, 'frame: text must be valid UTF-8']);
    expect(await raw(masked(0xc1, Buffer.from('x')))).toEqual([4400, 'frame: not valid WebSocket']);
    expect(await raw(Buffer.from([0x81, 0x01, 0x78]))).toEqual([4400, 'frame: not valid WebSocket']);
    const part = masked(0x00, Buffer.alloc(100));
    const endless = Array.from({ length: 12_000 }, () => part);
    const [code, reason] = await raw(masked(0x01, Buffer.alloc(100)), ...endless);
    expect([code, reason]).toEqual([4413, expect.stringContaining('too')]);
  });

  it('[SEC17] keys of somebody who does not drive never reach the program, whatever they claim to be', async () => {
    const [driver, other] = [await attach(ada), await attach(bob)];
    driver.type('typed');
    await soon(() => expect(session.runner.typed).toContain('typed'));
    const before = session.runner.inputs.length;
    for (let n = 1; n <= 20; n++) other.type(`rm -rf / ${n}\r`, 1_000 + n);
    await soon(() => expect(other.of('input-refused')).toHaveLength(20));
    const taken = encodeFrame({
      ...{ kind: 'input', terminalId: session.terminalId, clientId: driver.clientId, n: 2 },
      data: Buffer.from('forged'),
    });
    other.socket.send(taken);
    expect(await other.socket.ended).toBe(4403);
    expect(other.socket.reason).toBe('client: of somebody else');
    expect(session.runner.inputs).toHaveLength(before);
    driver.type(' on');
    await soon(() => expect(session.runner.typed).toContain('typed on'));
    driver.socket.terminate();
  });

  it('[SEC17] a forged `drawn` brings nobody more than the window, and one socket no endless list of keyboards', async () => {
    const viewer = await attach(ada);
    viewer.isDrawing = false;
    for (const offset of [2 ** 53 - 1, 0, 2 ** 52]) viewer.say({ type: 'drawn', offset });
    session.runner.print(session.terminalId, 'after');
    await soon(() => expect(viewer.shown).toMatch(/after$/));
    for (let n = 0; n < 40; n++) {
      const data = Buffer.from('');
      const frame = { kind: 'input', terminalId: session.terminalId, clientId: newClientId(), n: 1, data } as const;
      if (viewer.socket.readyState === viewer.socket.OPEN) viewer.socket.send(encodeFrame(frame));
    }
    expect(await viewer.socket.ended).toBe(4400);
    expect(viewer.socket.reason).toMatch(/at most 32/);
  });

  it('[SEC14] sizes asked for in a burst coalesce, and the newest is the one that counts', async () => {
    const viewer = await attach(ada);
    const before = session.runner.of('terminal.resize').length;
    for (let n = 0; n < 300; n++) viewer.say({ type: 'size', cols: 100 + n, rows: 30 });
    await soon(() => expect(session.runner.of('terminal.resize').at(-1)).toMatchObject({ cols: 399, rows: 30 }));
    expect(session.runner.of('terminal.resize').length - before).toBeLessThan(20);
    viewer.socket.terminate();
  });
});
