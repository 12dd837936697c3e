import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestServer, type TestServer, tab, type Visitor } from '#server/testing.ts';
import { startSession } from '#server/testing-runner.ts';
import { type Answer, send, sendRaw, upgrade } from './stranger.ts';
import { procedures, requestOf, requestsFor, type Subject, socketsFor } from './surface.ts';

let server: TestServer;
let ada: Visitor;
let subject: Subject;

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
  const { sessionId, terminalId } = await startSession(server, ada);
  subject = { session: sessionId, terminalId, personId: ada.personId, dir: server.home };
});
afterAll(() => server.close());

const json = { 'content-type': 'application/json' } as const;
const own = () => ({ ...json, ...tab(server, ada) });
/** What no stranger may read: stack frames, statements, folders of this machine. */
const inside = /\n {4}at |node_modules|\.tsx?:\d|\bselect \S+ from\b|\binsert into\b|\bupdate \S+ set\b|PostgresError/i;

function expectGuarded({ status, headers, body }: Answer, what: string): void {
  const about = `${status} ${what}`;
  expect(headers['content-security-policy'], about).toMatch(/^default-src 'none'; script-src 'self' 'nonce-[^']{24}'/);
  expect(headers['content-security-policy'], about).toContain("frame-ancestors 'none'; base-uri 'none'");
  expect(headers['strict-transport-security'], about).toBe('max-age=31536000');
  expect(headers['x-content-type-options'], about).toBe('nosniff');
  expect(headers['referrer-policy'], about).toBe('no-referrer');
  expect(headers['cross-origin-opener-policy'], about).toBe('same-origin');
  expect(headers['cross-origin-resource-policy'], about).toBe('same-origin');
  expect(headers['permissions-policy'], about).toContain('camera=()');
  for (const name of ['x-powered-by', 'server', 'access-control-allow-origin']) {
    expect(headers[name], about).toBeUndefined();
  }
  if (status < 400) return;
  expect(body, about).not.toMatch(inside);
  expect(body, about).not.toContain(server.home);
}

describe('every answer', () => {
  it('[SEC8] carries the security headers: with a cookie, without, to a foreign host, to what is no route', async () => {
    for (const request of requestsFor(subject)) {
      const name = `${request.method} ${request.path}`;
      if (request.method === 'GET') {
        expectGuarded(await send(server.url, { ...request, headers: own() }), name);
      }
      expectGuarded(await send(server.url, { ...request, headers: json }), `${name} without a cookie`);
      expectGuarded(await send(server.url, { ...request, headers: { host: 'evil.example' } }), `${name} elsewhere`);
      for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
        const answer = await send(server.url, { method, path: request.path, headers: own() });
        if (!/^\/(healthz|readyz)$/.test(request.path)) {
          expect(answer.status, `${method} ${name}`).toBeGreaterThanOrEqual(400);
        }
        expectGuarded(answer, `${method} ${name}`);
      }
    }
  });

  it('[SEC8] also where HTTP itself is broken, and where a socket is refused', async () => {
    const { host } = new URL(server.url);
    const line = `Host: ${host}\r\n`;
    const broken: Record<string, [number, string]> = {
      'no host': [421, 'GET / HTTP/1.1\r\n\r\n'],
      'no HTTP': [400, 'HELO evil.example\r\n\r\n'],
      version: [400, `GET / HTTP/9.9\r\n${line}\r\n`],
      'two lengths': [
        400,
        `POST /api/sign-in HTTP/1.1\r\n${line}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      ],
      headers: [431, `GET / HTTP/1.1\r\n${line}X: ${'x'.repeat(20_000)}\r\n\r\n`],
      expectation: [404, `GET /api/x HTTP/1.1\r\n${line}Expect: cake\r\nConnection: close\r\n\r\n`],
      'other upgrade': [404, `GET /x HTTP/1.1\r\n${line}Connection: upgrade\r\nUpgrade: h2c\r\n\r\n`],
    };
    for (const [what, [status, bytes]] of Object.entries(broken)) {
      const answer = await sendRaw(server.url, bytes);
      expect(answer.status, what).toBe(status);
      expectGuarded(answer, what);
    }
    for (const path of [...socketsFor(subject), '/ws/nothing']) {
      const headers = { ...upgrade, origin: 'https://evil.example' };
      expectGuarded(await send(server.url, { method: 'GET', path, headers }), path);
      const old = { ...upgrade, ...tab(server, ada), 'sec-websocket-version': '1' };
      expectGuarded(await send(server.url, { method: 'GET', path, headers: old }), `${path} of another version`);
    }
  });
});

describe('a failure nobody expected', () => {
  const secret = 'select token from api_tokens at /srv/omnigent/server.ts:12';

  it('[SEC9] shows an id to find it by in the log, and nothing else', async () => {
    const { log, auth } = server.services;
    const fail = () => Promise.reject(new Error(secret));
    for (const part of ['find', 'resolve', 'list', 'open', 'counts', 'search', 'view'] as const)
      vi.spyOn(log, part).mockImplementation(fail);
    for (const procedure of procedures.filter(({ path }) => path.startsWith('session.') && path !== 'session.create')) {
      const { [procedure.path]: request } = requestsByProcedure();
      const asksNobody = ['session.processes', 'session.sandbox'].includes(procedure.path);
      if (!request || procedure.type === 'subscription' || asksNobody) continue;
      const answer = await send(server.url, { ...request, headers: own() });
      expectHidden(answer, procedure.path);
    }
    vi.spyOn(auth, 'byBrowserToken').mockImplementation(fail);
    expectHidden(await send(server.url, { method: 'GET', path: '/', headers: own() }), 'a page');
    const socket = server.socket('/ws/events', tab(server, ada));
    expect(await socket.ended).toBe(4503);
    expect(socket.reason).toMatch(/^internal error [0-9a-f]{10}$/);
    expect(server.lines.join('\n')).toContain(socket.reason.slice(-10));
  });

  const requestsByProcedure = () =>
    Object.fromEntries(
      procedures.map((procedure) => [procedure.path, requestOf(procedure, { session: 'x', query: 'x', limit: 1 })]),
    );

  function expectHidden(answer: Answer, what: string): void {
    expect(answer.status, what).toBe(500);
    expect(answer.body, what).not.toContain('api_tokens');
    expectGuarded(answer, what);
    const id = /internal error ([0-9a-f]{10})/.exec(answer.body)?.[1];
    expect(id, what).toBeDefined();
    expect(
      server.lines.some((entry) => entry.includes(`${id}`) && entry.includes(secret)),
      what,
    ).toBe(true);
  }
});
