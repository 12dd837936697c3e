/**
 * The socket of one connection of a pool. Knows no Postgres.
 *
 * postgres.js 3.4.9 forgets what it was asked between a socket's `error` and its `close`: such a query is never answered,
 * or gets the rows of the next one (`closed` in its connection.js rejects nothing after an error). Retries come at just
 * that moment. So once it is connected this socket ends without an error: `close` alone tells, in one turn.
 */
import { Socket } from 'node:net';

class PoolSocket extends Socket {
  #isConnected = false;

  constructor() {
    super();
    this.once('connect', () => {
      this.#isConnected = true;
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    super._destroy(this.#isConnected ? null : error, callback);
  }
}

/** Where the library wants its next connection to lead; several hosts are tried in turn. */
export interface SocketTarget {
  path?: string | false | null;
  host: string[];
  port: number[];
}

/** For the option `socket` of a pool. Over TLS the library wraps it, and only what comes before that is covered. */
export function createSocketFactory(): (target: SocketTarget) => Socket {
  let opened = 0;
  return ({ path, host, port }) => {
    const socket = new PoolSocket();
    if (path) return socket.connect(path);
    const at = opened++ % host.length;
    // The library reads `host` for the server name of TLS.
    return Object.assign(socket, { host: host[at] }).connect(port[at] ?? 5432, host[at] ?? 'localhost');
  };
}
