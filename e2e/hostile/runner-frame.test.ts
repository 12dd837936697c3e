import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '#protocol/id.ts';
import { type FromRunner, runnerProtocol } from '#protocol/runner-message.ts';
import { encodeFrame } from '#protocol/terminal-frame.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { newClientId, startSession, TestRunner, type TestSession } from '#server/testing-runner.ts';
import { TestViewer } from '#server/testing-viewer.ts';

let server: TestServer;
let ada: Visitor;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
});
afterAll(() => server.close());

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const source = { now: () => Date.now(), random };
const eventsOf = ({ sessionId }: TestSession) => server.services.log.read(sessionId, { after: 0, limit: 500 });
const typesOf = async (session: TestSession) => (await eventsOf(session)).map(({ type }) => type);

/** Says hello as `launch` and returns how that ended. */
async function greet(launch: TestSession['launch'], change: object = {}, key?: string): Promise<[number, string]> {
  const stranger = new TestRunner(server, launch, key === undefined ? {} : { key });
  await stranger.socket.opened();
  stranger.hello(change);
  return [await stranger.socket.ended, stranger.socket.reason];
}

describe('who a runner says it is', () => {
  it('[SEC19] a key that was made up, a person’s token, or that of another session is refused with 4403', async () => {
    const [one, other] = [await startSession(server, ada), await startSession(server, ada)];
    const madeUp = `rnk_${'a'.repeat(43)}`;
    for (const key of [madeUp, await server.token(), other.launch.key]) {
      expect(await greet(one.launch, {}, key)).toEqual([4403, 'the key does not fit the session']);
    }
    const { runnerId, sessionId } = other.launch;
    expect((await greet(one.launch, { runnerId }))[0]).toBe(4403);
    expect((await greet(one.launch, { sessionId }))[0]).toBe(4403);
    expect((await greet(one.launch, { sessionId: newId('session', source) }))[0]).toBe(4403);
    expect(one.runner.socket.readyState).toBe(one.runner.socket.OPEN);
    expect((await typesOf(one)).filter((type) => type === 'runner.connected')).toHaveLength(1);
  });

  it('[SEC19] a person’s cookie and our own Origin do not make a runner', async () => {
    const socket = server.socket('/ws/runner', { cookie: ada.cookie, origin: server.url });
    expect(await socket.refused).toBe(401);
  });

  it('[SEC20] a runner of an older epoch is refused with 4409, with its own key too, and the newer one goes on', async () => {
    const session = await startSession(server, ada);
    const { services, host } = server;
    const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
    await services.lifecycle.stop(session.sessionId, person);
    session.runner.socket.terminate();
    await soon(async () => expect((await services.log.view(session.sessionId))?.status).toBe('paused'));
    await services.lifecycle.resume(session.sessionId, person);
    const launch = host.launches.findLast(({ sessionId }) => sessionId === session.sessionId);
    if (!launch) throw new Error('nothing was launched');
    expect(launch.epoch).toBe(session.launch.epoch + 1);
    const newer = await TestRunner.start(server, launch);
    expect((await greet(session.launch))[0]).toBe(4409);
    expect((await greet(session.launch, { epoch: launch.epoch }))[0]).toBe(4403);
    expect((await greet(launch, { epoch: launch.epoch - 1 }))[0]).toBe(4409);
    expect((await greet(launch, { epoch: launch.epoch + 1 }))[0]).toBe(4409);
    const n = newer.state('checkout.created', checkout());
    await soon(() => expect(newer.of('ack').at(-1)?.n).toBe(n));
  });

  it('[SEC20] what a replaced runner still says is not heard', async () => {
    const session = await startSession(server, ada);
    const again = await TestRunner.start(server, session.launch);
    session.runner.state('session.failed', { reason: 'said by the old link' });
    expect(await session.runner.socket.ended).toBe(4503);
    const n = again.state('checkout.created', checkout());
    await soon(() => expect(again.of('ack').at(-1)?.n).toBe(n));
    expect(await typesOf(session)).not.toContain('session.failed');
  });
});

const checkout = () => ({ kind: 'git', branch: null, baseCommit: null, files: 1, carried: 0, ms: 1, notes: [] });

type Attack = [what: string, attack: (session: TestSession) => string | Uint8Array, code: number, reason: RegExp];

