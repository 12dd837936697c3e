import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { limitArrival } from './arrival.ts';

afterEach(() => vi.useRealTimers());

/** Sends the head of a request and half of its body; resolves to what came back when the connection ended, or `ending` did. */
async function half(
  onRequest: (takesItsTime: () => void) => void,
): Promise<{ answer: () => string; finish: () => void }> {
  const server = createServer((request, response) => {
    onRequest(limitArrival(request, response));
    request.resume().on('end', () => response.end('whole'));
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.on('error', () => undefined);
  const entered = new Promise((resolve) => server.once('request', resolve));
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  await entered;
  return { answer: () => answer, finish: () => void socket.write('67890') };
}

it('[SEC12] a body that is not there in 12 s is answered 408', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { answer } = await half(() => undefined);
  vi.advanceTimersByTime(11_900);
  expect(answer()).toBe('');
  vi.advanceTimersByTime(200);
  vi.useRealTimers();
  await expect.poll(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*the request took too long to arrive/);
});

it('[CRD12] a body that a credential route carries may take its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { answer, finish } = await half((takesItsTime) => takesItsTime());
  vi.advanceTimersByTime(3_600_000);
  vi.useRealTimers();
  finish();
  await expect.poll(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*whole/);
});
