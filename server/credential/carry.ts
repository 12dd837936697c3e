/** Carries one request to its upstream and the answer back, piece by piece. Knows neither sessions nor where values are kept. */
import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { AppError } from '#protocol/error.ts';
import type { SecretRoute } from '#server/secret/index.ts';
import { checkedLookup, RefusedAddress, type Resolve, refusedAddressOf } from './address.ts';
import { Echoed, EchoGuard } from './echo.ts';
import { answerHeaders, requestHeaders } from './header.ts';

/** An upstream that has the whole request and says nothing for longer has failed, in ms. */
const answerMs = 5 * 60_000;
/** The same for a connection that does not come about, in ms. */
const connectMs = 15_000;

export interface CarrierOptions {
  /** Certificates (PEM) that an upstream may have, besides those that Node.js knows. */
  trustedCa?: string | undefined;
  resolve?: Resolve | undefined;
}

export interface Carried {
  route: SecretRoute;
  value: string;
  /** Path with its query, as it is asked for upstream. */
  target: string;
  /** What the program put before a path to come here. */
  base: string;
  request: IncomingMessage;
  response: ServerResponse;
}

/** Where connections come from. */
interface Connections {
  http: HttpAgent;
  https: HttpsAgent;
}

export class Carrier {
  /** For requests without a body, which can be sent once more. */
  readonly #kept: Connections;
  /** A connection of its own for each: what was sent into one that its other end was just closing is gone. */
  readonly #fresh: Connections;
  readonly #resolve: Resolve | undefined;

  constructor({ trustedCa, resolve }: CarrierOptions) {
    this.#resolve = resolve;
    const trust = trustedCa === undefined ? {} : { ca: [...rootCertificates, trustedCa] };
    const connections = (keepAlive: boolean): Connections => ({
      http: new HttpAgent({ keepAlive, timeout: answerMs }),
      https: new HttpsAgent({ keepAlive, timeout: answerMs, ...trust }),
    });
    this.#kept = connections(true);
    this.#fresh = connections(false);
  }

  /**
   * Resolves when the answer is out, or its reader gone. Throws `credential.refused`, `credential.unreachable` and
   * `credential.echoed`, mostly before anything of the answer is out; after that the connection is cut.
   */
  async carry(carried: Carried): Promise<void> {
    const { request, response } = carried;
    if (response.destroyed) return;
    if (hasBody(request)) return void (await this.#carry(carried, this.#fresh));
    const isDone = await this.#carry(carried, this.#kept);
    if (!isDone) await this.#carry(carried, this.#fresh);
  }

  close(): void {
    for (const { http, https } of [this.#kept, this.#fresh]) {
      http.destroy();
      https.destroy();
    }
  }

  /** False where a kept connection turned out to be closed: nothing of the request was heard. */
  async #carry(carried: Carried, connections: Connections): Promise<boolean> {
    const { route, request, response } = carried;
    const call = this.#dial(carried, connections);
    const cut = () => {
      if (!response.writableFinished) call.destroy(new Error('the program has gone'));
    };
    response.once('close', cut);
    request.once('error', cut);
    if (hasBody(request)) request.pipe(call);
    else call.end();
    try {
      await pass(await answerOf(call, request), carried);
      return true;
    } catch (cause) {
      if (response.destroyed) return true;
      if (call.reusedSocket && isReset(cause)) return false;
      throw failureOf(cause, new URL(route.origin).host);
    } finally {
      response.off('close', cut);
      request.off('error', cut);
      // An answer may come before all of the request is read: nobody wants the rest.
      request.unpipe(call);
      request.resume();
      if (!request.complete) call.destroy();
    }
  }

  #dial({ route, value, target, request }: Carried, { http, https }: Connections) {
    const url = new URL(route.origin);
    const isPlain = url.protocol === 'http:';
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const refusal = isIP(hostname) ? refusedAddressOf(hostname, isPlain) : null;
    if (refusal) throw new AppError({ code: 'credential.refused', message: refusal });
    const options = {
      ...{ hostname, port: url.port || undefined, path: target, method: request.method },
      // Told that it is the last, the other end would close with its answer, and one that comes before the end of a body be lost.
      headers: { ...requestHeaders(request.headers, route.use, value), connection: 'keep-alive' },
      lookup: checkedLookup(isPlain, this.#resolve),
    };
    return isPlain ? requestHttp({ ...options, agent: http }) : requestHttps({ ...options, agent: https });
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;

/** The other end had closed before it answered. */
const isReset = (cause: unknown): boolean => {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
};

/** Rejects when there is none in time. */
function answerOf(call: ReturnType<typeof requestHttp>, request: IncomingMessage): Promise<IncomingMessage> {
  const timers: NodeJS.Timeout[] = [];
  const failAfter = (ms: number, what: string) => {
    const timer = setTimeout(() => call.destroy(new Error(what)), ms);
    timers.push(timer);
    return timer;
  };
  const connecting = failAfter(connectMs, 'no connection in time');
  call.once('socket', (socket) => {
    if (!socket.connecting) return clearTimeout(connecting);
    socket.once('connect', () => clearTimeout(connecting));
  });
  const startWaiting = () => failAfter(answerMs, 'no answer in time');
  if (request.complete) startWaiting();
  else request.once('end', startWaiting);
  return new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    // It may fail once more after its answer, which says so itself.
    call.on('error', reject);
  }).finally(() => {
    request.off('end', startWaiting);
    for (const timer of timers) clearTimeout(timer);
  });
}

async function pass(answer: IncomingMessage, { route, value, target, base, response }: Carried): Promise<void> {
  const status = answer.statusCode ?? 502;
  const { host } = new URL(route.origin);
  if (status === 401) {
    answer.destroy();
    const message = `${host} does not take the credential ${route.name}: an owner replaces it in the settings`;
    throw new AppError({ code: 'credential.refused', message });
  }
  const guard = new EchoGuard(route.use, value);
  guard.checkHeaders(answer.headers);
  const isPacked = !/^(?:identity)?$/.test(answer.headers['content-encoding'] ?? '');
  const begin = () => {
    if (response.headersSent) return;
    response.writeHead(status, answerHeaders(answer.headers, { base, route, url: new URL(target, route.origin) }));
  };
  // Events may be long in coming, and what waits for them wants to know that they will.
  if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
    begin();
    response.flushHeaders();
  }
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const out = isPacked ? chunk : guard.push(chunk);
    if (out.length === 0) continue;
    begin();
    if (!response.write(out)) await roomIn(response);
  }
  begin();
  response.end(guard.end());
}

/** Throws when it has gone meanwhile. */
async function roomIn(response: ServerResponse): Promise<void> {
  if (response.destroyed) throw new Error('the program has gone');
  const gone = new AbortController();
  const close = () => gone.abort();
  response.once('close', close);
  try {
    await once(response, 'drain', { signal: gone.signal });
  } finally {
    response.off('close', close);
  }
}

function failureOf(cause: unknown, host: string): AppError {
  if (cause instanceof AppError) return cause;
  if (cause instanceof RefusedAddress) return new AppError({ code: 'credential.refused', message: cause.message });
  if (cause instanceof Echoed) {
    const message = `${host} sent the credential back in its answer, which was dropped`;
    return new AppError({ code: 'credential.echoed', message });
  }
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = `${host} cannot be reached: ${code ?? message}`;
  return new AppError({ code: 'credential.unreachable', message: why, cause });
}
