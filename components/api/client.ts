/** Makes this tab's client: one WebSocket to the server it came from, watched for silence. Knows no component. */
import { QueryClient } from '@tanstack/react-query';
import {
  createTRPCClient,
  createWSClient,
  type OperationLink,
  type TRPCClient,
  type TRPCLink,
  type TRPCWebSocketClient,
  wsLink,
} from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '#server/api/index.ts';
import type { ConnectionStore } from './connection.ts';
import { failureOf } from './failure.ts';

const retryMinMs = 200;
const retryMaxMs = 5_000;
const signInCode = 4401;

/** Pages are rendered without data, so on the server no call is ever answered. */
const silentLink: TRPCLink<AppRouter> = () => () => observable(() => undefined);

/** Where to go to sign in and come back. */
export const signInPath = (): string => {
  const here = location.pathname + location.search;
  return here === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(here)}`;
};

const openSocket = (connection: ConnectionStore): TRPCWebSocketClient =>
  createWSClient({
    url: () => `${location.origin.replace(/^http/, 'ws')}/ws/events`,
    retryDelayMs: (attempt) => Math.min(retryMaxMs, retryMinMs * 2 ** attempt) * (0.5 + Math.random() / 2),
    keepAlive: { enabled: true, intervalMs: 4_000, pongTimeoutMs: 6_000 },
    onOpen: () => connection.apply({ type: 'opened', now: Date.now() }),
    onClose: (cause) => {
      connection.apply({ type: 'closed', now: Date.now() });
      if (cause?.code === signInCode) location.replace(signInPath());
    },
  });

/** The socket opens with the first call, which follows a page that is mounted: a render that is given up opens none. */
function socketLink(connection: ConnectionStore): TRPCLink<AppRouter> {
  return (runtime) => {
    let link: OperationLink<AppRouter> | null = null;
    return (call) => {
      link ??= wsLink<AppRouter>({ client: openSocket(connection) })(runtime);
      return link(call);
    };
  };
}

export function createClient(connection: ConnectionStore): TRPCClient<AppRouter> {
  const link = typeof window === 'undefined' ? silentLink : socketLink(connection);
  return createTRPCClient<AppRouter>({ links: [link] });
}

const isFinal = (error: unknown): boolean => !failureOf(error).isRetryable;

/** What a page shows is asked anew when it opens; from then on changes come by subscription, not because a window got the focus. */
export const createQueries = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 3 && !isFinal(error),
      },
    },
  });
