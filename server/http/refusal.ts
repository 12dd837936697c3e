/** Answers on connections that have no response object: a refused upgrade, a request that is not HTTP. */
import type { Duplex } from 'node:stream';
import { internalError } from './body.ts';
import { expected } from './expected.ts';
import { rawAnswer } from './header.ts';

/** A refusal before the upgrade is a plain HTTP answer; no 101 is ever sent. */
export function refuse(socket: Duplex, cause: unknown, log: (line: string) => void): void {
  const error = expected(cause);
  const message = error?.message ?? internalError(cause, 'upgrade failed', log);
  answer(socket, error?.facts.http ?? 500, { code: error?.code ?? 'server.internal', message });
}

/** Answers and closes. */
export function answer(socket: Duplex, status: number, error: { code: string; message: string }): void {
  socket.once('finish', () => socket.destroy());
  socket.end(rawAnswer(status, JSON.stringify({ error })));
}

/** Answers what the HTTP parser or a timeout refused (`clientError` of node:http). */
export function answerClientError(cause: NodeJS.ErrnoException, socket: Duplex): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusals: Record<string, [status: number, code: string, message: string]> = {
    HPE_HEADER_OVERFLOW: [431, 'input.too-large', 'headers: at most 16 KiB'],
    ERR_HTTP_REQUEST_TIMEOUT: [408, 'input.invalid', 'the request took too long to arrive'],
  };
  const [status, code, message] = refusals[cause.code ?? ''] ?? [400, 'input.invalid', 'not a valid HTTP request'];
  answer(socket, status, { code, message });
}
