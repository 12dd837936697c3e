import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NewEvent } from '#protocol/event.ts';
import { type ClientId, newId, type SessionId, type TerminalId } from '#protocol/id.ts';
import type { FromRunner } from '#protocol/runner-message.ts';
import { decodeFrame, encodeFrame, type OutputFrame } from '#protocol/terminal-frame.ts';
import { noSandbox } from './sandbox/index.ts';
import { type Link, TerminalSet } from './terminal-set.ts';

const source = { now: () => 0, random: (bytes: Uint8Array) => void bytes.set(randomBytes(bytes.length)) };
const newTerminalId = () => newId('terminal', source);

/** A link that takes `room` more frames and messages of output and keeps everything. */
class TestLink implements Link {
  room = Number.POSITIVE_INFINITY;
  readonly sent: (FromRunner | OutputFrame)[] = [];

  get isWritable(): boolean {
    return this.room > 0;
  }

  send(message: FromRunner): boolean {
    this.sent.push(message);
    return true;
  }

  sendFrame(bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'output') this.sent.push({ ...frame, data: frame.data.slice() });
    this.room--;
    return true;
  }

  outputOf(terminalId: TerminalId): OutputFrame[] {
    return this.sent.flatMap((item) => ('data' in item && item.terminalId === terminalId ? [item] : []));
  }

  /** Everything printed so far, checking that no byte is missing or doubled from `start` on. */
  textOf(terminalId: TerminalId, start = 0): string {
    let end = start;
    const pieces = this.outputOf(terminalId).map(({ offset, data }) => {
      expect(offset).toBe(end);
      end += data.length;
      return data;
    });
    return Buffer.concat(pieces).toString('latin1');
  }

  messages<T extends FromRunner['type']>(type: T): (FromRunner & { type: T })[] {
    return this.sent.filter((item): item is FromRunner & { type: T } => 'type' in item && item.type === type);
  }
}

let folder: string;
let link: TestLink;
let facts: Pick<NewEvent, 'type' | 'payload'>[];
let set: TerminalSet;

/** Keys of people that reached a program. */
let typed: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnigent-terminals-'));
  link = new TestLink();
  facts = [];
  typed = 0;
  set = new TerminalSet({
    sandbox: noSandbox('process-group', process.env),
    environment: async () => ({}),
    sessionId: newId('session', source) as SessionId,
    link,
    going: async () => undefined,
    state: (fact) => facts.push(fact),
    onTyped: () => void typed++,
    log: () => undefined,
  });
  set.enter(folder);
});

afterEach(async () => {
  await set.closeAll();
  for (const { terminalId } of set.states()) set.recorded(terminalId, Number.MAX_SAFE_INTEGER);
  await rm(folder, { recursive: true, force: true });
});

async function open(script: string, size = { cols: 80, rows: 24 }): Promise<TerminalId> {
  const terminalId = newTerminalId();
  await set.open({ terminalId, name: 'test', command: ['sh', '-c', script], ...size });
  return terminalId;
}

const stateOf = (terminalId: TerminalId) => set.states().find((state) => state.terminalId === terminalId);
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const isClosed = (terminalId: TerminalId) =>
  facts.some(
    ({ type, payload }) => type === 'terminal.closed' && (payload as { terminalId?: string }).terminalId === terminalId,
  );

