import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer, type Visitor } from '../testing.ts';
import { startSession, TestRunner, type TestSession } from '../testing-runner.ts';
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
const drives = (viewer: TestViewer) => viewer.state?.driver?.name ?? null;

async function attach(visitor: Visitor, session: TestSession): Promise<TestViewer> {
  const viewer = new TestViewer(server, visitor, session.terminalId);
  await soon(() => expect(viewer.state).not.toBeNull());
  return viewer;
}

async function both(): Promise<{ session: TestSession; runner: TestRunner; a: TestViewer; b: TestViewer }> {
  const session = await startSession(server, ada);
  const [a, b] = [await attach(ada, session), await attach(bob, session)];
  await soon(() => expect([drives(a), drives(b)]).toEqual(['ada', 'ada']));
  return { session, runner: session.runner, a, b };
}

describe('driving a terminal', () => {
  it('[DRV8] only the driver’s keys reach the program; others are told who drives, and counted in the log', async () => {
    const { session, runner, a, b } = await both();
    for (const key of ['r', 'm', ' ', '-', 'r', 'f']) b.type(key);
    a.type('l');
    a.type('s');
    await soon(() => expect(b.of('input-refused')).toHaveLength(6));
    await soon(() => expect(runner.typed).toBe('ls'));
    expect(b.of('input-refused')[0]).toEqual({ type: 'input-refused', n: 1, drives: 'ada' });
    b.socket.close();
    await soon(async () => expect((await server.services.log.view(session.sessionId))?.refusedKeys).toBe(6));
  });

  it('[DRV9] acknowledgements go to the keyboard that typed', async () => {
    const { session, runner, a, b } = await both();
    const n = a.type('x');
    await soon(() => expect(runner.typed).toBe('x'));
    runner.say({ type: 'input-acked', terminalId: session.terminalId, clientId: a.clientId, n });
    await soon(() => expect(a.of('input-acked')).toEqual([{ type: 'input-acked', n }]));
    expect(b.of('input-acked')).toEqual([]);
  });

  it('[DRV10] taking the wheel stops the other’s keys at once and brings the taker’s size', async () => {
    const { runner, a, b } = await both();
    b.say({ type: 'size', cols: 100, rows: 30 });
    a.say({ type: 'size', cols: 120, rows: 40 });
    await soon(() => expect(runner.of('terminal.resize')).toMatchObject([{ cols: 120, rows: 40 }]));
    b.say({ type: 'take' });
    await soon(() => expect(drives(b)).toBe('bob'));
    a.type('late');
    b.type('mine');
    await soon(() => expect(runner.typed).toBe('mine'));
    await soon(() => expect(a.of('input-refused')).toMatchObject([{ drives: 'bob' }]));
    await soon(() => expect(runner.of('terminal.resize').at(-1)).toMatchObject({ cols: 100, rows: 30 }));
    a.say({ type: 'size', cols: 90, rows: 20 });
    await soon(() => expect(drives(a)).toBe('bob'));
    expect(runner.of('terminal.resize').at(-1)).toMatchObject({ cols: 100 });
  });

  it('[DRV14] keys typed right after taking the wheel wait for the answer and arrive in order', async () => {
    const { runner, a, b } = await both();
    b.say({ type: 'take' });
    for (const key of 'echo mine\r') b.type(key);
    await soon(() => expect(runner.typed).toBe('echo mine\r'));
    await soon(() => expect(drives(a)).toBe('bob'));
    expect(b.of('input-refused')).toEqual([]);
  });

  it('[DRV14] keys typed after a wish that cannot be fulfilled are refused, each of them', async () => {
    const { session, runner, a, b } = await both();
    runner.state('terminal.closed', { terminalId: session.terminalId, exitCode: 0, signal: null, reason: null });
    await soon(() => expect(a.state?.closed).not.toBeNull());
    b.say({ type: 'take' });
    const numbers = [b.type('x'), b.type('y')];
    await soon(() => expect(b.of('input-refused').map(({ n }) => n)).toEqual(numbers));
    expect(runner.typed).toBe('');
  });

  it('[DRV11] whoever types where nobody drives takes the wheel, and no key of theirs is lost or out of order', async () => {
    const { runner, a, b } = await both();
    a.say({ type: 'give', to: null });
    await soon(() => expect([drives(a), drives(b)]).toEqual([null, null]));
    for (const key of 'echo hello\r') b.type(key);
    await soon(() => expect(runner.typed).toBe('echo hello\r'));
    await soon(() => expect(drives(b)).toBe('bob'));
  });

  it('of two who type where nobody drives, one drives and gets all keys through, the other none', async () => {
    const { runner, a, b } = await both();
    a.say({ type: 'give', to: null });
    await soon(() => expect([drives(a), drives(b)]).toEqual([null, null]));
    for (let i = 0; i < 8; i++) {
      a.type('a');
      b.type('b');
    }
    await soon(() => expect(a.of('input-refused').length + b.of('input-refused').length).toBe(8));
    await soon(() => expect(['a'.repeat(8), 'b'.repeat(8)]).toContain(runner.typed));
    expect([a, b].map((viewer) => viewer.of('input-refused').length).sort()).toEqual([0, 8]);
  });

  it('[DRV12] a request is shown to all until it is fulfilled; the driver hands over', async () => {
    const { a, b } = await both();
    b.say({ type: 'request' });
    await soon(() => expect(a.state?.requests).toMatchObject([{ name: 'bob' }]));
    a.say({ type: 'give', to: bob.personId });
    await soon(() =>
      expect(a.state).toMatchObject({ driver: { name: 'bob' }, requests: [], watchers: [{ name: 'ada' }] }),
    );
  });

  it('a wish that cannot be fulfilled changes nothing, and the socket lives', async () => {
    const { session, a, b } = await both();
    b.say({ type: 'give', to: bob.personId });
    b.say({ type: 'give', to: `per_${'0'.repeat(26)}` as typeof bob.personId });
    a.say({ type: 'give', to: `per_${'0'.repeat(26)}` as typeof bob.personId });
    b.say({ type: 'request' });
    await soon(() => expect(a.state?.requests).toHaveLength(1));
    expect(drives(a)).toBe('ada');
    expect((await server.services.log.view(session.sessionId))?.terminals[0]?.driver).toBe(ada.personId);
  });

  it('[DRV6] keys typed while the runner is away arrive when it is back, once and in order', async () => {
    const { session, runner, a } = await both();
    a.type('1');
    await soon(() => expect(runner.typed).toBe('1'));
    runner.socket.terminate();
    await soon(() => expect(a.state?.isLive).toBe(false));
    a.type('2');
    a.type('3');
    const state = { terminalId: session.terminalId, start: 0, end: 0, cols: 80, rows: 24, isRunning: true };
    const again = await TestRunner.start(server, session.launch, [state]);
    a.type('4');
    await soon(() => expect(again.typed).toBe('1234'));
    expect(again.inputs.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    expect(again.early).toBe(0);
    expect(a.of('input-refused')).toEqual([]);
  });

  it('[DRV7] keys older than 10 s are given up, and their keyboard is told', async () => {
    const { session, runner, a } = await both();
    runner.socket.terminate();
    await soon(() => expect(a.state?.isLive).toBe(false));
    const n = a.type('old');
    const told = a.of('state').length;
    a.say({ type: 'request' });
    await soon(() => expect(a.of('state').length).toBeGreaterThan(told));
    server.advance(11_000);
    const state = { terminalId: session.terminalId, start: 0, end: 0, cols: 80, rows: 24, isRunning: true };
    const again = await TestRunner.start(server, session.launch, [state]);
    await soon(() => expect(a.of('input-refused')).toEqual([{ type: 'input-refused', n, drives: null }]));
    a.type('new');
    await soon(() => expect(again.typed).toBe('new'));
  });

  it('a size asked for while the runner is away takes effect when it is back', async () => {
    const { session, runner, a } = await both();
    runner.socket.terminate();
    await soon(() => expect(a.state?.isLive).toBe(false));
    a.say({ type: 'size', cols: 101, rows: 31 });
    const state = { terminalId: session.terminalId, start: 0, end: 0, cols: 80, rows: 24, isRunning: true };
    const again = await TestRunner.start(server, session.launch, [state]);
    await soon(() => expect(again.of('terminal.resize')).toMatchObject([{ cols: 101, rows: 31 }]));
  });

  it('the newest of several sizes wins, also when it is the one the terminal has', async () => {
    const { session, runner, a } = await both();
    a.say({ type: 'size', cols: 100, rows: 30 });
    a.say({ type: 'size', cols: 80, rows: 24 });
    await soon(() => expect(runner.of('terminal.resize').map(({ cols }) => cols)).toEqual([100, 80]));
    runner.resized(session.terminalId, 100, 30);
    runner.resized(session.terminalId, 80, 24);
    await soon(() => expect(a.state).toMatchObject({ cols: 80, rows: 24 }));
  });

  it('[DRV13] who opened a terminal drives it; after its end nobody does', async () => {
    const { session, runner, a, b } = await both();
    runner.state('terminal.closed', { terminalId: session.terminalId, exitCode: 3, signal: null, reason: null });
    await soon(() => expect(a.state).toMatchObject({ closed: { exitCode: 3 }, isLive: false }));
    b.say({ type: 'take' });
    b.say({ type: 'request' });
    await soon(() => expect(a.state?.requests).toHaveLength(1));
    expect(drives(b)).not.toBe('bob');
  });
});
