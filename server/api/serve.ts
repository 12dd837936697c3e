/** The router on its two transports: one WebSocket per browser tab, HTTP with server-sent events for everybody else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Person } from '#server/auth/index.ts';
import { askedFrom, type Caller, parseJson, readBody, type ServerSocket } from '#server/http/index.ts';
import { ApiSocket } from './api-socket.ts';
import { Channel } from './channel.ts';
import type { Context, Services } from './context.ts';
import { appRouter } from './router.ts';

export interface Trpc {
  http(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void>;
  socket(socket: ServerSocket, request: IncomingMessage, person: Person): void;
}

export function createTrpc(options: { services: Services }): Trpc {
  const { services } = options;
  const contexts = new WeakMap<IncomingMessage, Context>();
  function contextOf(request: IncomingMessage): Context {
    const context = contexts.get(request);
    if (!context) throw new Error('request without a person');
    return context;
  }
  const connect = getWSConnectionHandler({
    wss: {} as WebSocketServer,
    router: appRouter,
    createContext: ({ req }) => contextOf(req),
  });

  return {
    async http(request, response, { person, by }) {
      const room = () => Promise.resolve();
      const channel = new Channel({ room, mayStream: by === 'token' });
      contexts.set(request, { person, from: askedFrom(request), services, channel });
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
      });
    },
    socket(socket, request, person) {
      const client = new ApiSocket(socket, services.now);
      const channel = new Channel({ room: () => client.room(), mayStream: true });
      contexts.set(request, { person, from: askedFrom(request), services, channel });
      connect(client as unknown as WebSocket, request);
    },
  };
}
