/** What every procedure gets: who asks, and the parts of the server it may call. */
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { AppError, type ErrorCode } from '#protocol/error.ts';
import { isAtLeast, type Role } from '#protocol/role.ts';
import type { Approvals } from '#server/approval/index.ts';
import type { Audit } from '#server/audit/index.ts';
import type { Asker, Auth, AuthTopics, Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import type { Harnesses, Host } from '#server/host/index.ts';
import { expected, internalError } from '#server/http/index.ts';
import type { Notify } from '#server/notify/index.ts';
import type { Policies, Trials } from '#server/policy/index.ts';
import type { Presence, PresenceTopics } from '#server/presence/index.ts';
import type { Providers } from '#server/provider/index.ts';
import type { Differences, Lifecycle, Runners } from '#server/runner/index.ts';
import type { Rotation, Secrets } from '#server/secret/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import type { Terminals, TerminalTopics } from '#server/terminal/index.ts';
import type { OpenTexts, TextTopics, Turns } from '#server/turn/index.ts';
import type { Channel } from './channel.ts';

export type Topics = SessionTopics & PresenceTopics & TerminalTopics & TextTopics & AuthTopics;

/** The server as the API sees it. */
export interface Services {
  approvals: Approvals;
  audit: Audit;
  auth: Auth;
  bus: Bus<Topics>;
  differences: Differences;
  harnesses: Harnesses;
  host: Host;
  lifecycle: Lifecycle;
  log: Log;
  notify: Notify;
  policies: Policies;
  trials: Trials;
  presence: Presence;
  runners: Runners;
  terminals: Terminals;
  texts: OpenTexts;
  turns: Turns;
  providers: Providers;
  rotation: Rotation;
  secrets: Secrets;
  /** Origin for links, without a slash at the end. */
  url: () => string;
  pids: () => { server: number; postgres: number | null };
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

export interface Context {
  person: Person;
  /** The address and the program that it is asked from. */
  from: string;
  services: Services;
  channel: Channel;
}

/** Who asks, for what the audit tells with it. */
export const asker = ({ person, from }: Context): Asker => ({ ...person, from });

const t = initTRPC.context<Context>().create({
  sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  errorFormatter({ shape, error }) {
    const { code, message } = shownOf(error);
    return { ...shape, message, data: { ...shape.data, appCode: code, stack: undefined } };
  },
});

/** What a caller may see of an error: the code and words of ours, the field at fault, or an id. */
function shownOf(error: TRPCError): { code: ErrorCode; message: string } {
  const { cause } = error;
  if (cause instanceof AppError) return { code: cause.code, message: cause.message };
  if (error.code === 'INTERNAL_SERVER_ERROR') return { code: 'server.internal', message: 'internal error' };
  if (!(cause instanceof ZodError)) return { code: 'input.invalid', message: error.message };
  const faults = cause.issues.slice(0, 10).map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  return { code: 'input.invalid', message: faults.join('; ').slice(0, 1_000) };
}

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

/** Expected failures become tRPC errors of their HTTP status; what nobody expected is logged under the id that is shown. */
function translate(services: Services, path: string, cause: unknown): TRPCError {
  if (cause instanceof TRPCError && cause.code !== 'INTERNAL_SERVER_ERROR') return cause;
  const root = cause instanceof TRPCError ? (cause.cause ?? cause) : cause;
  const message = () => internalError(root, `procedure ${path} failed`, services.note);
  const error = expected(root) ?? new AppError({ code: 'server.internal', message: message(), cause: root });
  return new TRPCError({
    code: trpcCodes[error.facts.http] ?? 'INTERNAL_SERVER_ERROR',
    message: error.message,
    cause: error,
  });
}

const translated = t.middleware(async ({ ctx, path, next }) => {
  const result = await next();
  if (result.ok) return result;
  throw translate(ctx.services, path, result.error);
});

/** What a subscription yields, carried at the caller's pace and with the same errors as any other answer. */
export async function* stream<T>(ctx: Context, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* ctx.channel.carry(items);
  } catch (cause) {
    throw translate(ctx.services, 'stream', cause);
  }
}

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
