/** What every WebSocket of the command has in common: who it is for, and what a refused upgrade means. */
import type { IncomingMessage } from 'node:http';
import type { ClientOptions } from 'ws';
import * as z from 'zod';
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';
import { maxSnapshotBytes } from '#protocol/terminal-frame.ts';

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

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];
const refusalSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ error: z.object({ code: z.enum(codes), message: z.string() }) }));

/** The server's own error in an HTTP answer to an upgrade. Whatever else it is (a proxy's, a failing server's) may pass. */
export async function refusalOf(response: IncomingMessage): Promise<AppError> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxRefusalLength) break;
  }
  const status = response.statusCode ?? 0;
  const refusal = refusalSchema.safeParse(text);
  if (refusal.success && status < 500) return new AppError(refusal.data.error);
  return new AppError({ code: 'server.unreachable', message: `HTTP ${status} instead of a WebSocket` });
}
