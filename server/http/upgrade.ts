/**
 * Every WebSocket's way in: host, origin and sign-in are checked before the upgrade, sockets per principal are bounded,
 * half-open sockets are found. Knows paths, not what is said on the sockets.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { AppError } from '#protocol/error.ts';
import { linkTiming } from '#protocol/runner-message.ts';
import { maxFrameBytes, maxSnapshotBytes } from '#protocol/terminal-frame.ts';
import { type Auth, bearerOf, type Person } from '#server/auth/index.ts';
import type { CookieJar } from './cookie.ts';
import { type Origins, originOf } from './origin.ts';

/** Sockets one person may hold. */
const maxSocketsPerPerson = 200;

export interface UpgradeDeps {
  origins: Origins;
  cookies: CookieJar;
  auth: Auth;
  /** The tRPC socket server of `/ws/events`. */
  events: (socket: WebSocket, request: IncomingMessage, person: Person) => void;
  terminal: (socket: WebSocket, request: IncomingMessage, person: Person) => void;
  /** Checks the runner's key itself; a bad one is closed with 4401. */
  runner: (socket: WebSocket, key: string) => void;
  log: (line: string) => void;
}

export interface Upgrades {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1012 so that clients come back to the next server. */
  close(): void;
  count(): number;
}

export function createUpgrades(deps: UpgradeDeps): Upgrades {
  const options = { noServer: true, perMessageDeflate: false, clientTracking: true } as const;
  const people = new WebSocketServer({ ...options, maxPayload: maxFrameBytes });
  const runners = new WebSocketServer({ ...options, maxPayload: maxSnapshotBytes + 1024 });
  const held = new Map<string, number>();
  const beat = setInterval(() => {
    for (const server of [people, runners]) for (const socket of server.clients) heartbeat(socket);
  }, linkTiming.pingMs);

  async function personOf(request: IncomingMessage): Promise<Person> {
    const bearer = bearerOf(request.headers.authorization);
    const cookie = deps.cookies.read(request);
    if (!bearer && originOf(request) === undefined) throw refused('origin.refused', 'Origin: required with a cookie');
    const person = bearer ? await deps.auth.byApiToken(bearer) : cookie ? await deps.auth.byBrowserToken(cookie) : null;
    if (!person) throw refused('auth.required', 'sign in first: run `omnigent url`');
    return person;
  }

  function hold(socket: WebSocket, person: Person): boolean {
    const count = (held.get(person.personId) ?? 0) + 1;
    if (count > maxSocketsPerPerson) {
      socket.close(4429, `at most ${maxSocketsPerPerson} sockets`);
      return false;
    }
    held.set(person.personId, count);
    socket.on('close', () => held.set(person.personId, (held.get(person.personId) ?? 1) - 1));
    return true;
  }

  async function route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!deps.origins.isOurHost(request.headers.host)) throw refused('host.refused', 'Host: not this server');
    const origin = originOf(request);
    if (origin !== undefined && !deps.origins.isOurOrigin(origin))
      throw refused('origin.refused', 'Origin: not this server');
    const { pathname } = new URL(request.url ?? '/', 'http://local');
    if (pathname === '/ws/runner') {
      const key = bearerOf(request.headers.authorization);
      if (!key) throw refused('auth.required', 'a runner key is required');
      return runners.handleUpgrade(request, socket, head, (ws) => deps.runner(live(ws), key));
    }
    const open =
      pathname === '/ws/events' ? deps.events : /^\/ws\/terminal\/[^/]+$/.test(pathname) ? deps.terminal : null;
    if (!open) throw refused('session.not-found', 'no such socket');
    const person = await personOf(request);
    people.handleUpgrade(request, socket, head, (ws) => {
      if (hold(live(ws), person)) open(ws, request, person);
    });
  }

  function live(socket: WebSocket): WebSocket {
    heard.set(socket, Date.now());
    const hear = () => heard.set(socket, Date.now());
    socket.on('pong', hear);
    socket.on('message', hear);
    socket.on('error', (cause) => deps.log(`socket: ${cause.message}`));
    return socket;
  }

  const heard = new WeakMap<WebSocket, number>();
  function heartbeat(socket: WebSocket): void {
    if (Date.now() - (heard.get(socket) ?? 0) > linkTiming.pingMs + linkTiming.deadMs) socket.terminate();
    else if (socket.readyState === socket.OPEN) socket.ping();
  }

  return {
    handle(request, socket, head) {
      socket.on('error', () => socket.destroy());
      route(request, socket, head).catch((cause: unknown) => refuse(socket, cause, deps.log));
    },
    close() {
      clearInterval(beat);
      for (const server of [people, runners]) for (const socket of server.clients) socket.close(1012, 'restarting');
    },
    count: () => people.clients.size + runners.clients.size,
  };
}

const refused = (code: 'host.refused' | 'origin.refused' | 'auth.required' | 'session.not-found', message: string) =>
  new AppError({ code, message });

/** A refusal before the upgrade is a plain HTTP answer; no 101 is ever sent. */
function refuse(socket: Duplex, cause: unknown, log: (line: string) => void): void {
  const error = cause instanceof AppError ? cause : null;
  if (!error) log(`upgrade failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
  const status = error?.facts.http ?? 503;
  const body = JSON.stringify({
    error: { code: error?.code ?? 'server.internal', message: error?.message ?? 'failed' },
  });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
