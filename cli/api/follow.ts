/** Follows a session's log through restarts of the server: no gap, no repeat. Knows no command. */
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { WebSocket } from 'ws';
import { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { AppRouter } from '#server/api/index.ts';
import { failureOf } from '../failure.ts';
import type { Address } from './address.ts';
import type { Api } from './client.ts';
import { retryDelayMs } from './retry.ts';
import { refusalOf, socketOptions } from './socket.ts';

export interface FollowOptions {
  api: Pick<Api, 'find'>;
  sessionId: string;
  /** The first event wanted is the one after this. */
  after: number;
  /** Ends the stream; without it only a refusal of the server does. */
  signal?: AbortSignal;
}

/** One connection that comes back by itself, to wherever the server is then, unless the server refuses it. */
function openSocket(find: () => Promise<Address>, onRefused: (cause: AppError) => void) {
  let token = '';
  class TokenSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, socketOptions(token));
      this.on('unexpected-response', (request, response) => {
        const settle = (cause: AppError) => {
          request.destroy();
          this.terminate();
          if (!cause.facts.isRetryable) onRefused(cause);
        };
        refusalOf(response).then(settle, settle);
      });
    }
  }
  return createWSClient({
    url: async () => {
      const address = await find();
      token = address.token;
      return `${address.url.replace(/^http/, 'ws')}/ws/events`;
    },
    WebSocket: TokenSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs,
    keepAlive: { enabled: true, intervalMs: 4_000, pongTimeoutMs: 6_000 },
  });
}

/** What has arrived and was not taken yet, and how it ended. */
class Inbox {
  #events: SessionEvent[] = [];
  #end: { cause: unknown } | null = null;
  #wake: () => void = () => undefined;

  push(event: SessionEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  close(cause: unknown): void {
    this.#end ??= { cause };
    this.#wake();
  }

  /** Yields until `close`; throws its cause unless that is null. */
  async *drain(): AsyncGenerator<SessionEvent> {
    for (;;) {
      yield* this.#events.splice(0);
      if (this.#events.length > 0) continue;
      if (this.#end?.cause) throw this.#end.cause;
      if (this.#end) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Subscribes until the subscription fails; the connection below may come and go. */
async function* subscribe(
  call: TRPCClient<AppRouter>,
  refused: AbortSignal,
  { sessionId, signal, after }: Omit<FollowOptions, 'api'>,
): AsyncGenerator<SessionEvent> {
  const inbox = new Inbox();
  const stop = () => inbox.close(null);
  signal?.addEventListener('abort', stop);
  refused.addEventListener('abort', () => inbox.close(refused.reason));
  const input = { session: sessionId, after };
  const subscription = call.session.events.subscribe(input, {
    onData: ({ data }) => inbox.push(data as SessionEvent),
    onError: (cause) => inbox.close(cause),
    onComplete: () => inbox.close(new AppError({ code: 'server.unreachable', message: 'the stream ended' })),
  });
  try {
    yield* inbox.drain();
  } finally {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
  }
}

/**
 * Every event after `after`, each once and in order, for as long as the consumer asks. A server that is away is waited
 * for; a refusal that will not change (the session is unknown, the token revoked) throws.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<SessionEvent> {
  const refusal = new AbortController();
  const client = openSocket(options.api.find, (cause) => refusal.abort(cause));
  const call = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  let last = options.after;
  try {
    for (let attempt = 0; !options.signal?.aborted; attempt++) {
      try {
        for await (const event of subscribe(call, refusal.signal, { ...options, after: last })) {
          if (event.seq <= last) continue;
          last = event.seq;
          attempt = 0;
          yield event;
        }
      } catch (cause) {
        if (!failureOf(cause).isRetryable) throw cause;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs(attempt)));
      }
    }
  } finally {
    await client.close();
  }
}
