/** The server's one port: every request and every socket comes in here and goes to its part. Knows no database. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '#protocol/error.ts';
import { type SessionId, turnIdSchema } from '#protocol/id.ts';
import { agentNameSchema } from '#protocol/turn-event.ts';
import { createTrpc, type Services } from '#server/api/index.ts';
import { type CredentialCaller, Credentials } from '#server/credential/index.ts';
import type { Gateway } from '#server/gateway/index.ts';
import {
  answerClientError,
  createCookieJar,
  createOrigins,
  RequestHandler,
  routes,
  Upgrades,
} from '#server/http/index.ts';
import type { Config } from './config.ts';
import type { Pages } from './page.ts';

export interface EntranceOptions {
  config: Config;
  services: Services;
  gateway: Gateway;
  credentials: Credentials;
  pages: Pages['handle'];
  /** True when a query is answered. */
  isDatabaseUp: () => Promise<boolean>;
}

export interface Entrance {
  /** Where this machine reaches the server. */
  localUrl: string;
  /** Origin for people, without a slash at the end. */
  url: string;
  /** Closes every socket with 1012 and stops listening. */
  close(): void;
}

/** A request's headers must have arrived within this time, in ms; looked at every 2 s. Its body is the handler's to wait for. */
const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 0,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
} as const;
const maxHeaderBytes = 16_384;

/** Listens and serves. Throws `port.taken`, `input.invalid`. */
export async function openEntrance(options: EntranceOptions): Promise<Entrance> {
  const { config, services, gateway, credentials, pages } = options;
  const { auth, bus, runners, terminals, now, note } = services;
  const trpc = createTrpc({ services });
  const cookies = createCookieJar(config.allowsHttp);
  const server = createServer({ ...timeouts, maxHeaderSize: maxHeaderBytes, requireHostHeader: false });
  const port = await listen(server, config);
  const origins = createOrigins({ listen: config.listen, port, publicUrl: config.publicUrl });
  const upgrades = new Upgrades({
    ...{ origins, cookies, auth, bus, log: note },
    monotonic: () => performance.now(),
    events: trpc.socket,
    terminal: (socket, request, person) => void terminals.attach(socket, request.url ?? '/', person),
    isRunnerKey: (key) => runners.isKey(key),
    runner: (socket, key) => runners.links.accept(socket, key),
  });
  const ready = async () => ({ database: await options.isDatabaseUp(), migrations: true });
  const handler = new RequestHandler({
    ...{ origins, cookies, auth, ready, now, log: note, pages },
    trpc: trpc.http,
    gateway: async (request, response, { key, takesItsTime }) => {
      const caller = callerOf(request, runners.links.sessionOf(key));
      const path = (request.url ?? '').slice(routes.gateway.length - 1);
      if (!Credentials.isOwn(path)) return gateway.handle(path, request, response, caller);
      takesItsTime();
      return credentials.handle(path, request, response, caller);
    },
  });
  // Node answers a missing Host and an unknown Expect by itself, without our headers; the handler does it with them.
  for (const event of ['request', 'checkExpectation']) {
    server.on(event, (request: IncomingMessage, response: ServerResponse) => handler.handle(request, response));
  }
  server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head));
  server.on('clientError', answerClientError);
  const localUrl = `http://${reachable(config.listen)}:${port}`;
  return {
    localUrl,
    url: config.publicUrl ?? localUrl,
    close() {
      upgrades.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Whose call it is, as its runner says. Throws `runner.refused` for a key of no linked runner, `input.invalid`. */
function callerOf({ headers }: IncomingMessage, sessionId: SessionId | null): CredentialCaller {
  if (!sessionId) throw new AppError({ code: 'runner.refused', message: 'only a linked runner may ask here' });
  const agent = agentNameSchema.safeParse(headers['x-omnigent-agent']);
  const turnId = turnIdSchema.optional().safeParse(headers['x-omnigent-turn']);
  if (!agent.success) throw new AppError({ code: 'input.invalid', message: 'x-omnigent-agent: the name of an agent' });
  if (!turnId.success) throw new AppError({ code: 'input.invalid', message: 'x-omnigent-turn: the id of a turn' });
  return { sessionId, agent: agent.data, turnId: turnId.data ?? null };
}

/** An address that this machine can dial, as it stands in a URL. */
function reachable(listen: string): string {
  if (listen === '0.0.0.0' || listen === '::') return '127.0.0.1';
  return listen.includes(':') ? `[${listen}]` : listen;
}

function listen(server: Server, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const message = isTaken
        ? `port ${config.port} is taken; set PORT to another one (0 = any free)`
        : `cannot listen on ${config.listen}:${config.port}: ${cause.message}`;
      reject(new AppError({ code: isTaken ? 'port.taken' : 'input.invalid', message, cause }));
    });
    server.listen({ port: config.port, host: config.listen }, () => resolve((server.address() as AddressInfo).port));
  });
}
