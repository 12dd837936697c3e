/** The router on its two transports: one WebSocket per browser tab, HTTP with server-sent events for everybody else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Person } from '#server/auth/index.ts';
import { parseJson, readBody } from '#server/http/index.ts';
import type { Context, Services } from './context.ts';
import { boundMessages } from './message-limit.ts';
import { appRouter } from './router.ts';

export interface Trpc {
  http(request: IncomingMessage, response: ServerResponse, person: Person): Promise<void>;
  socket(socket: WebSocket, request: IncomingMessage, person: Person): void;
}

export function createTrpc(options: { services: Services; note: (line: string) => void }): Trpc {
  const { services, note } = options;
  const people = new WeakMap<IncomingMessage, Person>();
  const onError = ({
    error,
    path,
  }: {
    error: Error & { code: string; cause?: unknown };
    path?: string | undefined;
  }) => {
    if (error.code === 'INTERNAL_SERVER_ERROR')
      note(`procedure ${path}: ${String((error.cause as Error)?.stack ?? error.stack)}`);
  };
  function contextOf(request: IncomingMessage): Context {
    const person = people.get(request);
    if (!person) throw new Error('request without a person');
    return { person, services };
  }
  const connect = getWSConnectionHandler({
    wss: {} as WebSocketServer,
    router: appRouter,
    createContext: ({ req }) => contextOf(req),
    onError,
  });

  return {
    async http(request, response, person) {
      people.set(request, person);
      if (request.method === 'POST') {
        const text = await readBody(request);
        if (text !== '') parseJson(text);
        Object.assign(request, { body: text });
      }
      const path = new URL(request.url ?? '/', 'http://local').pathname.slice('/api/trpc/'.length);
      await nodeHTTPRequestHandler({
        router: appRouter,
        req: request,
        res: response,
        path,
        createContext: ({ req }) => contextOf(req),
        onError,
      });
    },
    socket(socket, request, person) {
      people.set(request, person);
      boundMessages(socket, services.now);
      connect(socket, request);
    },
  };
}
