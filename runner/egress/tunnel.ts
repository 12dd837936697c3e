/** Both ends of an encrypted connection: held until there is a verdict, then joined. Knows no verdict. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a client may send before it is answered, in bytes; beyond it is not read. */
const maxEarly = 64 * 1024;

/** A client that waits for its answer. `signal` aborts when it is gone, half closed or ended. */
export interface HeldClient {
  signal: AbortSignal;
  /** Ends the holding: what it sent meanwhile. */
  release(): Buffer;
}

export function holdClient(client: Duplex, head: Buffer): HeldClient {
  const gone = new AbortController();
  const early = [head];
  let size = head.length;
  const onData = (chunk: Buffer) => {
    early.push(chunk);
    size += chunk.length;
    if (size >= maxEarly) client.pause();
  };
  const onGone = () => gone.abort();
  const events = ['end', 'close', 'error'] as const;
  client.on('data', onData);
  for (const event of events) client.on(event, onGone);
  return {
    signal: gone.signal,
    release() {
      client.pause();
      client.off('data', onData);
      client.off('end', onGone);
      client.off('close', onGone);
      return Buffer.concat(early);
    },
  };
}

/**
 * Passes bytes both ways until both sides have ended; a side that ends only its own half is heard out. Nothing passing for
 * `idleMs` ends both. Resolves when the connection is over.
 */
export function join(client: Duplex, host: Socket, idleMs: number): Promise<void> {
  const cut = () => {
    client.destroy();
    host.destroy();
  };
  client.on('error', cut);
  host.on('error', cut);
  host.setTimeout(idleMs, cut);
  client.pipe(host);
  host.pipe(client);
  // Nobody hears a side whose other side is gone, but what was sent before arrives.
  client.once('close', () => host.destroySoon());
  return new Promise((resolve) => {
    host.once('close', () => {
      client.end();
      resolve();
    });
  });
}
