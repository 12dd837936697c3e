/**
 * Every HTTP request's way in: host and origin check, security headers, health, sign-in, tRPC, then Next's pages.
 * Knows routes, not what is behind them.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { type Auth, bearerOf, browserSession, type Person } from '#server/auth/index.ts';
import { parseJson, readBody, sendError, sendJson } from './body.ts';
import type { CookieJar } from './cookie.ts';
import { setSecurityHeaders } from './header.ts';
import type { Origins } from './origin.ts';
import { originOf } from './origin.ts';
import { pathOf } from './path.ts';
import { createTryLimit } from './try-limit.ts';

export interface HandlerDeps {
  origins: Origins;
  cookies: CookieJar;
  auth: Auth;
  /** Resolves when a query and the migrations are fine; rejects otherwise. */
  ready: () => Promise<{ database: boolean; migrations: boolean }>;
  /** Serves `/api/trpc/*` for a known person, who showed a cookie or a bearer token. */
  trpc: (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;
  pages: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  now: () => number;
  log: (line: string) => void;
}

/** Who sent a request, and with what. A browser sends its cookie without being asked; a token is sent on purpose. */
export interface Caller {
  person: Person;
  by: 'cookie' | 'token';
}

const signInSchema = z.object({ token: z.string().min(10).max(200) });
/** Wrong sign-in tokens allowed per address and minute. */
const wrongTriesPerMinute = 10;
/** A body without data of its own is never larger, in bytes. */
const smallBody = 4_096;
/** Paths that Next serves to anybody: they hold no data. */
const publicPaths = /^\/(?:sign-in$|_next\/static\/|favicon|icon|apple-icon|manifest\.webmanifest$)/;

export function createHandler(deps: HandlerDeps): RequestListener {
  const { cookies, auth, log } = deps;
  const tries = createTryLimit({ perMinute: wrongTriesPerMinute, now: deps.now });

  async function callerOf(request: IncomingMessage): Promise<Caller | null> {
    const bearer = bearerOf(request.headers.authorization);
    const cookie = cookies.read(request);
    const person = bearer ? await auth.byApiToken(bearer) : cookie ? await auth.byBrowserToken(cookie) : null;
    return person && { person, by: bearer ? 'token' : 'cookie' };
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.socket.remoteAddress ?? '';
    const body = signInSchema.safeParse(parseJson(await readBody(request, smallBody)));
    if (!body.success) throw new AppError({ code: 'input.invalid', message: 'token: missing or malformed' });
    tries.begin(address);
    const { token, person } = await auth.redeem(body.data.token).catch((cause: unknown) => {
      const isWrong = cause instanceof AppError && cause.code === 'auth.link-expired';
      if (!isWrong) tries.forgive(address);
      throw cause;
    });
    tries.forgive(address);
    const earlier = cookies.read(request);
    if (earlier) await auth.signOut(earlier);
    response.setHeader('Set-Cookie', cookies.set(token, browserSession.absoluteMs / 1000));
    sendJson(response, 200, { name: person.name });
  }

  async function signOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await readBody(request, smallBody);
    const token = cookies.read(request);
    if (token) await auth.signOut(token);
    response.setHeader('Set-Cookie', cookies.clear());
    sendJson(response, 200, {});
  }

  async function api(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') requireJson(request);
    if (request.method === 'POST' && path === '/api/sign-in') return signIn(request, response);
    if (request.method === 'POST' && path === '/api/sign-out') return signOut(request, response);
    if (path.startsWith('/api/trpc/')) {
      const caller = await callerOf(request);
      if (!caller) throw new AppError({ code: 'auth.required', message: 'sign in first: run `omnigent url`' });
      return deps.trpc(request, response, caller);
    }
    throw new AppError({ code: 'session.not-found', message: 'no such route' });
  }

  async function page(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError({ code: 'input.invalid', message: 'pages answer GET only' });
    }
    if (!publicPaths.test(path) && !(await callerOf(request))) {
      response.statusCode = 307;
      const to = path === '/' ? '' : `?to=${encodeURIComponent(request.url ?? '/')}`;
      response.setHeader('Location', `/sign-in${to}`);
      response.end();
      return;
    }
    return deps.pages(request, response);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(request, response);
    if (!deps.origins.isOurHost(request.headers.host)) {
      throw new AppError({
        code: 'host.refused',
        message: 'Host: not an address of this server; set OMNIGENT_URL to add one',
      });
    }
    const origin = originOf(request);
    if (origin !== undefined && !deps.origins.isOurOrigin(origin)) {
      throw new AppError({ code: 'origin.refused', message: 'Origin: not this server' });
    }
    const path = pathOf(request);
    if (path === '/healthz') return sendJson(response, 200, { ok: true });
    if (path === '/readyz') return readiness(response);
    return path.startsWith('/api/') ? api(path, request, response) : page(path, request, response);
  }

  async function readiness(response: ServerResponse): Promise<void> {
    const state = await deps.ready();
    if (!state.database) response.setHeader('Retry-After', '1');
    sendJson(response, state.database && state.migrations ? 200 : 503, state);
  }

  return (request, response) => {
    route(request, response).catch((cause: unknown) => sendError(response, cause, log));
  };
}

/** A form or a script from elsewhere cannot send this type without a preflight, which nothing here answers. */
function requireJson(request: IncomingMessage): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new AppError({ code: 'input.invalid', message: 'Content-Type: application/json is required' });
  }
}
