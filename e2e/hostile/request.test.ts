import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '#server/http/route.ts';
import { openTestServer, type TestServer, type Visitor } from '#server/testing.ts';
import { startSession } from '#server/testing-runner.ts';
import { markOf } from './database-mark.ts';
import { send, sendRaw, upgrade } from './stranger.ts';
import { inputsFor, procedures, type Request, requestsFor, type Subject, socketsFor } from './surface.ts';

let server: TestServer;
let ada: Visitor;
let subject: Subject;
let requests: Request[];
let key: string;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  key = await server.token('ada');
  const { sessionId, terminalId } = await startSession(server, ada);
  subject = { session: sessionId, terminalId, personId: ada.personId, dir: server.home };
  requests = requestsFor(subject);
});
afterAll(() => server.close());

const json = { 'content-type': 'application/json' } as const;
const own = () => ({ ...json, cookie: ada.cookie, origin: server.url });
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path.split('?')[0]}`;
const streams = procedures.filter(({ type }) => type === 'subscription').map(({ path }) => `/api/trpc/${path}`);
const isStream = ({ path }: Request) => streams.includes(path.split('?')[0] ?? '');
const port = () => new URL(server.url).port;

const foreignHosts = () => [
  ...['evil.example', `evil.example:${port()}`, '127.0.0.1', `127.0.0.1:${Number(port()) + 1}`],
  ...[`localhost.:${port()}`, `127.0.0.1:${port()}.evil.example`, `127.1:${port()}`, `[::]:${port()}`],
];
const foreignOrigins = () => [
  ...['null', 'https://evil.example', `http://evil.example:${port()}`, `https://127.0.0.1:${port()}`],
  ...[`http://127.0.0.1:${Number(port()) + 1}`, `http://127.0.0.1:${port()}.evil.example`, `${server.url}/`, ''],
  ...[server.url.toUpperCase(), `http://user@127.0.0.1:${port()}`, `${server.url}, ${server.url}`, 'file://'],
];

describe('the surface', () => {
  it('[SEC1] no procedure and no field of one is missing from these tests', () => {
    const covered = Object.entries(inputsFor(subject)).map(([path, input]) => [path, Object.keys(input ?? {}).sort()]);
    expect(covered.sort()).toEqual(procedures.map(({ path, fields }) => [path, fields.sort()]).sort());
  });
});

