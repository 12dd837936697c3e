/** What is large or long by a credential route, and what either end gives up, through the agent port and the server. */
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { SecretMethod } from '#protocol/secret.ts';
import { openTestServer, type TestServer, type Visitor } from '#server/testing.ts';
import { admit, ask, store } from './place.ts';
import { Upstream } from './upstream.ts';

const value = 'tok-0123456789-nobody-may-see';
let upstream: Upstream;
let server: TestServer;
let ada: Visitor;

beforeAll(async () => {
  upstream = await Upstream.start();
  server = await openTestServer({}, undefined, { trustedCa: upstream.ca });
  ada = await server.signIn('ada');
});
afterEach(() => {
  upstream.seen.length = 0;
});
afterAll(async () => {
  await server.close();
  await upstream.close();
});

const set = ({ methods = null }: { methods?: SecretMethod[] | null } = {}) =>
  store(server, ada, { name: 'forge', url: upstream.url, use: { kind: 'bearer' }, value, methods });

it('[CRD12] bodies of any size go both ways in pieces, and the server’s memory does not grow with them', async () => {
  const program = await admit(server, ada);
  await set();
  const piece = Buffer.alloc(1024 * 1024, 7);
  const pieces = 300;
  let received = 0;
  upstream.answer = (request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => {
      let sent = 0;
      const more = () => {
        while (sent < pieces) {
          sent++;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
  };
  let most = 0;
  const watch = setInterval(() => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + external + arrayBuffers);
  }, 20);
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const before = heapUsed + external + arrayBuffers;
  const { hostname, port } = new URL(program.url);
  const headers = { 'x-omnigent-token': program.token };
  const call = requestHttp({ hostname, port, path: '/_credential/forge/x', method: 'POST', headers });
  const answered = once(call, 'response') as Promise<[IncomingMessage]>;
  for (let n = 0; n < pieces; n++) if (!call.write(piece)) await once(call, 'drain');
  call.end();
  const [answer] = await answered;
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
  clearInterval(watch);
  expect([received, size]).toEqual([pieces * piece.length, pieces * piece.length]);
  expect((most - before) / 1024 / 1024).toBeLessThan(150);
}, 60_000);

it('[CRD12] an upload that nobody reads to its end is answered all the same, and one that its program gives up is given up upstream', async () => {
  const program = await admit(server, ada);
  await set({ methods: ['GET'] });
  const large = Buffer.alloc(4 * 1024 * 1024);
  const refused = await ask(program, '/forge/x', { method: 'POST', body: large });
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('not for POST')]);
  await set();
  upstream.answer = (_, response) => void response.writeHead(413).end('too large');
  for (let n = 0; n < 5; n++) {
    const early = await ask(program, '/forge/x', { method: 'POST', body: large });
    expect([early.status, await early.text()]).toEqual([413, 'too large']);
  }
  let isGone = false;
  upstream.answer = (request) => {
    request.on('data', () => undefined);
    request.on('close', () => {
      isGone = true;
    });
  };
  const { hostname, port } = new URL(program.url);
  const headers = { 'x-omnigent-token': program.token };
  const call = requestHttp({ hostname, port, path: '/_credential/forge/x', method: 'PUT', headers });
  call.on('error', () => undefined);
  call.write('begin');
  await expect.poll(() => upstream.seen.at(-1)?.method).toBe('PUT');
  call.destroy();
  await expect.poll(() => isGone).toBe(true);
});

it('[CRD12] a connection that the place has closed meanwhile costs no request', async () => {
  const program = await admit(server, ada);
  await set();
  const asked = new WeakMap<object, number>();
  upstream.answer = ({ socket }, response) => {
    const n = (asked.get(socket) ?? 0) + 1;
    asked.set(socket, n);
    if (n > 1) socket.destroy();
    else response.end('once');
  };
  for (let n = 0; n < 4; n++) {
    const method = n % 2 === 0 ? 'GET' : 'POST';
    const answered = await ask(program, '/forge/x', { method, ...(method === 'POST' && { body: 'text' }) });
    expect([answered.status, await answered.text()], `${n}`).toEqual([200, 'once']);
  }
});

it('[CRD12] pieces arrive as they come, and answers without a body end as they should', async () => {
  const program = await admit(server, ada);
  await set();
  const pieces: string[] = [];
  let more: (text: string | null) => void = () => undefined;
  upstream.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    more = (text) => void (text === null ? response.end() : response.write(text));
  };
  const answered = await ask(program, '/forge/x');
  const reader = answered.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    more(text);
    pieces.push((await reader?.read())?.value ?? '');
  }
  more(null);
  expect([pieces, (await reader?.read())?.done]).toEqual([['data: 1\n\n', 'data: 2\n\n'], true]);
  upstream.answer = (_, response) => void response.writeHead(200, { 'content-length': '700', etag: '"a"' }).end();
  const head = await ask(program, '/forge/x', { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '700', '']);
  for (const status of [204, 304]) {
    upstream.answer = (_, response) => void response.writeHead(status, { etag: '"a"' }).end();
    const empty = await ask(program, '/forge/x');
    expect([empty.status, empty.headers.get('etag'), await empty.text()]).toEqual([status, '"a"', '']);
  }
});
