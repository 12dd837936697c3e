import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { LinkProxy } from './link-proxy.ts';
import { until } from './wait.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that keeps what it hears, a proxy before it, a client of the proxy. */
async function openWire() {
  const heard: string[] = [];
  const ends: Socket[] = [];
  const server = createServer((socket) => {
    ends.push(socket);
    socket.setEncoding('utf8').on('data', (text: string) => heard.push(text));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await LinkProxy.open((server.address() as AddressInfo).port);
  const client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  client.on('error', () => undefined);
  closers.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => proxy.close(),
    () => client.destroy(),
    () => {
      for (const socket of ends) socket.destroy();
    },
  );
  await once(client, 'connect');
  return { proxy, client, heard: () => heard.join('') };
}

it('[FLT7] a silent cut holds bytes back without a word and lets them go when it is mended', async () => {
  const { proxy, client, heard } = await openWire();
  client.write('one ');
  await until('the first word', () => heard() === 'one ', 5_000);
  proxy.cut('silent');
  await new Promise((resolve) => client.write('two ', resolve));
  // All three ends live in this process: what gets through does so within a few turns of its event loop.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(heard()).toBe('one ');
  expect(client.destroyed).toBe(false);
  proxy.mend();
  await until('both words', () => heard() === 'one two ', 5_000);
});

it('[FLT7] a reset breaks what is connected and refuses what comes', async () => {
  const { proxy, client } = await openWire();
  const closed = once(client, 'close');
  proxy.cut('reset');
  await closed;
  const late = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  late.on('error', () => undefined);
  await once(late, 'close');
});
