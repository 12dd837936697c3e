/**
 * Every HTTP request's way in: host and origin check, security headers, health, sign-in, tRPC, then Next's pages.
 * Knows routes, not what is behind them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { toLine } from '#protocol/event.ts';
import { type Auth, bearerOf, browserSession, type Person } from '#server/auth/index.ts';
import { limitArrival } from './arrival.ts';
import { parseJson, readBody, sendError, sendJson } from './body.ts';
import type { CookieJar } from './cookie.ts';
import { setSecurityHeaders } from './header.ts';
import type { Origins } from './origin.ts';
import { hostOf, originOf } from './origin.ts';
import { pathOf } from './path.ts';
import { routes } from './route.ts';
import { createTryLimit, type TryLimit } from './try-limit.ts';

export interface HandlerDeps {
  origins: Origins;
  cookies: CookieJar;
  auth: Auth;
  /** Resolves when a query and the migrations are fine; rejects otherwise. */
  ready: () => Promise<{ database: boolean; migrations: boolean }>;
  /** Serves `/api/trpc/*` for a known person, who showed a cookie or a bearer token. */
  trpc: (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;
  /** Serves a call of the runner with this key. */
  gateway: (request: IncomingMessage, response: ServerResponse, runner: RunnerCall) => Promise<void>;
  pages: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  now: () => number;
  log: (line: string) => void;
}

export interface RunnerCall {
  key: string;
  /** The call is a known runner's, and its body may be as long in coming as it likes. */
  takesItsTime: () => void;
}

/** Who sent a request, and with what. A browser sends its cookie without being asked; a token is sent on purpose. */
export interface Caller {
  person: Person;
  by: 'cookie' | 'token';
}

/** The address and the program of who asks, for the audit. */
export const askedFrom = ({ socket, headers }: IncomingMessage): string =>
  toLine(`${socket.remoteAddress ?? 'unknown address'}, ${headers['user-agent'] ?? 'unknown program'}`, 300, 'unknown');

const signInSchema = z.object({ token: z.string().min(10).max(200) });
/** Wrong sign-in tokens allowed per address and minute. */
const wrongTriesPerMinute = 10;
/** A body without data of its own is never larger, in bytes. */
const smallBody = 4_096;
/** Paths that Next serves to anybody: they hold no data. */
const publicPaths = /^\/(?:sign-in$|_next\/static\/|favicon|icon|apple-icon|manifest\.webmanifest$|sw\.js$)/;

export class RequestHandler {
  readonly #deps: HandlerDeps;
  readonly #tries: TryLimit;

  constructor(deps: HandlerDeps) {
    this.#deps = deps;
    this.#tries = createTryLimit({ perMinute: wrongTriesPerMinute, now: deps.now });
  }

  /** Answers one request, whatever happens. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const takesItsTime = limitArrival(request, response);
    this.#route(request, response, takesItsTime).catch((cause: unknown) => sendError(response, cause, this.#deps.log));
  }

  async #callerOf(request: IncomingMessage): Promise<Caller | null> {
    const bearer = bearerOf(request.headers.authorization);
    const cookie = this.#deps.cookies.read(request);
    const person = bearer
      ? await this.#deps.auth.byApiToken(bearer)
      : cookie
        ? await this.#deps.auth.byBrowserToken(cookie)
        : null;
    return person && { person, by: bearer ? 'token' : 'cookie' };
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.socket.remoteAddress ?? '';
    const body = signInSchema.safeParse(parseJson(await readBody(request, smallBody)));
    if (!body.success) throw new AppError({ code: 'input.invalid', message: 'token: missing or malformed' });
    this.#tries.begin(address);
    const { token, person } = await this.#deps.auth
      .redeem(body.data.token, askedFrom(request))
      .catch((cause: unknown) => {
        const isWrong = cause instanceof AppError && cause.code === 'auth.link-expired';
        if (!isWrong) this.#tries.forgive(address);
        throw cause;
      });
    this.#tries.forgive(address);
    const earlier = this.#deps.cookies.read(request);
    if (earlier) await this.#deps.auth.signOut(earlier);
    response.setHeader('Set-Cookie', this.#deps.cookies.set(token, browserSession.absoluteMs / 1000));
    sendJson(response, 200, { name: person.name });
  }

  async #signOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await readBody(request, smallBody);
    const token = this.#deps.cookies.read(request);
    if (token) await this.#deps.auth.signOut(token);
    response.setHeader('Set-Cookie', this.#deps.cookies.clear());
    sendJson(response, 200, {});
  }

  async #api(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'POST') {
      throw new AppError({ code: 'input.invalid', message: 'the API answers GET and POST only' });
    }
    if (request.method === 'POST') requireJson(request);
    if (request.method === 'POST' && path === routes.signIn) return this.#signIn(request, response);
    if (request.method === 'POST' && path === routes.signOut) return this.#signOut(request, response);
    if (path.startsWith(routes.procedures)) {
      const caller = await this.#callerOf(request);
      if (!caller) throw new AppError({ code: 'auth.required', message: 'sign in first: run `omnigent url`' });
      return this.#deps.trpc(request, response, caller);
    }
    throw new AppError({ code: 'session.not-found', message: 'no such route' });
  }

  async #page(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError({ code: 'input.invalid', message: 'pages answer GET only' });
    }
    if (!publicPaths.test(path) && !(await this.#callerOf(request))) {
      response.statusCode = 307;
      const to = path === '/' ? '' : `?to=${encodeURIComponent(request.url ?? '/')}`;
      response.setHeader('Location', `/sign-in${to}`);
      response.end();
      return;
    }
    return this.#deps.pages(request, response);
  }

  async #route(request: IncomingMessage, response: ServerResponse, takesItsTime: () => void): Promise<void> {
    setSecurityHeaders(request, response);
    if (!this.#deps.origins.isOurHost(hostOf(request))) {
      throw new AppError({
        code: 'host.refused',
        message: 'Host: not an address of this server; set OMNIGENT_URL to add one',
      });
    }
    const path = pathOf(request);
    if (path === routes.health) return sendJson(response, 200, { ok: true });
    if (path === routes.readiness) return this.#readiness(response);
    const origin = originOf(request);
    if (origin !== undefined && !this.#deps.origins.isOurOrigin(origin)) {
      throw new AppError({ code: 'origin.refused', message: 'Origin: not this server' });
    }
    if (path.startsWith(routes.gateway)) return this.#gateway(request, response, takesItsTime);
    return path.startsWith('/api/') ? this.#api(path, request, response) : this.#page(path, request, response);
  }

  async #gateway(request: IncomingMessage, response: ServerResponse, takesItsTime: () => void): Promise<void> {
    const key = bearerOf(request.headers.authorization);
    if (!key) throw new AppError({ code: 'auth.required', message: 'only runners call here' });
    return this.#deps.gateway(request, response, { key, takesItsTime });
  }

  async #readiness(response: ServerResponse): Promise<void> {
    const state = await this.#deps.ready();
    if (!state.database) response.setHeader('Retry-After', '1');
    sendJson(response, state.database && state.migrations ? 200 : 503, state);
  }
}

/** A form or a script from elsewhere cannot send this type without a preflight, which nothing here answers. */
function requireJson(request: IncomingMessage): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new AppError({ code: 'input.unsupported', message: 'Content-Type: application/json is required' });
  }
}
