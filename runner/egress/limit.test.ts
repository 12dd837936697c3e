/** What the proxy holds out: many connections, slow and large headers, hosts that stop in the middle. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allow, connectTo, deny, get, heard, openStage, type Stage } from './testing-stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

/** The status of what a client is told. */
const statusOf = async (client: Socket): Promise<string> =>
  (await heard(client, (text) => text.includes('\r\n\r\n'))).slice(9, 12);

it('[EGR7] of a thousand connections at once no more are open than may be, the others are told at once, and later ones work', async () => {
  let settle = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    settle = resolve;
  });
  stage.judge = () => held.then(() => allow);
  const clients = Array.from({ length: 1_000 }, () => stage.open(connectTo('example.org:7777')));
  const statuses = clients.map(statusOf);
  let refused = 0;
  for (const status of statuses) void status.then((each) => each === '503' && refused++);
  await expect.poll(() => refused, { timeout: 10_000 }).toBe(1_000 - 512);
  settle();
  const all = await Promise.all(statuses);
  expect(all.filter((status) => status === '200')).toHaveLength(512);
  expect(stage.asked).toHaveLength(1);
  for (const client of clients) client.destroy();
  await expect.poll(async () => (await stage.say(get('http://example.org/'))).status, { timeout: 5_000 }).toBe(200);
});

it('[EGR7] of questions that nobody has answered there are 64 at most; what was said before is said meanwhile', async () => {
  expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 200 });
  stage.judge = async () => ({ ...allow, keep: 'rules' });
  await stage.say(get('http://example.org/'));
  stage.judge = (_, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(deny), { once: true }));
  const waiting = Array.from({ length: 64 }, (_, n) => stage.open(connectTo(`n${n}.example.org:443`)));
  await expect.poll(() => stage.asked.length).toBe(66);
  expect(await stage.say(connectTo('more.example.org:443'))).toMatchObject({
    ...{
      status: 503,
      headers: { 'retry-after': '1' },
      body: expect.stringContaining('too many connections want a verdict'),
    },
  });
  expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 200 });
  for (const client of waiting) client.destroy();
  stage.judge = async () => allow;
  stage.names['more.example.org'] = [['1.1.1.1']];
  await expect.poll(async () => (await stage.say(get('http://more.example.org/'))).status).toBe(200);
});

it('[EGR7] a header that is too large is refused, one that does not come to an end is cut, and others are served meanwhile', async () => {
  const large = await stage.say(get('http://example.org/', [`X-Large: ${'x'.repeat(70_000)}`]));
  expect(large.status).toBe(431);
  await stage.close();
  stage = await openStage({}, { headersTimeout: 200, connectionsCheckingInterval: 50 });
  const slow = Array.from({ length: 50 }, () => stage.open('CONNECT example.org:443 HTTP/1.1\r\nX-Slow: '));
  const cut = Promise.all(slow.map(statusOf));
  const drip = setInterval(() => {
    for (const client of slow) client.write('x');
  }, 20);
  expect(await stage.say(get('http://example.org/'))).toMatchObject({ status: 200 });
  expect(new Set(await cut)).toEqual(new Set(['408']));
  clearInterval(drip);
  expect(stage.asked).toHaveLength(1);
});

it('[EGR7] a header or an address that would not fit into the facts is refused', async () => {
  expect(await stage.say(get(`http://example.org/${'a'.repeat(9_000)}`))).toMatchObject({ status: 403 });
  const methods = Array.from({ length: 30 }, () => 'X-HTTP-Method: DELETE');
  expect(await stage.say(get('http://example.org/', methods))).toMatchObject({ status: 403 });
  expect([stage.asked, stage.dialled]).toEqual([[], []]);
});

it('[EGR7] a host that stops in the middle ends its own connection alone', async () => {
  stage.answer = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    setTimeout(() => response.socket?.destroy(), 20);
  };
  const cut = stage.open(get('http://example.org/'));
  await once(cut.resume(), 'end');
  stage.answer = (_, response) => void response.end('whole');
  expect(await stage.say(get('http://example.org/'))).toMatchObject({
    status: 200,
    body: expect.stringContaining('whole'),
  });
});
