/** Where a request to the proxy wants to go, read strictly: what is judged is what is looked up and sent. Pure. */

/** A host and port as every reader reads them. */
export interface Target {
  /** Upper case; CONNECT: an encrypted connection, of which nothing else shows. */
  method: string;
  /** As `URL` writes it: `https://example.org/`, `http://example.org:8080/a?b`. */
  url: string;
  /** Lower case, without brackets and final dot; an address of the fourth version in four decimal numbers. */
  host: string;
  port: number;
  /** What is asked for there: `/a?b`. */
  path: string;
}

const authority = /^(?:(\[[0-9a-f:.]{2,45}\])|([a-z0-9.-]{1,254}))(?::([1-9]\d{0,4}))?$/i;

/** Null: it is none that every reader reads alike. */
function targetOf(method: string, scheme: 'http' | 'https', place: string, path: string): Target | null {
  const [, six, name = '', digits] = authority.exec(place) ?? [];
  const bare = (six ?? name.replace(/\.$/, '')).toLowerCase();
  if (bare === '' || /^\.|\.\.|\.$/.test(bare)) return null;
  const text = `${scheme}://${bare}${digits === undefined ? '' : `:${digits}`}${path}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { method, url: url.href, host, port, path: `${url.pathname}${url.search}` };
}

/** Of `CONNECT example.org:443`: the port must be said. */
export function connectTarget(place: string | undefined): Target | null {
  return place !== undefined && /:\d+$/.test(place) ? targetOf('CONNECT', 'https', place, '/') : null;
}

/** Of `GET http://example.org/a?b`. Other schemes are encrypted by whoever asks, over CONNECT. */
export function requestTarget(method: string, url: string): Target | null {
  const [, place, path = ''] = /^http:\/\/([^/?#\\]+)([/?][^#\\]*)?$/i.exec(url) ?? [];
  return place === undefined ? null : targetOf(method, 'http', place, path);
}

/** Whether the target of a request is a whole address, as requests to proxies have. */
export const isAbsolute = (url: string | undefined): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(url ?? '');
