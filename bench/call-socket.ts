/**
 * Calls over one `/ws/events` socket without a client library, one at a time: in Node.js the library waits a timer of 1 ms
 * before it sends, which is time of neither server nor network.
 */
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { Visitor } from '#e2e/visitor.ts';

interface Answer {
  id: number | null;
  result?: { data: unknown };
  error?: { message: string };
}

export class CallSocket {
  readonly #socket: WebSocket;
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(visitor: Visitor): Promise<CallSocket> {
    const socket = visitor.socket('/ws/events');
    await once(socket, 'open');
    return new CallSocket(socket);
  }

  /** Resolves with the parsed answer of the query `path`. */
  query(path: string, input?: unknown): Promise<unknown> {
    return this.#call('query', path, input);
  }

  /** Resolves with the parsed answer of the mutation `path`. */
  mutate(path: string, input: unknown): Promise<unknown> {
    return this.#call('mutation', path, input);
  }

  #call(method: 'query' | 'mutation', path: string, input: unknown): Promise<unknown> {
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const hear = (data: Buffer) => {
        const answer = JSON.parse(data.toString()) as Answer;
        if (answer.id !== id) return;
        this.#socket.off('message', hear);
        if (answer.result) resolve(answer.result.data);
        else reject(new Error(`${path}: ${answer.error?.message}`));
      };
      this.#socket.on('message', hear);
      this.#socket.send(JSON.stringify({ id, jsonrpc: '2.0', method, params: { path, input } }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
