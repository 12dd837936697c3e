import { expect, it } from 'vitest';
import type { PersonId, TerminalId } from '#protocol/id.ts';
import { decodeFrame, encodeFrame, maxInputBytes } from '#protocol/terminal-frame.ts';
import type { Emulator } from '#protocol/terminal-replica.ts';
import type { ToViewer } from '#protocol/viewer-message.ts';
import type { Clock } from './clock.ts';
import { type Socket, type SocketEvents, type SocketState, TerminalSocket } from './terminal-socket.ts';

const terminalId = `trm_${'1'.repeat(26)}` as TerminalId;
const mira = { personId: `per_${'m'.repeat(26)}` as PersonId, name: 'Mira' };
const jonas = { personId: `per_${'j'.repeat(26)}` as PersonId, name: 'Jonas' };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

class HandClock implements Clock {
  time = 1_000_000;
  tasks: { at: number; task: () => void }[] = [];
  now(): number {
    return this.time;
  }
  after(ms: number, task: () => void): () => void {
    const entry = { at: this.time + ms, task };
    this.tasks.push(entry);
    return () => {
      this.tasks = this.tasks.filter((other) => other !== entry);
    };
  }
  /** Moves on, running what falls due in order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.tasks.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.tasks = this.tasks.filter((entry) => entry !== next);
      this.time = Math.max(this.time, next.at);
      next.task();
    }
    this.time = end;
  }
}

class Wire implements Socket {
  isOpen = false;
  sent: (string | Uint8Array)[] = [];
  readonly after: number | null;
  readonly #events: SocketEvents;
  constructor(after: number | null, events: SocketEvents) {
    this.after = after;
    this.#events = events;
  }
  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }
  close(): void {
    this.isOpen = false;
  }
  accept(): void {
    this.isOpen = true;
    this.#events.opened();
  }
  fail(code: number, reason = ''): void {
    this.isOpen = false;
    this.#events.closed(code, reason);
  }
  receive(data: unknown): void {
    this.#events.received(data);
  }
  tell(message: ToViewer): void {
    this.receive(JSON.stringify(message));
  }
  show(offset: number, data: string): void {
    const frame = {
      kind: 'snapshot',
      terminalId,
      request: 0,
      offset,
      cols: 80,
      rows: 24,
      resizes: 0,
      data: bytes(data),
    } as const;
    this.receive(encodeFrame(frame).buffer);
  }
  print(offset: number, data: string): void {
    this.receive(encodeFrame({ kind: 'output', terminalId, offset, data: bytes(data) }).buffer);
  }
  /** Typed input that went out, as "n:text". */
  get typed(): string[] {
    return this.sent.flatMap((data) => {
      if (typeof data === 'string') return [];
      const frame = decodeFrame(data);
      return frame.kind === 'input' ? [`${frame.n}:${text(frame.data)}`] : [];
    });
  }
  get messages(): unknown[] {
    return this.sent.flatMap((data) => (typeof data === 'string' ? [JSON.parse(data)] : []));
  }
}

const seat = (driver: typeof mira | null): ToViewer => ({
  type: 'state',
  terminalId,
  you: { ...mira, role: 'owner' },
  driver: driver && { ...driver, since: '2026-11-22T14:00:00.000Z' },
  watchers: [],
  requests: [],
  isLive: true,
  closed: null,
  cols: 80,
  rows: 24,
});

function rig() {
  const clock = new HandClock();
  const wires: Wire[] = [];
  const drawn: string[] = [];
  const states: SocketState[] = [];
  const emulator: Emulator = {
    write: (data, done) => {
      drawn.push(typeof data === 'string' ? data : text(data));
      done?.();
    },
    resize: (cols, rows) => drawn.push(`${cols}x${rows}`),
    reset: () => drawn.push('reset'),
  };
  let seed = 0;
  const socket = new TerminalSocket({
    terminalId,
    emulator,
    clock,
    ids: { now: () => clock.now(), random: (into) => into.fill(seed++) },
    random: () => 0.5,
    open: (after, events) => {
      const wire = new Wire(after, events);
      wires.push(wire);
      return wire;
    },
    onState: (state) => states.push(state),
  });
  const wire = (): Wire => {
    const last = wires.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  };
  socket.start();
  return { clock, wires, wire, drawn, socket, states };
}

function attached(driver: typeof mira | null = mira) {
  const all = rig();
  all.wire().accept();
  all.wire().tell(seat(driver));
  all.wire().show(100, 'screen');
  return all;
}

