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

/** Stands for the server in the API client, which wants to know it beforehand. */
const anywhere = 'http://server';

/**
 * `fetch` to wherever the server is now. Where nobody answers the failure says so; what stands before the API keeps its
 * own words.
 */
const fetchFrom =
  (find: () => Promise<Address>): typeof fetch =>
  async (input, init) => {
    const { url, token } = await find();
    const signals = [init?.signal, init?.method === 'GET' ? AbortSignal.timeout(questionMs) : null];
    const signal = AbortSignal.any(signals.filter((one) => one instanceof AbortSignal));
    const headers = { ...(init?.headers as Record<string, string>), authorization: `Bearer ${token}` };
    const target = `${url}${String(input).slice(anywhere.length)}`;
    const response = await fetch(target, { ...init, headers, signal }).catch((cause: unknown) => {
      throw unreachable(url, reasonOf(cause), cause);
    });
    if (!response.headers.get('content-type')?.startsWith('application/json')) {
      throw unreachable(url, `HTTP ${response.status}, not an Omnigent server`);
    }
    const refusal = response.ok ? null : parseRefusal(await response.clone().text());
    if (refusal) throw refusal;
    return response;
  };

/** The server of this environment, looked for at every call. Throws at once when there is none. */
export async function connect(env: NodeJS.ProcessEnv): Promise<Api> {
  const find = () => findServer(env);
  await find();
  const link = httpLink<AppRouter>({
    url: `${anywhere}/api/trpc`,
    fetch: fetchFrom(find) as NonNullable<Parameters<typeof httpLink<AppRouter>>[0]['fetch']>,
  });
  return { call: createTRPCClient<AppRouter>({ links: [link] }), find };
}
