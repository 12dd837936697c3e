/** A plain request passed on over a connection that is there: header by header, without what is meant for proxies. */
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { egressRules } from '#protocol/egress-text.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Target } from './target.ts';

/** For the next hop alone (RFC 9110, 7.6.1 and 10.1.1), or for us. */
const notPassed =
  /^(?:connection|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|x-omnigent-.*)$/;

/** What the host is told: each name in lower case with its values. */
export function passedHeaders({
  headersDistinct,
  headers: { connection = '' },
}: IncomingMessage): Record<string, string[]> {
  const named = new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  const passed = Object.entries(headersDistinct).flatMap(([name, values]) =>
    values === undefined || notPassed.test(name) || named.has(name) ? [] : [[name, values] as const],
  );
  return Object.fromEntries(passed);
}

/** A body keeps the frame that it came in: without one the host would take it for a further request. */
function framed(
  incoming: IncomingMessage,
  headers: Record<string, string[]>,
): { headers: Record<string, string[]>; hasBody: boolean } {
  if (incoming.headers['transfer-encoding'] !== undefined) {
    const { 'content-length': _length, ...others } = headers;
    return { headers: { ...others, 'transfer-encoding': ['chunked'] }, hasBody: true };
  }
  return { headers, hasBody: incoming.headers['content-length'] !== undefined };
}

export interface Forwarding {
  target: Target;
  headers: Record<string, string[]>;
  /** To the host; closed afterwards. */
  socket: Socket;
  idleMs: number;
}

/** Resolves when it is over, with why it came to nothing, or null. Redirects are answers like any other. */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { target, headers: passed, socket, idleMs }: Forwarding,
): Promise<Refusal | null> {
  const { headers, hasBody } = framed(incoming, passed);
  const { method, path, url } = target;
  const call = ask({
    ...{ method, path, createConnection: () => socket, setHost: false },
    headers: { ...headers, host: new URL(url).host, connection: 'close' },
  });
  return new Promise((resolve) => {
    const fail = (status: 502 | 504, why: string) => {
      const failure = { status, rule: egressRules.unreachable, reason: `${target.host}: ${why}` };
      refuse(response, failure);
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(idleMs, () => fail(504, 'nothing came for too long'));
    call.on('error', (cause: NodeJS.ErrnoException) => fail(502, cause.code ?? 'it ended without an answer'));
    call.on('response', (answered) => {
      response.writeHead(answered.statusCode ?? 502, passedHeaders(answered));
      response.flushHeaders();
      answered.pipe(response);
      answered.on('error', () => response.destroy());
    });
    response.once('close', () => {
      socket.destroy();
      resolve(null);
    });
    if (hasBody) incoming.pipe(call);
    else call.end();
  });
}