it('[WEB20] draws a screen and what follows it, and reports what is drawn at most every 50 ms', () => {
  const { wire, drawn, clock } = attached();
  wire().print(100, 'a');
  wire().print(101, 'bc');
  expect(drawn).toEqual(['reset', '80x24', 'screen', 'a', 'bc']);
  expect(wire().messages).toEqual([]);
  clock.pass(50);
  expect(wire().messages).toEqual([{ type: 'drawn', offset: 103 }]);
});

it('[WEB20] reports at once when 128 KiB are drawn', () => {
  const { wire } = attached();
  wire().print(100, 'x'.repeat(64 * 1024));
  wire().print(100 + 64 * 1024, 'x'.repeat(64 * 1024));
  expect(wire().messages).toEqual([{ type: 'drawn', offset: 100 + 128 * 1024 }]);
});

it('[WEB21] resumes from its own offset after a loss, and skips what it holds', () => {
  const { wire, wires, drawn, clock, socket } = attached();
  wire().print(100, 'abc');
  wire().fail(1006);
  expect(socket.state.link).toMatchObject({ kind: 'waiting', why: 'Connection lost' });
  clock.pass(250);
  expect(wires.map((each) => each.after)).toEqual([null, 103]);
  wire().accept();
  wire().print(101, 'bcd');
  expect(drawn.slice(3)).toEqual(['abc', 'd']);
});

it('[WEB21] asks for a screen when bytes are missing', () => {
  const { wire, wires, drawn, clock } = attached();
  wire().print(150, 'late');
  clock.pass(250);
  expect(wires.at(-1)?.after).toBeNull();
  wire().accept();
  wire().print(150, 'late');
  wire().show(160, 'fresh');
  expect(drawn.slice(3)).toEqual(['reset', '80x24', 'fresh']);
});

it('[WEB22] backs off up to 8 s and starts over after a link that held', () => {
  const { wire, clock, wires, socket } = rig();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    wire().fail(1006);
    const { link } = socket.state;
    waits.push(link.kind === 'waiting' ? link.retryAt - clock.now() : -1);
    clock.pass(8_000);
  }
  expect(waits).toEqual([187.5, 375, 750, 1500, 3000, 6000, 6000, 6000]);
  expect(wires).toHaveLength(9);
  wire().accept();
  wire().fail(1006);
  expect(socket.state.link).toMatchObject({ kind: 'waiting', retryAt: clock.now() + 187.5 });
});

it('[WEB23] numbers keys and sends unacknowledged ones again to the same driver', () => {
  const { wire, clock, socket } = attached();
  for (const key of ['l', 's', '\r']) socket.type(bytes(key));
  wire().tell({ type: 'input-acked', n: 1 });
  expect(wire().typed).toEqual(['1:l', '2:s', '3:\r']);
  wire().fail(1006);
  clock.pass(250);
  wire().accept();
  expect(wire().typed).toEqual([]);
  wire().tell(seat(mira));
  expect(wire().typed).toEqual(['2:s', '3:\r']);
});

it('[WEB23] gives keys up after 10 s or when somebody else drives, and says so', () => {
  for (const { wait, driver } of [
    { wait: 11_000, driver: mira },
    { wait: 250, driver: jonas },
  ]) {
    const { wire, clock, socket } = attached();
    socket.type(bytes('x'));
    wire().fail(1006);
    clock.pass(wait);
    wire().accept();
    wire().tell(seat(driver));
    expect(wire().typed).toEqual([]);
    expect(socket.state.refusal?.why).toBe('The last keys may not have arrived');
    socket.type(bytes('y'));
    expect(wire().typed).toEqual(['1:y']);
  }
});

it('[WEB23] keys sent again and never answered are given up too, and that is said', () => {
  const { wire, clock, socket } = attached();
  socket.type(bytes('x'));
  for (let dial = 0; dial < 2; dial++) {
    clock.pass(7_000);
    wire().accept();
    wire().tell(seat(mira));
  }
  expect(wire().typed).toEqual([]);
  expect(socket.state.refusal?.why).toBe('The last keys may not have arrived');
});

it('[WEB37] keys faster than their acknowledgements go together, in order, and are sent again or given up as one', () => {
  const { wire, clock, socket } = attached();
  const keys = 'abcdefghijklmnopqrstuvwxyz'.split('');
  for (const key of keys) socket.type(bytes(key));
  expect(wire().typed).toEqual(keys.slice(0, 16).map((key, i) => `${i + 1}:${key}`));
  wire().tell({ type: 'input-acked', n: 1 });
  expect(wire().typed.slice(16)).toEqual(['17:qrstuvwxyz']);
  socket.type(bytes('!'));
  wire().fail(1006);
  clock.pass(250);
  wire().accept();
  wire().tell(seat(mira));
  expect(wire().typed).toHaveLength(16);
  wire().tell({ type: 'input-acked', n: 17 });
  expect(wire().typed.slice(16)).toEqual(['18:!']);
  for (let i = 0; i < 16; i++) socket.type(bytes('x'));
  wire().fail(1006);
  clock.pass(11_000);
  wire().accept();
  wire().tell(seat(mira));
  wire().tell({ type: 'input-acked', n: 99 });
  expect(wire().typed).toEqual([]);
});

