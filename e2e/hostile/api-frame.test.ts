import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer, type TestSocket, tab, type Visitor } from '#server/testing.ts';
import { startSession, type TestSession } from '#server/testing-runner.ts';
import { markOf } from './database-mark.ts';

let server: TestServer;
let ada: Visitor;
let session: TestSession;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  session = await startSession(server, ada);
});
afterAll(() => server.close());

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const open = (): Promise<TestSocket> => server.socket('/ws/events', tab(server, ada)).opened();
const request = (id: number | string, method: string, path: string, input?: unknown, lastEventId?: string) =>
  JSON.stringify({ id, jsonrpc: '2.0', method, params: { path, input, lastEventId } });

interface Heard {
  id: number | string;
  result?: { type: string; data?: { id?: string; data?: { seq: number } } };
  error?: { message: string; data: { appCode: string } };
}
const heard = (socket: TestSocket): Heard[] => socket.json as Heard[];
const isAnswer = ({ result }: Heard) => result?.type !== 'started';
const answerTo = (socket: TestSocket, id: number | string) =>
  soon(() => found(heard(socket).find((h) => h.id === id && isAnswer(h))));
function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there yet');
  return value;
}

type Attack = [what: string, frame: string | Uint8Array, code: number, reason: RegExp];
const broken: Attack[] = [
  ['no JSON', '{', 4400, /not JSON/],
  ['no request', '7', 4400, /id, method and params/],
  ['an empty batch', '[]', 4400, /id, method and params/],
  [
    'a batch of too many',
    `[${Array.from({ length: 51 }, (_, n) => request(n, 'query', 'person.me')).join()}]`,
    4400,
    /id/,
  ],
  ['an id of another kind', '{"id":{},"method":"query"}', 4400, /id, method/],
  ['an unknown method', '{"id":1,"method":"approve"}', 4400, /id, method/],
  ['an endless path', request(1, 'query', 'x'.repeat(201)), 4400, /id, method/],
  ['nested JSON', '['.repeat(10_000), 4400, /nested deeper/],
  ['many members', `[${'0,'.repeat(60_000)}0]`, 4400, /members/],
  ['bytes', new Uint8Array([1, 2, 3]), 4400, /text is required/],
  ['text above 1 MiB', ' '.repeat(1024 * 1024 + 1), 4413, /too large/],
];

describe('a tab’s API socket', () => {
  it.each(broken)(
    '[SEC16] %s closes it with a code and the reason, and other tabs go on',
    async (_, frame, code, reason) => {
      const [other, socket] = [await open(), await open()];
      const before = await markOf(server.sql);
      socket.send(frame);
      expect(await socket.ended).toBe(code);
      expect(socket.reason).toMatch(reason);
      other.send(request(1, 'query', 'person.me'));
      expect((await answerTo(other, 1)).error).toBeUndefined();
      expect(await markOf(server.sql)).toEqual(before);
      other.terminate();
    },
  );

  it('[SEC16] what is well-formed and makes no sense is answered with an error, and the socket lives', async () => {
    const socket = await open();
    const { sessionId } = session;
    const asked: [frame: string, code: string][] = [
      [request(1, 'query', 'session.nothing'), 'input.invalid'],
      [request(2, 'query', '__proto__'), 'input.invalid'],
      [request(3, 'query', 'constructor.prototype'), 'input.invalid'],
      [request(4, 'mutation', 'session.get', { session: sessionId }), 'input.invalid'],
      [request(5, 'query', 'session.stop', { session: sessionId }), 'input.invalid'],
      [request(6, 'query', 'session.get', { session: { __proto__: 'x' } }), 'input.invalid'],
      [request(7, 'query', 'session.get', 'x'), 'input.invalid'],
      [request(8, 'subscription', 'session.events', { session: sessionId, after: -1 }), 'input.invalid'],
      [request(9, 'subscription', 'session.events', { session: sessionId }, 'NaN'), 'input.invalid'],
      [request(10, 'subscription', 'session.events', { session: 'nobody' }), 'session.not-found'],
      [request(11, 'query', 'terminal.give', { session: sessionId, to: null }), 'input.invalid'],
    ];
    for (const [frame] of asked) socket.send(frame);
    for (const [at, [, code]] of asked.entries()) {
      expect((await answerTo(socket, at + 1)).error?.data.appCode, asked[at]?.[0]).toBe(code);
    }
    socket.send(request(99, 'query', 'person.me'));
    expect((await answerTo(socket, 99)).error).toBeUndefined();
    socket.terminate();
  });

  it('[SEC22] a cursor from the future, an older one and a replayed or reordered request bring no event twice', async () => {
    const socket = await open();
    const { sessionId, runner } = session;
    socket.send(request('s', 'subscription.stop', ''));
    socket.send(request('a', 'subscription', 'session.events', { session: sessionId }, '9007199254740991'));
    socket.send(request('b', 'subscription', 'session.events', { session: sessionId }));
    const seqs = (id: string) =>
      heard(socket).flatMap((h) => (h.id === id && h.result?.type === 'data' ? [h.result.data?.data?.seq] : []));
    const last = (await server.services.log.view(sessionId))?.lastSeq ?? 0;
    await soon(() => expect(seqs('b')).toHaveLength(last));
    socket.send(request('b', 'subscription', 'session.events', { session: sessionId }));
    runner.state('session.failed', { reason: 'one more fact' });
    await soon(() => expect(seqs('b').at(-1)).toBe(last + 1));
    expect(seqs('b')).toEqual(Array.from({ length: last + 1 }, (_, n) => n + 1));
    expect(seqs('a')).toEqual([]);
  });

  it('[SEC14] more than 100 streams are refused one by one; more than a person can ask closes it with 4429', async () => {
    const socket = await open();
    for (let id = 1; id <= 105; id++) socket.send(request(id, 'subscription', 'session.changes'));
    await soon(() => expect(heard(socket).filter(({ error }) => error)).toHaveLength(5));
    expect(heard(socket).find(({ error }) => error)?.error?.data.appCode).toBe('rate.exceeded');
    for (let id = 200; id < 1_000; id++) socket.send(request(id, 'query', 'person.me'));
    expect(await socket.ended).toBe(4429);
    expect(socket.reason).toBe('too many messages per second');
    const again = await open();
    for (let n = 0; n < 6; n++) again.send(request(n, 'query', 'session.get', { session: 'x'.repeat(900_000) }));
    expect(await again.ended).toBe(4429);
  });
});
