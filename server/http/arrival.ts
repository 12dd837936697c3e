/** How long a request may take to arrive: whoever sends a byte now and then is not waited for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendJson } from './body.ts';

/** A request's body must have arrived within this time of its headers, in ms. */
const arrivalMs = 12_000;

/** Answers 408 and closes when the body is not all there in time; the result lets it take whatever it takes. */
export function limitArrival(request: IncomingMessage, response: ServerResponse): () => void {
  const { 'transfer-encoding': encoding, 'content-length': length } = request.headers;
  if (encoding === undefined && !(Number(length) > 0)) return () => undefined;
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (response.headersSent) return void request.destroy();
    response.setHeader('Connection', 'close');
    response.once('finish', () => request.destroy());
    sendJson(response, 408, { error: { code: 'input.invalid', message: 'the request took too long to arrive' } });
  }, arrivalMs).unref();
  const stop = () => clearTimeout(timer);
  request.once('end', stop);
  request.once('close', stop);
  return stop;
}
