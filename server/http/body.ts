/** Reading and answering JSON over HTTP, within limits. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '#protocol/error.ts';
import { expected } from './expected.ts';

const maxBodyBytes = 1024 * 1024;
/** Deeper JSON is refused before it is parsed. */
const maxDepth = 64;
/** More members and elements than this are refused before parsing. */
const maxMembers = 50_000;

const invalid = (message: string, cause?: unknown) => new AppError({ code: 'input.invalid', message, cause });

/** The raw body. Throws `input.too-large` as soon as that is known; what still comes is dropped as it arrives. */
export function readBody(request: IncomingMessage, maxBytes = maxBodyBytes): Promise<string> {
  const tooLarge = () => new AppError({ code: 'input.too-large', message: `body: at most ${maxBytes} bytes` });
  const broken = (cause?: Error) => invalid('body: the connection broke', cause);
  let chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else chunks = [];
      if (size > maxBytes) reject(tooLarge());
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', (cause) => reject(broken(cause)));
    request.on('close', () => reject(broken()));
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) reject(tooLarge());
  });
}

/** Refuses JSON text whose nesting or member count could be used to burn time. Strings are skipped. */
export function checkJsonShape(text: string): void {
  let depth = 0;
  let members = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = skipString(text, i);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw invalid(`body: JSON nested deeper than ${maxDepth} levels`);
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === 0x2c && ++members > maxMembers) {
      throw invalid(`body: JSON with more than ${maxMembers} members`);
    }
  }
}

function skipString(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
  return i;
}

export function parseJson(text: string): unknown {
  checkJsonShape(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('body: not JSON', cause);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(body));
}

/** Answers with the error's code and safe message; anything unexpected becomes an id that the log explains. */
export function sendError(response: ServerResponse, cause: unknown, log: (line: string) => void): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = expected(cause);
  if (!error) {
    const message = internalError(cause, 'request failed', log);
    return sendJson(response, 500, { error: { code: 'server.internal', message } });
  }
  if (error.facts.isRetryable) response.setHeader('Retry-After', '1');
  sendJson(response, error.facts.http, { error: { code: error.code, message: error.message } });
}

/** Logs a failure that nobody expected; returns what may be shown of it, an id to find it by. */
export function internalError(cause: unknown, what: string, log: (line: string) => void): string {
  const id = randomBytes(5).toString('hex');
  log(`${what} [${id}] ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
  return `internal error ${id}`;
}
