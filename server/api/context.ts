/** What every procedure gets: who asks, and the parts of the server it may call. */
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { AppError } from '#protocol/error.ts';
import { isAtLeast, type Role } from '#protocol/role.ts';
import type { Auth, Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import type { Host } from '#server/host/index.ts';
import type { Presence, PresenceTopics } from '#server/presence/index.ts';
import type { Lifecycle, Runners } from '#server/runner/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import type { Terminals, TerminalTopics } from '#server/terminal/index.ts';

export type Topics = SessionTopics & PresenceTopics & TerminalTopics;

/** The server as the API sees it. */
export interface Services {
  auth: Auth;
  bus: Bus<Topics>;
  host: Host;
  lifecycle: Lifecycle;
  log: Log;
  presence: Presence;
  runners: Runners;
  terminals: Terminals;
  /** Origin for links, without a slash at the end. */
  url: () => string;
  pids: () => { server: number; postgres: number | null };
  now: () => number;
  random: (bytes: Uint8Array) => void;
}

export interface Context {
  person: Person;
  services: Services;
}

const t = initTRPC.context<Context>().create({
  sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  errorFormatter({ shape, error }) {
    const { cause } = error;
    if (cause instanceof AppError) {
      const data = { ...shape.data, appCode: cause.code, stack: undefined };
      return { ...shape, message: cause.message, data };
    }
    if (cause instanceof ZodError) {
      const fault = cause.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ');
      return { ...shape, message: fault, data: { ...shape.data, appCode: 'input.invalid', stack: undefined } };
    }
    return {
      ...shape,
      message: 'internal error',
      data: { ...shape.data, appCode: 'server.internal', stack: undefined },
    };
  },
});

const trpcCodes: Record<number, TRPCError['code']> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};

/** Expected failures become tRPC errors of their HTTP status; the formatter keeps their code and message. */
const translated = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok || !(result.error.cause instanceof AppError)) return result;
  const { cause } = result.error;
  throw new TRPCError({ code: trpcCodes[cause.facts.http] ?? 'INTERNAL_SERVER_ERROR', message: cause.message, cause });
});

export const router = t.router;
export const procedure = t.procedure.use(translated);

/** A procedure for people of `least` role and above. */
export const procedureFor = (least: Role) =>
  procedure.use(({ ctx, next }) => {
    if (!isAtLeast(ctx.person.role, least)) {
      throw new AppError({ code: 'auth.forbidden', message: `${least}s and above may do this` });
    }
    return next();
  });