describe('terminals of a runner', () => {
  it('[RUN8] output carries its offset and arrives whole, then the end is stated', async () => {
    const terminalId = await open('seq 1 20000; exit 3');
    await soon(() => expect(isClosed(terminalId)).toBe(true));
    const expected = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\r\n`).join('');
    await soon(() => expect(link.textOf(terminalId)).toBe(expected));
    expect(facts.map(({ type }) => type)).toEqual(['terminal.opened', 'terminal.closed']);
    expect(facts[1]?.payload).toMatchObject({ exitCode: 3, signal: null });
  });

  it('[RUN9] after a lost link it goes on exactly where the server wants', async () => {
    const terminalId = await open('echo one; read x; echo two; sleep 60');
    await soon(() => expect(link.textOf(terminalId)).toBe('one\r\n'));
    set.unlink();
    set.input(input(terminalId, 1, '\n'));
    await soon(() => expect(stateOf(terminalId)?.end).toBe(12));
    link.sent.length = 0;
    set.resume([{ terminalId, offset: 3 }]);
    expect(link.textOf(terminalId, 3)).toBe('\r\n\r\ntwo\r\n');
  });

  it('a terminal the server did not name starts at its oldest byte', async () => {
    const terminalId = await open('echo one; sleep 60');
    await soon(() => expect(stateOf(terminalId)?.end).toBe(5));
    set.unlink();
    link.sent.length = 0;
    set.resume([]);
    expect(link.textOf(terminalId)).toBe('one\r\n');
  });

  it('[RUN10] bytes that the 4 MiB ring lost are announced as a gap, the rest follows', async () => {
    link.room = 0;
    const terminalId = await open("head -c 4600000 /dev/zero | tr '\\0' x; sleep 60");
    await soon(() => expect(stateOf(terminalId)?.end).toBe(4_600_000));
    link.room = Number.POSITIVE_INFINITY;
    set.unlink();
    set.resume([{ terminalId, offset: 0 }]);
    const { start } = stateOf(terminalId) ?? { start: 0 };
    expect(start).toBeGreaterThan(100_000);
    expect(link.messages('gap')).toEqual([{ type: 'gap', terminalId, offset: start }]);
    expect(link.textOf(terminalId, start)).toHaveLength(4_600_000 - start);
  });

  it('[RUN11] a resize is told between the bytes before and after it, once per link', async () => {
    const terminalId = await open('stty -echo; while read x; do stty size; done');
    for (let n = 1; n <= 5; n++) {
      set.resize(terminalId, 80 + n, 24);
      set.input(input(terminalId, n, '\n'));
      await soon(() => expect(link.textOf(terminalId)).toContain(`24 ${80 + n}\r\n`));
    }
    set.unlink();
    const live = link.sent.splice(0);
    set.resume([{ terminalId, offset: 0 }]);
    for (const items of [live, link.sent]) {
      let cols = 80;
      for (const item of items) {
        if ('type' in item && item.type === 'resized') cols = item.cols;
        if ('data' in item) for (const [, said] of text(item).matchAll(/24 (\d+)/g)) expect(Number(said)).toBe(cols);
      }
      const markers = items.flatMap((item) => ('type' in item && item.type === 'resized' ? [item.n] : []));
      expect(markers).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('a resume sends only the sizes that took effect after the wanted offset', async () => {
    const terminalId = await open('echo one; read x; echo two; sleep 60');
    await soon(() => expect(link.textOf(terminalId)).toBe('one\r\n'));
    set.resize(terminalId, 90, 20);
    set.input(input(terminalId, 1, '\n'));
    await soon(() => expect(link.textOf(terminalId)).toContain('two\r\n'));
    set.resize(terminalId, 100, 30);
    set.unlink();
    link.sent.length = 0;
    set.resume([{ terminalId, offset: 12 }]);
    expect(link.messages('resized').map(({ n }) => n)).toEqual([2]);
  });

  it('[RUN12] input is written once however often it is sent, and acknowledged each time', async () => {
    const terminalId = await open('stty raw -echo; echo ready; cat');
    await soon(() => expect(link.textOf(terminalId)).toContain('ready'));
    for (const n of [1, 2, 1, 2, 2, 3, 1]) set.input(input(terminalId, n, `<${n}>`));
    await soon(() => expect(link.textOf(terminalId)).toContain('<1><2><3>'));
    expect(link.textOf(terminalId)).not.toContain('<3><');
    expect(link.messages('input-acked').map(({ n }) => n)).toEqual([1, 2, 2, 2, 2, 3, 3]);
  });

  it('[EFF3] keys of people in a shell are told, those in the terminal of an agent are prompts', async () => {
    const shell = await open('stty raw -echo; echo ready; cat');
    const terminalId = newTerminalId();
    const command = ['sh', '-c', 'echo ready; cat'];
    await set.open({ terminalId, name: 'coder', command, cols: 80, rows: 24, env: { OMNIGENT_AGENT: 'coder' } });
    set.input(input(terminalId, 1, 'hello\n'));
    expect(typed).toBe(0);
    for (const n of [1, 1, 2]) set.input(input(shell, n, 'x'));
    expect(typed).toBe(2);
  });

  it('[RUN13] a flood in one terminal does not hold up another', async () => {
    link.room = 0;
    const flood = await open("head -c 300000 /dev/zero | tr '\\0' x; sleep 60");
    const quiet = await open('echo here; sleep 60');
    await soon(() => expect(stateOf(flood)?.end).toBe(300_000));
    await soon(() => expect(stateOf(quiet)?.end).toBe(6));
    link.room = 4;
    set.pump();
    expect(link.textOf(quiet)).toBe('here\r\n');
  });

  it('opening the same terminal twice starts one program', async () => {
    const terminalId = newTerminalId();
    const request = { terminalId, name: 'test', command: ['sh', '-c', 'echo one; sleep 60'], cols: 80, rows: 24 };
    await Promise.all([set.open(request), set.open(request)]);
    await set.open(request);
    expect(facts).toHaveLength(1);
    expect(set.states()).toHaveLength(1);
  });

  it('a program waits for the checkout and starts in it', async () => {
    const early = new TerminalSet({
      sandbox: noSandbox('process-group', process.env),
      environment: async () => ({}),
      sessionId: newId('session', source) as SessionId,
      link,
      going: async () => undefined,
      state: (fact) => facts.push(fact),
      onTyped: () => undefined,
      log: () => undefined,
    });
    const terminalId = newTerminalId();
    const opened = early.open({ terminalId, name: 'test', command: ['pwd'], cols: 80, rows: 24 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(facts).toEqual([]);
    early.enter(folder);
    await opened;
    await soon(() => expect(link.textOf(terminalId)).toBe(`${folder}\r\n`));
    early.recorded(terminalId, 1_000);
  });

  it('an ended terminal is kept until all of its output is stored', async () => {
    const terminalId = await open('echo done');
    await soon(() => expect(isClosed(terminalId)).toBe(true));
    set.recorded(terminalId, 3);
    expect(stateOf(terminalId)).toMatchObject({ isRunning: false, end: 6 });
    expect((await set.snapshot(terminalId)).offset).toBe(6);
    set.recorded(terminalId, 6);
    expect(set.states()).toEqual([]);
    await expect(set.snapshot(terminalId)).rejects.toMatchObject({ code: 'terminal.not-found' });
  });

  it('close sends SIGHUP, and SIGKILL to what ignores it', async () => {
    const polite = await open('echo up; sleep 60');
    const stubborn = await open('trap "" HUP; echo up; while :; do sleep 0.1; done');
    for (const id of [polite, stubborn]) await soon(() => expect(link.textOf(id)).toContain('up'));
    await Promise.all([set.close(polite), set.close(stubborn)]);
    expect([isClosed(polite), isClosed(stubborn)]).toEqual([true, true]);
    await expect(set.close(polite)).rejects.toMatchObject({ code: 'terminal.closed' });
  });

  it('once everything is being closed, nothing is opened', async () => {
    await set.closeAll();
    await expect(open('true')).rejects.toMatchObject({ code: 'session.not-running' });
    expect(facts).toEqual([]);
  });
});

const client = newId('client', source) as ClientId;
const input = (terminalId: TerminalId, n: number, data: string | Uint8Array) => {
  const frame = decodeFrame(
    encodeFrame({ kind: 'input', terminalId, clientId: client, n, data: Buffer.from(data as string) }),
  );
  if (frame.kind !== 'input') throw new Error('not input');
  return frame;
};
const text = ({ data }: OutputFrame): string => Buffer.from(data).toString('latin1');