const say = (message: object) => JSON.stringify(message);
const event = (type: string, payload: object, n = 900) => say({ type: 'event', n, event: { type, payload } });
const hello = ({ launch }: TestSession) => {
  const { sessionId, runnerId, epoch, isolation, warning } = launch;
  const fixed = {
    type: 'hello',
    protocol: runnerProtocol,
    journal: '0123456789abcdef',
    version: '1',
    terminals: [],
    newestTurn: null,
    actions: [],
  };
  return say({ ...fixed, sessionId, runnerId, epoch, isolation, warning });
};
const frame = (terminalId: TestSession['terminalId'], offset: number, size = 1) =>
  encodeFrame({ kind: 'output', terminalId, offset, data: Buffer.alloc(size, 'x') });

const broken: Attack[] = [
  ['no JSON', () => '{', 4400, /not JSON/],
  ['an unknown message', () => '{"type":"approve"}', 4400, /type/],
  ['nested JSON', () => '['.repeat(10_000), 4400, /nested deeper/],
  ['a second hello', hello, 4400, /hello: only as the first/],
  ['an event without a number', () => '{"type":"event","event":{"type":"session.failed"}}', 4400, /message.n/],
  ['a fact of another shape', () => event('terminal.closed', { terminalId: 'x' }), 4400, /terminal.closed.terminalId/],
  ['a person’s fact', () => event('person.signed-in', { personId: ada.personId }), 4403, /may not state person/],
  [
    'the wheel',
    (s) => event('driver.changed', { terminalId: s.terminalId, driver: null, how: 'taken' }),
    4403,
    /may not/,
  ],
  [
    'the end of a session',
    () => event('session.ended', { checkout: 'discarded' }),
    4403,
    /may not state session.ended/,
  ],
  ['a new member', () => event('member.joined', { personId: ada.personId, name: 'x', role: 'owner' }), 4403, /may not/],
  ['typed keys', (s) => typed(s), 4400, /a runner sends no input/],
  ['output that skips bytes', (s) => frame(s.terminalId, 1_000), 4400, /out of order/],
  ['text above 1 MiB', () => ' '.repeat(1024 * 1024 + 1), 4413, /at most 1048576/],
  ['output above 1 MiB', (s) => frame(s.terminalId, 0, 1024 * 1024), 4413, /at most 1048576/],
  ['bytes above any screen', () => new Uint8Array(17 * 1024 * 1024), 4413, /too large/],
];

const typed = ({ terminalId }: TestSession) =>
  encodeFrame({ kind: 'input', terminalId, clientId: newClientId(), n: 1, data: Buffer.from('x') });

