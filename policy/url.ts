/** Addresses in the network as text: recognised, and their host read the way a client reads it. Pure. */

/** `https://…`, `ssh://…`, `git@host:path`, `user@host:path`. */
export const looksLikeUrl = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[\w.-]+@[\w.-]+:/.test(text);

/** Lower case, without port and final dot; null where there is none. */
export function hostOf(url: string): string | null {
  const remote = /^[\w.-]+@([\w.-]+):/.exec(url);
  if (remote?.[1]) return normalHost(remote[1]);
  // Schemes that are not the web's are parsed by other rules; the host of the web's is what a browser would take.
  const text = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, (scheme) => (/^https?:/i.test(scheme) ? scheme : 'http://'));
  if (!URL.canParse(text)) return null;
  return normalHost(new URL(text).hostname);
}

const normalHost = (host: string): string => host.toLowerCase().replace(/\.+$/, '').slice(0, 300);
