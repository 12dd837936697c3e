/** Somebody signed in to a server under test: their cookie, their sockets and their calls, as a browser has them. */
import { createTRPCClient, createWSClient, type TRPCClient, wsLink } from '@trpc/client';
import { type ClientOptions, WebSocket } from 'ws';
import type { PersonId } from '#protocol/id.ts';
import type { AppRouter } from '#server/api/index.ts';

export type Api = TRPCClient<AppRouter>;

export interface Visitor {
  personId: PersonId;
  name: string;
  /** Value of the Cookie header. */
  cookie: string;
  /** Name and value apart, for a real browser's cookie jar. */
  cookiePair: { name: string; value: string };
  /** Typed calls over one tRPC WebSocket that reconnects by itself, as the web app's does. */
  api: Api;
  /** A WebSocket with this person's cookie, e.g. of `/ws/terminal/TRM?after=0`. Binary frames arrive as Buffer. */
  socket(path: string, options?: ClientOptions): WebSocket;
  /** Closes the tRPC socket. The sockets of `socket` are their owner's. */
  leave(): Promise<void>;
}

/** Where visitors find the server; it may move between calls. */
export interface Address {
  /** Origin without a slash at the end. */
  readonly url: string;
}

/** Uses up a one-time link (`…/sign-in#t=TOKEN`) and returns who it was for. */
export async function redeemLink(address: Address, link: string): Promise<Visitor> {
  const token = /#t=(.+)$/.exec(link)?.[1];
  if (!token) throw new Error(`not a sign-in link: ${link}`);
  const response = await fetch(`${address.url}/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: address.url },
    body: JSON.stringify({ token }),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  if (!response.ok || !cookie) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  return openVisitor(address, cookie);
}

async function openVisitor(address: Address, cookie: string): Promise<Visitor> {
  const at = cookie.indexOf('=');
  const socketUrl = (path: string) => `${address.url.replace(/^http/, 'ws')}${path}`;
  const headers = () => ({ cookie, origin: address.url });
  class SignedInSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, { headers: headers(), perMessageDeflate: false });
      // The close event that follows says the same, and reconnecting is the client's business.
      this.on('error', () => undefined);
    }
  }
  const client = createWSClient({
    url: () => socketUrl('/ws/events'),
    WebSocket: SignedInSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: (attempt) => Math.min(2_000, 100 * 2 ** attempt),
    keepAlive: { enabled: true, intervalMs: 4_000, pongTimeoutMs: 6_000 },
  });
  const api = createTRPCClient<AppRouter>({ links: [wsLink({ client })] });
  const { personId, name } = await api.person.me.query();
  return {
    ...{ personId, name, cookie, api },
    cookiePair: { name: cookie.slice(0, at), value: cookie.slice(at + 1) },
    socket: (path, options) =>
      new WebSocket(socketUrl(path), { perMessageDeflate: false, ...options, headers: headers() }),
    leave: () => client.close(),
  };
}
