/** Bounds how fast one API socket may talk. */
import type { WebSocket } from 'ws';
import { TokenBucket } from '#server/terminal/index.ts';

/** Messages of one tab: a burst while a page opens, then far more than a person causes. */
const messages = { perSecond: 100, burst: 500 } as const;
const bytes = { perSecond: 1024 * 1024, burst: 4 * 1024 * 1024 } as const;

/** Closes the socket with 4429 when it sends more. */
export function boundMessages(socket: WebSocket, now: () => number): void {
  const count = new TokenBucket(messages, now());
  const size = new TokenBucket(bytes, now());
  socket.on('message', (data: Buffer) => {
    if (count.take(1, now()) && size.take(data.length, now())) return;
    socket.close(4429, 'too many messages per second');
  });
}