describe('host and origin', () => {
  it('[SEC1] a foreign Host is answered with 421 on every route and socket', async () => {
    for (const host of foreignHosts()) {
      for (const request of requests) {
        const { status, body } = await send(server.url, { ...request, headers: { ...own(), host } });
        expect(status, `${nameOf(request)} at ${host}`).toBe(421);
        expect(JSON.parse(body).error.code).toBe('host.refused');
      }
      for (const path of socketsFor(subject)) {
        const headers = { ...upgrade, authorization: `Bearer ${key}`, host };
        expect((await send(server.url, { method: 'GET', path, headers })).status, `${path} at ${host}`).toBe(421);
      }
    }
  });

  it('[SEC1] a missing Host, two of them, or a full URL instead of a path is refused', async () => {
    const { host } = new URL(server.url);
    const line = `Host: ${host}\r\n`;
    expect((await sendRaw(server.url, 'GET /healthz HTTP/1.1\r\n\r\n')).status).toBe(421);
    expect((await sendRaw(server.url, 'GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(421);
    const two = `GET /healthz HTTP/1.1\r\n${line}Host: evil.example\r\nConnection: close\r\n\r\n`;
    expect((await sendRaw(server.url, two)).status).toBe(421);
    expect((await sendRaw(server.url, 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).status).toBe(421);
    for (const target of [
      'http://evil.example/healthz',
      '//evil.example/healthz',
      '/x/../healthz',
      '/\\evil.example',
    ]) {
      const { status } = await sendRaw(server.url, `GET ${target} HTTP/1.1\r\n${line}Connection: close\r\n\r\n`);
      expect(status, target).toBe(400);
    }
  });

  it('[SEC2] a foreign Origin is answered with 403 on every route but health and readiness', async () => {
    const guarded = requests.filter(({ path }) => path !== '/healthz' && path !== '/readyz');
    const before = await markOf(server.sql);
    for (const origin of foreignOrigins()) {
      for (const request of guarded) {
        const { status, body } = await send(server.url, { ...request, headers: { ...own(), origin } });
        expect(status, `${nameOf(request)} from ${origin}`).toBe(403);
        expect(JSON.parse(body).error.code).toBe('origin.refused');
      }
    }
    expect(await markOf(server.sql)).toEqual(before);
  });

  it('[SEC2] a foreign Origin never gets a socket, whoever asks; without one a cookie is not enough', async () => {
    for (const path of socketsFor(subject)) {
      const open = (headers: Record<string, string>) =>
        send(server.url, { method: 'GET', path, headers: { ...upgrade, ...headers } }).then(({ status }) => status);
      for (const origin of foreignOrigins()) {
        expect(await open({ cookie: ada.cookie, origin }), `${path} from ${origin}`).toBe(403);
        expect(await open({ authorization: `Bearer ${key}`, origin }), `${path} from ${origin}`).toBe(403);
      }
      expect(await open({ cookie: ada.cookie })).toBe(path === '/ws/runner' ? 401 : 403);
      expect(await open({ authorization: `Bearer ${key}` })).toBe(101);
      expect(await open({ authorization: `Bearer ${key}`, origin: server.url })).toBe(101);
    }
  });
});

describe('calls that change something', () => {
  const forms = {
    'text/plain': '{}',
    'application/x-www-form-urlencoded': 'session=x&token=y',
    'multipart/form-data; boundary=x': '--x\r\nContent-Disposition: form-data; name="token"\r\n\r\ny\r\n--x--\r\n',
    none: '{}',
  } as const;

  it('[SEC3] from a form, or from another site, are refused and change nothing', async () => {
    const before = await markOf(server.sql);
    // A cookie means nothing to the gateway: only runners come there.
    const posts = requests.filter(({ method, path }) => method === 'POST' && !path.startsWith(routes.gateway));
    expect(posts.length).toBe(procedures.filter(({ type }) => type === 'mutation').length + 2);
    for (const request of posts) {
      for (const [type, form] of Object.entries(forms)) {
        const typed = type === 'none' ? {} : { 'content-type': type };
        const ours = { ...typed, cookie: ada.cookie, origin: server.url };
        const fromForm = { ...request, body: form };
        expect((await send(server.url, { ...fromForm, headers: ours })).status, nameOf(request)).toBe(415);
        const foreign = { ...ours, origin: 'https://evil.example' };
        expect((await send(server.url, { ...fromForm, headers: foreign })).status, nameOf(request)).toBe(403);
        const { origin, ...unsaid } = ours;
        expect((await send(server.url, { ...fromForm, headers: unsaid })).status, nameOf(request)).toBe(415);
      }
    }
    expect(await markOf(server.sql)).toEqual(before);
  });

  it('[SEC5] are not done by GET, and GET changes nothing', async () => {
    const before = await markOf(server.sql);
    for (let round = 0; round < 2; round++) {
      for (const request of requests) {
        const input = encodeURIComponent(JSON.stringify(request.body ?? {}));
        const path = request.method === 'POST' ? `${request.path}?input=${input}` : request.path;
        const { status } = await send(server.url, { method: 'GET', path, headers: own() });
        const isGateway = request.path.startsWith(routes.gateway);
        if (request.method === 'POST') expect(isGateway ? [401] : [404, 405], nameOf(request)).toContain(status);
        else if (!isStream(request) && path !== '/no-such-page') {
          expect(status, request.path).toBe(/approval\.(get|radius|similar)/.test(request.path) ? 404 : 200);
        }
      }
    }
    expect(await markOf(server.sql)).toEqual(before);
  });

  it('[SEC5] a subscription over HTTP, which makes its reader present, is not had with a cookie', async () => {
    for (const { path } of procedures.filter(({ type }) => type === 'subscription')) {
      const target = `/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(inputsFor(subject)[path] ?? {}))}`;
      const { body } = await send(server.url, { method: 'GET', path: target, headers: own() });
      expect(body, path).toContain('auth.forbidden');
    }
    expect(server.services.presence.list(subject.session as never)).toEqual([]);
  });
});
