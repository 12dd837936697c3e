/** Which Host and Origin values are ours. A foreign one is refused on every route and every upgrade. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

export interface Origins {
  isOurHost(header: string | undefined): boolean;
  isOurOrigin(header: string): boolean;
}

const wildcards = new Set(['0.0.0.0', '::', '']);
const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host);

/** `port` is the bound one. The public origin, if any, joins the loopback names and the address listened on. */
export function createOrigins(options: { listen: string; port: number; publicUrl: string | null }): Origins {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  if (!wildcards.has(options.listen)) names.push(bracketed(options.listen));
  const hosts = new Set(names.map((name) => `${name}:${options.port}`));
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  if (options.port === 80) for (const name of names) hosts.add(name) && origins.add(`http://${name}`);
  if (options.publicUrl) {
    const { host, origin } = new URL(options.publicUrl);
    hosts.add(host);
    origins.add(origin);
  }
  return {
    isOurHost: (header) => header !== undefined && hosts.has(header.toLowerCase()),
    isOurOrigin: (header) => origins.has(header),
  };
}

/** The Host header; undefined where there is none, or more than one to choose from. */
export function hostOf(request: IncomingMessage): string | undefined {
  const hosts = request.headersDistinct.host ?? [];
  return hosts.length === 1 ? hosts[0] : undefined;
}

/** The Origin header as sent; undefined only where the request has none. */
export function originOf(request: IncomingMessage): string | undefined {
  const { origin } = request.headers;
  return Array.isArray(origin) ? origin.join(',') : origin;
}
