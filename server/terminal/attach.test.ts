import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer, type Visitor } from '../testing.ts';
import { newTerminalId, startSession, TestRunner } from '../testing-runner.ts';
import { TestViewer } from '../testing-viewer.ts';

let server: TestServer;
let ada: Visitor;
let bob: Visitor;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  bob = await server.signIn('bob');
}, 60_000);
afterAll(() => server.close());

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

describe('attaching to a terminal', () => {
  it('[SRV21] a viewer gets the state, a screen, and then every byte after it', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    runner.print(terminalId, 'before ');
    const viewer = new TestViewer(server, bob, terminalId);
    await soon(() => expect(viewer.shown).toBe('before '));
    for (const word of ['one ', 'two ', 'three']) runner.print(terminalId, word);
    await soon(() => expect(viewer.shown).toBe('before one two three'));
    expect(viewer.state).toMatchObject({ you: { name: 'bob' }, driver: { name: 'ada' }, isLive: true, closed: null });
    expect(viewer.steps[0]).toBe('screen 7');
  });

  it('[SRV29] one that comes while somebody else asks for the screen gets that screen', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    runner.print(terminalId, 'before ');
    runner.isObliging = false;
    const asked = server.services.terminals.screen(terminalId);
    await soon(() => expect(runner.of('terminal.snapshot')).toHaveLength(1));
    const viewer = new TestViewer(server, bob, terminalId);
    await soon(() => expect(viewer.state).not.toBeNull());
    runner.snapshot(terminalId, runner.of('terminal.snapshot')[0]?.request ?? 0);
    await asked;
    await soon(() => expect(viewer.shown).toBe('before '));
  });

  it('[SRV22] one that comes back goes on after what it has, without a screen', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    const first = new TestViewer(server, ada, terminalId);
    await soon(() => expect(first.state).not.toBeNull());
    runner.print(terminalId, 'one two');
    await soon(() => expect(first.shown).toBe('one two'));
    first.socket.terminate();
    runner.print(terminalId, ' three');
    await soon(() => expect(runner.printed.get(terminalId)?.length).toBe(13));
    const again = new TestViewer(server, ada, terminalId, { after: 3 });
    await soon(() => expect(again.end).toBe(13));
    expect(again.shown).toBe(' two three');
    expect(again.steps.filter((step) => step.startsWith('screen'))).toEqual([]);
  });

  it('[SRV23] what a viewer says at once, before it is attached, is not lost', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    const viewer = new TestViewer(server, ada, terminalId);
    viewer.socket.on('open', () => {
      viewer.say({ type: 'size', cols: 132, rows: 43 });
      for (const key of ['l', 's', '\r']) viewer.type(key);
    });
    await soon(() => expect(runner.typed).toBe('ls\r'));
    expect(runner.of('terminal.resize')).toMatchObject([{ cols: 132, rows: 43 }]);
  });

  it('[SRV24] a resize reaches every viewer between the bytes before and after it', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    const viewer = new TestViewer(server, bob, terminalId);
    await soon(() => expect(viewer.state).not.toBeNull());
    await soon(() => expect(viewer.steps).toEqual(['screen 0']));
    for (let n = 1; n <= 3; n++) {
      runner.print(terminalId, 'x'.repeat(n));
      runner.resized(terminalId, 80 + n, 24);
    }
    await soon(() => expect(viewer.steps).toHaveLength(7));
    expect(viewer.steps.slice(1)).toEqual(['output 0-1', 'size 1', 'output 1-3', 'size 2', 'output 3-6', 'size 3']);
    await soon(() => expect(viewer.state).toMatchObject({ cols: 83, rows: 24 }));
  });

  it('[SRV25] a viewer that does not draw gets a screen when it does, and slows nobody', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    const [stalled, quick] = [new TestViewer(server, bob, terminalId), new TestViewer(server, ada, terminalId)];
    stalled.isDrawing = false;
    await soon(() => expect([stalled.end, quick.end]).toEqual([0, 0]));
    runner.draw = () => Buffer.from('newest screen');
    const piece = 'x'.repeat(60_000);
    for (let i = 0; i < 60; i++) {
      runner.print(terminalId, piece);
      await soon(() => expect(quick.end).toBe((i + 1) * 60_000));
    }
    expect(stalled.received).toBeLessThanOrEqual(1.1 * 1024 * 1024);
    expect(quick.received).toBe(3_600_000);
    stalled.isDrawing = true;
    stalled.drawn();
    await soon(() => expect(stalled.end).toBe(3_600_000));
    // The screen may be up to 128 KiB old, taken for the recording; what came after it follows raw.
    expect(stalled.shown).toMatch(/^newest screenx{0,131072}$/);
    runner.print(terminalId, ' and on');
    await soon(() => expect(stalled.shown).toMatch(/^newest screenx{0,131072} and on$/));
  });

  it('one request to the runner serves everybody who needs a screen', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    runner.print(terminalId, 'shared');
    const viewers = Array.from({ length: 20 }, () => new TestViewer(server, bob, terminalId));
    await soon(() => expect(viewers.every((viewer) => viewer.shown === 'shared')).toBe(true));
    expect(runner.of('terminal.snapshot').length).toBeLessThan(4);
  });

  it('[SRV26] an unknown terminal is 4404, a bad cursor 4400', async () => {
    const { terminalId } = await startSession(server, ada);
    const unknown = new TestViewer(server, ada, newTerminalId());
    expect(await unknown.socket.ended).toBe(4404);
    const headers = { cookie: ada.cookie, origin: server.url };
    for (const id of ['trm_x', '%00', `${terminalId}x`, 'ses_1']) {
      expect(await server.socket(`/ws/terminal/${id}`, headers).ended).toBe(4404);
    }
    for (const after of ['-1', 'x', '1.5', '1e400', '9007199254740993']) {
      const socket = server.socket(`/ws/terminal/${terminalId}?after=${after}`, headers);
      expect(await socket.ended).toBe(4400);
      expect(socket.reason).toContain('after');
    }
  });

  it('[SRV27] without its runner the last known screen is shown and said to be so; a live one follows', async () => {
    const { terminalId, runner, launch } = await startSession(server, ada);
    runner.print(terminalId, 'last words');
    const first = new TestViewer(server, ada, terminalId);
    await soon(() => expect(first.shown).toBe('last words'));
    await soon(() => expect(runner.of('terminal.recorded').at(-1)?.offset).toBe(10));
    runner.socket.terminate();
    await soon(() => expect(first.state?.isLive).toBe(false));
    const late = new TestViewer(server, bob, terminalId);
    await soon(() => expect(late.shown).toBe('last words'));
    const state = { terminalId, start: 0, end: 10, cols: 80, rows: 24, isRunning: true };
    const again = await TestRunner.start(server, launch, [state]);
    again.printed.set(terminalId, Buffer.from('last words'));
    await soon(() => expect([first.state?.isLive, late.state?.isLive]).toEqual([true, true]));
    again.print(terminalId, ' and more');
    await soon(() => expect([first.shown, late.shown]).toEqual(['last words and more', 'last words and more']));
  });

  it('[SRV31] a runner that brings a terminal with output that nobody stored is asked for all of it', async () => {
    const { launch, runner } = await startSession(server, ada);
    runner.socket.terminate();
    await runner.socket.ended;
    const terminalId = newTerminalId();
    const state = { terminalId, start: 0, end: 5_718, cols: 80, rows: 24, isRunning: true };
    const again = await TestRunner.start(server, launch, [state]);
    expect(again.of('welcome').at(-1)?.wanted).toEqual([{ terminalId, offset: 0 }]);
  });

  it('[SRV28] a program that prints much and ends at once loses nothing', async () => {
    const { terminalId, runner } = await startSession(server, ada);
    const viewer = new TestViewer(server, ada, terminalId);
    await soon(() => expect(viewer.state).not.toBeNull());
    runner.isObliging = false;
    runner.state('terminal.closed', { terminalId, exitCode: 0, signal: null, reason: null });
    await soon(() => expect(runner.of('terminal.snapshot')).not.toEqual([]));
    // The screen overtakes the output: it stands after bytes that have not arrived yet.
    const tail = 'x'.repeat(50_000);
    runner.printed.set(terminalId, Buffer.from(tail));
    for (const { request } of runner.of('terminal.snapshot')) runner.snapshot(terminalId, request);
    runner.printed.set(terminalId, Buffer.alloc(0));
    await server.services.log.flush();
    expect(runner.of('terminal.recorded').filter(({ offset }) => offset > 0)).toEqual([]);
    runner.print(terminalId, tail);
    await soon(() => expect(runner.of('terminal.recorded').at(-1)?.offset).toBe(50_000));
    const page = await server.services.terminals.history(terminalId, null);
    const stored = page.pieces.map(({ data }) => Buffer.from(data, 'base64').toString()).join('');
    expect(stored).toBe(tail);
  });
});
