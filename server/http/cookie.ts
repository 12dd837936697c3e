/** The browser session's cookie: one name, one way to set, read and clear it. */
import type { IncomingMessage } from 'node:http';

export interface CookieJar {
  read(request: IncomingMessage): string | null;
  set(token: string, maxAgeSeconds: number): string;
  clear(): string;
}

/** `allowsHttp`: no Secure attribute, and so no `__Host-` prefix, for a LAN without TLS. */
export function createCookieJar(allowsHttp: boolean): CookieJar {
  const name = allowsHttp ? 'omnigent' : '__Host-omnigent';
  const attributes = `Path=/; HttpOnly; SameSite=Lax${allowsHttp ? '' : '; Secure'}`;
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([\\w-]{10,200})(?:;|$)`);
  return {
    read: (request) => pattern.exec(request.headers.cookie ?? '')?.[1] ?? null,
    set: (token, maxAgeSeconds) => `${name}=${token}; Max-Age=${maxAgeSeconds}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
