/** Headers on their way through a credential route: what is left out, what proves us, where a redirect leads. Pure. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { SecretUse } from '#protocol/secret.ts';
import type { SecretRoute } from '#server/secret/index.ts';
import { isBelow } from './target.ts';

/**
 * Of the program's headers: those of a connection, our own, what would prove somebody else, what asks for a part or a packed
 * form of the answer (both would hide a credential in it), and what makes another method of one.
 */
const droppedRequest =
  /^(?:host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|range|if-range|accept-encoding|authorization|cookie|x-api-key|origin|forwarded|via|x-real-ip|x-http-method(?:-override)?|x-method-override|proxy-.*|x-omnigent-.*|x-forwarded-.*)$/;
/** Of the answer's: those of a connection, and what a credential was changed into. */
const droppedAnswer =
  /^(?:connection|keep-alive|transfer-encoding|trailer|upgrade|set-cookie2?|www-authenticate|proxy-authenticate|authentication-info|alt-svc|strict-transport-security|clear-site-data)$/;

/** What a connection names as its own stays on it. */
const named = (connection: string | undefined): string[] =>
  (connection ?? '').split(',').map((name) => name.trim().toLowerCase());

function keep(headers: IncomingHttpHeaders, dropped: RegExp): OutgoingHttpHeaders {
  const own = named(headers.connection);
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => value !== undefined && !dropped.test(name) && !own.includes(name),
    ),
  );
}

/** The header that carries the value. */
function proofOf(use: SecretUse, value: string): { name: string; value: string } {
  switch (use.kind) {
    case 'bearer':
    case 'npm':
      return { name: 'authorization', value: `Bearer ${value}` };
    case 'basic':
      return { name: 'authorization', value: `Basic ${Buffer.from(`${use.user}:${value}`).toString('base64')}` };
    case 'header':
      return { name: use.header.toLowerCase(), value };
  }
}

export function requestHeaders(headers: IncomingHttpHeaders, use: SecretUse, value: string): OutgoingHttpHeaders {
  const proof = proofOf(use, value);
  return {
    ...keep(headers, droppedRequest),
    // Without a length the end of a body has to be told, whatever the method.
    ...(headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
    'accept-encoding': 'identity',
    [proof.name]: proof.value,
  };
}

/** `base`: what the program put before a path to come here. `url`: what was asked for upstream. */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  { base, route, url }: { base: string; route: SecretRoute; url: URL },
): OutgoingHttpHeaders {
  const { location, ...kept } = keep(headers, droppedAnswer);
  return { ...kept, ...(typeof location === 'string' && { location: locationFor(location, { base, route, url }) }) };
}

/** Within the route it leads back to the route; elsewhere the program goes by itself, without a credential. */
function locationFor(location: string, { base, route, url }: { base: string; route: SecretRoute; url: URL }): string {
  if (!URL.canParse(location, url)) return location;
  const { origin, pathname, search, hash, href } = new URL(location, url);
  return origin === route.origin && isBelow(pathname, route) ? `${base}${pathname}${search}${hash}` : href;
}
