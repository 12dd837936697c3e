/**
 * Every WebSocket's way in: host, origin and sign-in are checked first, sockets per person are bounded, half-open ones are
 * found, and those of an ended browser session are cut. Knows paths, not what is said on the sockets.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { AppError } from '#protocol/error.ts';
import { linkTiming } from '#protocol/runner-message.ts';
import { maxFrameBytes, maxSnapshotBytes } from '#protocol/terminal-frame.ts';
import { type Auth, type AuthTopics, bearerOf, type Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import { internalError } from './body.ts';
import type { CookieJar } from './cookie.ts';
import { expected } from './expected.ts';
import { type Origins, originOf } from './origin.ts';
import { pathOf } from './path.ts';
import { answer, refuse } from './refusal.ts';
import { createRoster, type Holder } from './roster.ts';
import { ServerSocket } from './socket.ts';

/** Runner sockets whose key is not proved yet; more are closed with 4429 and dial again. */
const maxStrangers = 64;

export interface UpgradeDeps {
  origins: Origins;
  cookies: CookieJar;
  auth: Auth;
  bus: Bus<AuthTopics>;
  /** The tRPC socket server of `/ws/events`. */
  events: (socket: ServerSocket, request: IncomingMessage, person: Person) => void;
  terminal: (socket: ServerSocket, request: IncomingMessage, person: Person) => void;
  /** True for the key of some session's newest runner. */
  isRunnerKey: (key: string) => Promise<boolean>;
  /** Takes a runner's socket; resolves when it has proved which runner it is, or was refused. */
  runner: (socket: ServerSocket, key: string) => Promise<void>;
  /** Milliseconds that only grow. */
  monotonic: () => number;
  log: (line: string) => void;
}

export interface Upgrades {
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1012 so that clients come back to the next server. */
  close(): void;
  count(): number;
}

export function createUpgrades(deps: UpgradeDeps): Upgrades {
  const { log, monotonic } = deps;
  const options = { noServer: true, perMessageDeflate: false, clientTracking: true, WebSocket: ServerSocket } as const;
  const people = new WebSocketServer<typeof ServerSocket>({ ...options, maxPayload: maxFrameBytes });
  const runners = new WebSocketServer<typeof ServerSocket>({ ...options, maxPayload: maxSnapshotBytes + 1024 });
  for (const server of [people, runners]) {
    server.on('wsClientError', (cause, socket) =>
      answer(socket, 400, { code: 'input.invalid', message: cause.message }),
    );
  }
  const roster = createRoster({ auth: deps.auth, bus: deps.bus, log });
  const heard = new WeakMap<ServerSocket, number>();
  let strangers = 0;
  let beatAt = monotonic();
  const beat = setInterval(heartbeat, linkTiming.pingMs);

  /** A process that itself stood still cannot blame its peers for silence: they get another round. */
  function heartbeat(): void {
    const now = monotonic();
    const hasSlept = now - beatAt > 2 * linkTiming.pingMs;
    beatAt = now;
    for (const socket of [...people.clients, ...runners.clients]) {
      if (hasSlept) heard.set(socket, now);
      if (now - (heard.get(socket) ?? 0) > linkTiming.deadMs) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.ping();
    }
  }

  async function holderOf(request: IncomingMessage): Promise<Holder> {
    const bearer = bearerOf(request.headers.authorization);
    const token = bearer ? null : deps.cookies.read(request);
    const person = bearer ? await deps.auth.byApiToken(bearer) : token ? await deps.auth.byBrowserToken(token) : null;
    if (!person) throw refused('auth.required', 'sign in first: run `omnigent url`');
    return { person, token };
  }

  /** Takes the socket; what goes wrong from here on closes it with a code, which a browser can see. */
  function take(server: typeof people, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<ServerSocket> {
    return new Promise((resolve) => {
      server.handleUpgrade(request, socket, head, (taken) => {
        const hear = () => void heard.set(taken, monotonic());
        hear();
        taken.on('pong', hear);
        taken.on('message', hear);
        taken.on('error', (cause) => log(`socket: ${cause.message}`));
        resolve(taken);
      });
    });
  }

  async function runner(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const key = bearerOf(request.headers.authorization);
    if (!key) throw refused('auth.required', 'a runner key is required');
    const isKnown = await deps.isRunnerKey(key).catch((cause: unknown) => {
      log(`runner key: ${String(cause)}`);
      return false;
    });
    const taken = await take(isKnown ? runners : people, request, socket, head);
    if (strangers >= maxStrangers) return taken.close(4429, 'too many runners at once, dial again');
    strangers++;
    await deps.runner(taken, key).finally(() => strangers--);
  }

  async function route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!deps.origins.isOurHost(request.headers.host)) throw refused('host.refused', 'Host: not this server');
    const origin = originOf(request);
    if (origin !== undefined && !deps.origins.isOurOrigin(origin))
      throw refused('origin.refused', 'Origin: not this server');
    const path = pathOf(request);
    if (path === '/ws/runner') return runner(request, socket, head);
    const open = path === '/ws/events' ? deps.events : /^\/ws\/terminal\/[^/]+$/.test(path) ? deps.terminal : null;
    if (!open) throw refused('session.not-found', 'no such socket');
    if (origin === undefined && !bearerOf(request.headers.authorization))
      throw refused('origin.refused', 'Origin: required with a cookie');
    const holder = holderOf(request);
    const [found] = await Promise.allSettled([holder]);
    const taken = await take(people, request, socket, head);
    if (found.status === 'rejected') return close(taken, found.reason);
    if (roster.enter(taken, found.value)) open(taken, request, found.value.person);
  }

  function close(socket: ServerSocket, cause: unknown): void {
    const error = expected(cause);
    socket.close(error?.facts.ws ?? 4503, error?.message ?? internalError(cause, 'upgrade failed', log));
  }

  return {
    handle(request, socket, head) {
      socket.on('error', () => socket.destroy());
      route(request, socket, head).catch((cause: unknown) => refuse(socket, cause, log));
    },
    close() {
      clearInterval(beat);
      roster.close();
      for (const socket of [...people.clients, ...runners.clients]) socket.close(1012, 'restarting');
    },
    count: () => people.clients.size + runners.clients.size,
  };
}

const refused = (code: 'host.refused' | 'origin.refused' | 'auth.required' | 'session.not-found', message: string) =>
  new AppError({ code, message });