it('[WEB37] what goes together stays within the limit of one message', () => {
  const { wire, socket } = attached();
  for (let i = 0; i < 16; i++) socket.type(bytes('k'));
  for (let i = 0; i < 3; i++) socket.type(new Uint8Array(maxInputBytes / 2).fill(65 + i));
  wire().tell({ type: 'input-acked', n: 16 });
  expect(wire().typed.at(-1)).toHaveLength('17:'.length + maxInputBytes);
  expect(wire().typed).toHaveLength(17);
  wire().tell({ type: 'input-acked', n: 17 });
  expect(wire().typed.at(-1)).toHaveLength('18:'.length + maxInputBytes / 2);
});

it('[WEB24] accepts no keys while disconnected, nor a paste above the limit', () => {
  const { wire, socket } = attached();
  socket.type(new Uint8Array(maxInputBytes + 1));
  expect(socket.state.refusal?.why).toBe('Paste too large, the limit is 256 KiB');
  wire().fail(1006);
  socket.type(bytes('x'));
  expect(socket.state.refusal?.why).toBe('Not connected, key not sent');
  expect(wire().typed).toEqual([]);
});

it('[WEB24] says who drives when a key is refused', () => {
  const { wire, socket } = attached(jonas);
  socket.type(bytes('x'));
  wire().tell({ type: 'input-refused', n: 1, drives: 'Jonas' });
  expect(socket.state.refusal?.why).toBe('Jonas drives, key not sent');
});

it('[WEB24] what was sent before a key that is refused may have arrived, and is said to', () => {
  const { wire, socket } = attached();
  socket.type(bytes('x'));
  wire().tell({ type: 'input-refused', n: 1, drives: null });
  expect(socket.state.refusal?.why).toBe('Key not sent');
  socket.type(bytes('y'));
  socket.type(bytes('z'));
  wire().tell({ type: 'input-refused', n: 3, drives: null });
  expect(socket.state.refusal?.why).toBe('The last keys may not have arrived');
});

it('[WEB25] stops on close codes that a retry cannot help, with the way out', () => {
  const remedies = {
    4400: 'reload',
    4401: 'sign-in',
    4403: 'retry',
    4404: 'recording',
    4409: 'recording',
    4413: 'retry',
  };
  for (const [code, remedy] of Object.entries(remedies)) {
    const { wire, socket, clock, wires } = attached();
    wire().fail(Number(code));
    clock.pass(60_000);
    expect(socket.state.link).toMatchObject({ kind: 'stopped', remedy });
    expect(wires).toHaveLength(1);
    socket.retry();
    expect(wires).toHaveLength(2);
  }
});

it('[WEB25] retries slower when it was too fast and says when the database is away', () => {
  const { wire, socket, clock, wires } = attached();
  wire().fail(4503);
  expect(socket.state.link).toMatchObject({ kind: 'waiting', why: 'Database away' });
  clock.pass(250);
  wire().fail(4429);
  clock.pass(3_000);
  expect(wires).toHaveLength(2);
  clock.pass(5_000);
  expect(wires).toHaveLength(3);
});

it('[WEB25] stops with a reload when a message cannot be understood', () => {
  const { wire, socket } = attached();
  wire().receive('{"type":"news"}');
  expect(socket.state.link).toMatchObject({ kind: 'stopped', remedy: 'reload' });
});

it('[WEB26] finds a link that takes keys and never answers', () => {
  const { wires, socket, clock } = attached();
  socket.type(bytes('x'));
  clock.pass(6_000);
  expect(socket.state.link.kind).toBe('waiting');
  clock.pass(250);
  expect(wires).toHaveLength(2);
});

it('[WEB27] tells its size again on every connection, once per change', () => {
  const { wire, socket, clock } = attached();
  socket.resize(120, 40);
  socket.resize(120, 40);
  expect(wire().messages).toEqual([{ type: 'size', cols: 120, rows: 40 }]);
  wire().fail(1006);
  clock.pass(250);
  wire().accept();
  expect(wire().messages).toEqual([{ type: 'size', cols: 120, rows: 40 }]);
});
