/** A plain request passed on over a connection that is there: header by header, without what is meant for proxies. */
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { egressRules } from '#protocol/egress-text.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Target } from './target.ts';

/** For the next hop alone (RFC 9110, 7.6.1 and 10.1.1), said anew, or for us. */
const notPassed =
  /^(?:connection|content-length|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|x-omnigent-.*)$/;

/** What of a header goes on: each name in lower case with its values. How a body is framed is said anew. */
export function passedHeaders({ headersDistinct, headers }: IncomingMessage): Record<string, string[]> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const passed = Object.entries(headersDistinct).flatMap(([name, values]) =>
    values === undefined || notPassed.test(name) || named.has(name) ? [] : [[name, values] as const],
  );
  return Object.fromEntries(passed);
}

/** How long a body is, as its header says; null: there is none. Without it the host would take a body for a further request. */
function frameOf({ headers }: IncomingMessage): Record<string, string> | null {
  if (headers['transfer-encoding'] !== undefined) return { 'transfer-encoding': 'chunked' };
  const length = headers['content-length'];
  return length === undefined ? null : { 'content-length': length };
}

/** Of an answer without a body, too: it is what a HEAD asks for. */
const lengthOf = ({ headers }: IncomingMessage): Record<string, string> =>
  headers['transfer-encoding'] === undefined && headers['content-length'] !== undefined
    ? { 'content-length': headers['content-length'] }
    : {};

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
  { target, headers, socket, idleMs }: Forwarding,
): Promise<Refusal | null> {
  const frame = frameOf(incoming);
  const { method, path, url } = target;
  const call = ask({
    ...{ method, path, createConnection: () => socket, setHost: false },
    headers: { ...headers, ...frame, host: new URL(url).host, connection: 'close' },
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
      response.writeHead(answered.statusCode ?? 502, { ...passedHeaders(answered), ...lengthOf(answered) });
      response.flushHeaders();
      answered.pipe(response);
      answered.on('error', () => response.destroy());
    });
    response.once('close', () => {
      socket.destroy();
      resolve(null);
    });
    if (frame) incoming.pipe(call);
    else call.end();
  });
}