describe('what a runner says', () => {
  it.each(broken)(
    '[SEC16] %s closes its link with a code and the reason, and nothing of it is kept',
    async (_, attack, code, reason) => {
      const session = await startSession(server, ada);
      const before = await eventsOf(session);
      session.runner.socket.send(attack(session));
      expect(await session.runner.socket.ended).toBe(code);
      expect(session.runner.socket.reason).toMatch(reason);
      await soon(async () => expect(await typesOf(session)).toContain('runner.lost'));
      expect((await eventsOf(session)).slice(0, before.length)).toEqual(before);
      expect((await typesOf(session)).slice(before.length)).toEqual(['runner.lost']);
      const back = await TestRunner.start(server, session.launch);
      const n = back.state('checkout.created', checkout());
      await soon(() => expect(back.of('ack').at(-1)?.n).toBe(n));
    },
  );

  it('[SEC16] before its hello it may say nothing else', async () => {
    const { launch } = await startSession(server, ada);
    for (const first of [event('session.failed', { reason: 'x' }), '{', new Uint8Array(3), ' '.repeat(2_000_000)]) {
      const stranger = new TestRunner(server, launch);
      await stranger.socket.opened();
      stranger.socket.send(first);
      expect([4400, 4413]).toContain(await stranger.socket.ended);
    }
    const unknown = new TestRunner(server, launch, { key: `rnk_${'a'.repeat(43)}` });
    await unknown.socket.opened();
    unknown.socket.send(new Uint8Array(1024 * 1024 + 1));
    expect(await unknown.socket.ended).toBe(4413);
  });

  it('[SEC21] nothing it says about a terminal of another session is shown or kept there', async () => {
    const [mine, theirs] = [await startSession(server, ada), await startSession(server, ada)];
    theirs.runner.print(theirs.terminalId, 'honest');
    const viewer = new TestViewer(server, ada, theirs.terminalId);
    await soon(() => expect(viewer.shown).toBe('honest'));
    const before = await eventsOf(theirs);
    const { terminalId } = theirs;
    const attacks: (FromRunner | Uint8Array)[] = [
      frame(terminalId, 6),
      { type: 'resized', terminalId, n: 1, offset: 6, cols: 10, rows: 10 },
      { type: 'gap', terminalId, offset: 1_000 },
    ];
    for (const attack of attacks) {
      const link = await TestRunner.start(server, mine.launch);
      if (attack instanceof Uint8Array) link.socket.send(attack);
      else link.say(attack);
      expect(await link.socket.ended).toBe(4403);
      expect(link.socket.reason).toBe('terminal: of another session');
    }
    const link = await TestRunner.start(server, mine.launch);
    link.say({ type: 'activity', terminalId, line: 'forged', program: 'forged' });
    link.say({ type: 'input-acked', terminalId, clientId: viewer.clientId, n: 1 });
    link.state('terminal.closed', { terminalId, exitCode: 0, signal: null, reason: null });
    const opened = { terminalId, name: 'forged', command: null, cols: 80, rows: 24 };
    const n = link.state('terminal.opened', opened);
    await soon(() => expect(link.of('ack').at(-1)?.n ?? link.socket.reason).toBe(n));
    theirs.runner.print(terminalId, ' still');
    await soon(() => expect(viewer.shown).toBe('honest still'));
    expect(viewer.state).toMatchObject({ isLive: true, closed: null, cols: 80 });
    expect(viewer.of('input-acked')).toEqual([]);
    expect(await eventsOf(theirs)).toEqual(before);
    const hijack = { terminals: [{ terminalId, start: 0, end: 5, cols: 80, rows: 24, isRunning: true }] };
    expect((await greet(mine.launch, hijack))[0]).toBe(4403);
  });

  it('[SEC22] replayed facts are acknowledged and kept once; replayed and reordered output is shown once', async () => {
    const session = await startSession(server, ada);
    const { runner, terminalId } = session;
    const viewer = new TestViewer(server, ada, terminalId);
    runner.print(terminalId, 'once ');
    await soon(() => expect(viewer.shown).toBe('once '));
    runner.socket.send(frame(terminalId, 0, 5));
    runner.socket.send(frame(terminalId, 2, 3));
    const n = runner.state('checkout.created', checkout());
    for (let i = 0; i < 20; i++) {
      runner.say({ type: 'event', n, event: { type: 'checkout.created', payload: checkout() } });
    }
    runner.say({
      type: 'event',
      n,
      event: { type: 'session.failed', payload: { reason: 'other words, same number' } },
    });
    await soon(() => expect(runner.of('ack').filter((ack) => ack.n === n)).toHaveLength(22));
    runner.say({ type: 'reply', request: 4_711, ok: true, result: null });
    runner.socket.send(screenOf(session, 4_712));
    runner.print(terminalId, 'more');
    await soon(() => expect(viewer.shown).toBe('once more'));
    const types = await typesOf(session);
    expect(types.filter((type) => type === 'checkout.created')).toHaveLength(1);
    expect(types).not.toContain('session.failed');
  });

  it('[SEC14] a flood of markers closes its link with 4429', async () => {
    const session = await startSession(server, ada);
    const { runner, terminalId } = session;
    for (let n = 1; n <= 25_000 && runner.socket.readyState === runner.socket.OPEN; n++) {
      runner.say({ type: 'resized', terminalId, n, offset: 0, cols: 80 + (n % 2), rows: 24 });
    }
    expect(await runner.socket.ended).toBe(4429);
    expect(runner.socket.reason).toBe('resized: too many per second');
  });

  it('[SEC13] strangers without a proven key cannot take all places: the rest are told to dial again', async () => {
    const sockets = Array.from({ length: 80 }, () =>
      server.socket('/ws/runner', { authorization: `Bearer rnk_${'z'.repeat(43)}` }),
    );
    const codes = await Promise.all(sockets.map(({ ended }) => ended));
    expect(codes.filter((code) => code === 4429).length).toBe(16);
    expect(codes.filter((code) => code === 4400).length).toBe(64);
    expect(sockets[0]?.reason).toBe('hello: expected first');
    const session = await startSession(server, ada);
    expect(session.runner.of('welcome')).toHaveLength(1);
  });
});

const screenOf = ({ terminalId }: TestSession, request: number) =>
  encodeFrame({
    kind: 'snapshot',
    terminalId,
    request,
    offset: 0,
    cols: 80,
    rows: 24,
    resizes: 0,
    data: Buffer.from('?'),
  });
