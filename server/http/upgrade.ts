/**
 * Every WebSocket's way in: host, origin and sign-in are checked first, sockets per person are bounded, half-open ones are
 * found, and those of an ended browser session are cut. Knows paths, not what is said on the sockets.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Server, WebSocketServer } from 'ws';
import { AppError } from '#protocol/error.ts';
import { linkTiming } from '#protocol/runner-message.ts';
import { maxFrameBytes, maxSnapshotBytes } from '#protocol/terminal-frame.ts';
import { type Auth, type AuthTopics, bearerOf, type Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import { internalError } from './body.ts';
import type { CookieJar } from './cookie.ts';
import { expected } from './expected.ts';
import { hostOf, type Origins, originOf } from './origin.ts';
import { pathOf } from './path.ts';
import { answer, refuse } from './refusal.ts';
import { createRoster, type Holder } from './roster.ts';
import { socketPaths } from './route.ts';
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

type Sockets = Server<typeof ServerSocket>;

export class Upgrades {
  readonly #deps: UpgradeDeps;
  readonly #people = newSockets(maxFrameBytes);
  readonly #runners = newSockets(maxSnapshotBytes + 1024);
  readonly #roster: ReturnType<typeof createRoster>;
  readonly #heard = new WeakMap<ServerSocket, number>();
  readonly #beat: NodeJS.Timeout;
  #strangers = 0;
  #beatAt: number;

  constructor(deps: UpgradeDeps) {
    this.#deps = deps;
    this.#roster = createRoster({ auth: deps.auth, bus: deps.bus, log: deps.log });
    this.#beatAt = deps.monotonic();
    this.#beat = setInterval(() => this.#heartbeat(), linkTiming.pingMs);
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.#route(request, socket, head).catch((cause: unknown) => refuse(socket, cause, this.#deps.log));
  }

  /** Closes every socket with 1012 so that clients come back to the next server. */
  close(): void {
    clearInterval(this.#beat);
    this.#roster.close();
    for (const socket of this.#all()) socket.close(1012, 'restarting');
  }

  count(): number {
    return this.#people.clients.size + this.#runners.clients.size;
  }

  #all(): ServerSocket[] {
    return [...this.#people.clients, ...this.#runners.clients];
  }

  /** A process that itself stood still cannot blame its peers for silence: they get another round. */
  #heartbeat(): void {
    const now = this.#deps.monotonic();
    const hasSlept = now - this.#beatAt > 2 * linkTiming.pingMs;
    this.#beatAt = now;
    for (const socket of this.#all()) {
      if (hasSlept) this.#heard.set(socket, now);
      if (now - (this.#heard.get(socket) ?? 0) > linkTiming.deadMs) socket.terminate();
      else if (socket.readyState === socket.OPEN) socket.ping();
    }
  }

  async #holderOf(request: IncomingMessage): Promise<Holder> {
    const bearer = bearerOf(request.headers.authorization);
    const token = bearer ? null : this.#deps.cookies.read(request);
    const person = bearer
      ? await this.#deps.auth.byApiToken(bearer)
      : token
        ? await this.#deps.auth.byBrowserToken(token)
        : null;
    if (!person) throw refused('auth.required', 'sign in first: run `omnigent url`');
    return { person, token };
  }

  /** Takes the socket; what goes wrong from here on closes it with a code, which a browser can see. */
  #take(server: Sockets, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<ServerSocket> {
    return new Promise((resolve) => {
      server.handleUpgrade(request, socket, head, (taken) => {
        const hear = () => void this.#heard.set(taken, this.#deps.monotonic());
        hear();
        taken.on('pong', hear);
        taken.on('message', hear);
        taken.on('error', (cause) => this.#deps.log(`socket: ${cause.message}`));
        resolve(taken);
      });
    });
  }

  async #runner(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const key = bearerOf(request.headers.authorization);
    if (!key) throw refused('auth.required', 'a runner key is required');
    const isKnown = await this.#deps.isRunnerKey(key).catch((cause: unknown) => {
      this.#deps.log(`runner key: ${String(cause)}`);
      return false;
    });
    const taken = await this.#take(isKnown ? this.#runners : this.#people, request, socket, head);
    if (this.#strangers >= maxStrangers) return taken.close(4429, 'too many runners at once, dial again');
    this.#strangers++;
    await this.#deps.runner(taken, key).finally(() => this.#strangers--);
  }

  async #route(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!this.#deps.origins.isOurHost(hostOf(request))) throw refused('host.refused', 'Host: not this server');
    const origin = originOf(request);
    if (origin !== undefined && !this.#deps.origins.isOurOrigin(origin))
      throw refused('origin.refused', 'Origin: not this server');
    const path = pathOf(request);
    if (path === socketPaths.runner) return this.#runner(request, socket, head);
    const open = this.#openerOf(path);
    if (!open) throw refused('session.not-found', 'no such socket');
    if (origin === undefined && !bearerOf(request.headers.authorization))
      throw refused('origin.refused', 'Origin: required with a cookie');
    const holder = this.#holderOf(request);
    const [found] = await Promise.allSettled([holder]);
    const taken = await this.#take(this.#people, request, socket, head);
    if (found.status === 'rejected') return this.#close(taken, found.reason);
    if (this.#roster.enter(taken, found.value)) open(taken, request, found.value.person);
  }

  #openerOf(path: string): UpgradeDeps['events'] | null {
    if (path === socketPaths.events) return this.#deps.events;
    const isTerminal = path.startsWith(socketPaths.terminal) && /^[^/]+$/.test(path.slice(socketPaths.terminal.length));
    return isTerminal ? this.#deps.terminal : null;
  }

  #close(socket: ServerSocket, cause: unknown): void {
    const error = expected(cause);
    socket.close(error?.facts.ws ?? 4503, error?.message ?? internalError(cause, 'upgrade failed', this.#deps.log));
  }
}

function newSockets(maxPayload: number): Sockets {
  const options = { noServer: true, perMessageDeflate: false, clientTracking: true, WebSocket: ServerSocket } as const;
  const server = new WebSocketServer<typeof ServerSocket>({ ...options, maxPayload });
  server.on('wsClientError', (cause, socket) => answer(socket, 400, { code: 'input.invalid', message: cause.message }));
  return server;
}

const refused = (code: 'host.refused' | 'origin.refused' | 'auth.required' | 'session.not-found', message: string) =>
  new AppError({ code, message });
