/** How programs are led to the proxy, and what bounds the server that it plugs into. */
import type { IncomingMessage } from 'node:http';

/**
 * Variables that programs find a proxy by. `url` is where the proxy listens as the program sees it, without a slash at the end;
 * `token`: who connects; null: nobody in particular. What listens on the program's own machine is reached without it.
 */
export function egressEnvironment(url: string, token: string | null): Record<string, string> {
  const proxy = token === null ? url : url.replace('://', `://agk:${encodeURIComponent(token)}@`);
  const local = 'localhost,127.0.0.1,::1';
  return {
    ...{ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: local },
    ...{ http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: local },
    // Node.js does not look at them by itself, and git shows its token only where it is asked for one.
    ...{ NODE_USE_ENV_PROXY: '1', GIT_HTTP_PROXY_AUTHMETHOD: 'basic' },
  };
}

/** The token that a request to the proxy shows: as password, as name, or as bearer; null: none. */
export function tokenOf({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  const [, scheme = '', data = ''] = /^(basic|bearer) +(\S+)$/i.exec(headers['proxy-authorization'] ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return data;
  const [name = '', ...password] = Buffer.from(data, 'base64').toString('utf8').split(':');
  return password.join(':') || name || null;
}

/**
 * Options of the `node:http` server: a header must be there in time and may not be large; a body, and an answer that waits for
 * a person, may take as long as they take. Bytes and ms.
 */
export const serverLimits = {
  maxHeaderSize: 64 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 5_000,
} as const;
