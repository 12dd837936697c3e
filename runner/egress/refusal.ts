/** Connections that are not made, told to whoever asked: a status, a header and JSON that say the rule and what to do. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { adviceOnConnection, egressRules } from '#protocol/egress-text.ts';

export interface Refusal {
  /** 403 denied, 502 or 504 it came to nothing, 503 there are too many. */
  status: 403 | 502 | 503 | 504;
  rule: string;
  /** For people: one or more phrases. */
  reason: string;
}

/** Of a verdict, or of the proxy itself. */
export const denied = ({ rule, reason }: Pick<Refusal, 'rule' | 'reason'>): Refusal => ({
  ...{ status: rule === egressRules.tooMany ? 503 : 403, rule, reason },
});

export const unread: Refusal = denied({
  rule: 'input.invalid',
  reason: 'the address cannot be read in one way alone, or it or the header is too long',
});

export const notPublic = (host: string, what: string): Refusal =>
  denied({ rule: 'default.private-address', reason: `${host} stands for ${what}` });

export const tooMany = (most: number): Refusal =>
  denied({ rule: egressRules.tooMany, reason: `more than ${most} connections of this session are open` });

/** Longest text in a header, and behind a status, in characters. */
const maxHeader = 600;
const maxWords = 200;
/** Bytes that are still on their way do not cut the answer off; ms. */
const lingerMs = 1_000;

const printable = (text: string, maxLength: number): string => text.replace(/[^ -~]/g, '?').slice(0, maxLength);

interface Told {
  /** Many programs show of an answer nothing but the words behind its status. */
  words: string;
  headers: Record<string, string>;
  body: string;
}

function toldOf({ status, rule, reason }: Refusal): Told {
  const advice = adviceOnConnection(rule);
  const error = `refused by ${rule}: ${reason}; ${advice}`;
  const body = `${JSON.stringify({ error, type: 'egress_refused', rule, reason, advice })}\n`;
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-omnigent-refused': printable(`${rule}; ${advice}`, maxHeader),
    ...(status === 503 && { 'retry-after': '1' }),
    connection: 'close',
  };
  return {
    words: status === 403 ? printable(`Refused by ${rule}`, maxWords) : (STATUS_CODES[status] ?? ''),
    headers,
    body,
  };
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { words, headers, body } = toldOf(refusal);
  response.writeHead(refusal.status, words, headers).end(body);
}

/** Answers a CONNECT and ends. */
export function refuseConnect(socket: Duplex, refusal: Refusal): void {
  if (socket.destroyed) return;
  const { words, headers, body } = toldOf(refusal);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${refusal.status} ${words}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
}
