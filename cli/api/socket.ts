/** What every WebSocket of the command has in common: who it is for, and what a refused upgrade means. */
import type { IncomingMessage } from 'node:http';
import type { ClientOptions } from 'ws';
import { AppError } from '#protocol/error.ts';
import { maxSnapshotBytes } from '#protocol/terminal-frame.ts';
import { parseRefusal } from './refusal.ts';

/** Longest wait for the answer to an upgrade, in ms. */
const handshakeMs = 5_000;
/** A server that refuses says so in less, in characters. */
const maxRefusalLength = 64 * 1024;

export const socketOptions = (token: string): ClientOptions => ({
  headers: { authorization: `Bearer ${token}` },
  handshakeTimeout: handshakeMs,
  maxPayload: maxSnapshotBytes + 1024,
  perMessageDeflate: false,
});

/** The server's own error in an HTTP answer to an upgrade. Whatever else it is (a proxy's, a failing server's) may pass. */
export async function refusalOf(response: IncomingMessage): Promise<AppError> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxRefusalLength) break;
  }
  const status = response.statusCode ?? 0;
  const refusal = status < 500 ? parseRefusal(text) : null;
  return refusal ?? new AppError({ code: 'server.unreachable', message: `HTTP ${status} instead of a WebSocket` });
}
