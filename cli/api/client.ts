/** Typed calls to the server over HTTP, with failures that say what to do. Knows no command. */
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';
import type { inferRouterOutputs } from '@trpc/server';
import { AppError } from '#protocol/error.ts';
import type { AppRouter } from '#server/api/index.ts';
import { type Address, findServer } from './address.ts';
import { parseRefusal } from './refusal.ts';

export type Outputs = inferRouterOutputs<AppRouter>;

export interface Api {
  call: TRPCClient<AppRouter>;
  /** Where the server is now; it may move when it restarts. */
  find(): Promise<Address>;
}

/** A question unanswered for this long means that the server hangs, in ms; work it was told to do may take longer. */
const questionMs = 30_000;

const reasonOf = (cause: unknown): string => {
  const root = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const { code, message, name } = root as NodeJS.ErrnoException;
  if (name === 'TimeoutError') return 'it takes too long';
  return code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? message);
};

function unreachable(url: string, reason: string, cause?: unknown): AppError {
  const message = `no answer from ${url} (${reason}): start the server with \`npm start\`, or correct OMNIGENT_URL`;
  return new AppError({ code: 'server.unreachable', message, cause });
}

/** `fetch` to `origin` whose failures say where nobody answered, and what stands before the API its own words. */
const fetchFrom =
  (origin: string): typeof fetch =>
  async (input, init) => {
    const signals = [init?.signal, init?.method === 'GET' ? AbortSignal.timeout(questionMs) : null];
    const signal = AbortSignal.any(signals.filter((one) => one instanceof AbortSignal));
    const response = await fetch(input, { ...init, signal }).catch((cause: unknown) => {
      throw unreachable(origin, reasonOf(cause), cause);
    });
    if (!response.headers.get('content-type')?.startsWith('application/json')) {
      throw unreachable(origin, `HTTP ${response.status}, not an Omnigent server`);
    }
    const refusal = response.ok ? null : parseRefusal(await response.clone().text());
    if (refusal) throw refusal;
    return response;
  };

/** The server of this environment; it is not asked anything yet. */
export async function connect(env: NodeJS.ProcessEnv): Promise<Api> {
  const { url, token } = await findServer(env);
  const link = httpLink<AppRouter>({
    url: `${url}/api/trpc`,
    headers: { authorization: `Bearer ${token}` },
    fetch: fetchFrom(url) as NonNullable<Parameters<typeof httpLink<AppRouter>>[0]['fetch']>,
  });
  return { call: createTRPCClient<AppRouter>({ links: [link] }), find: () => findServer(env) };
}
