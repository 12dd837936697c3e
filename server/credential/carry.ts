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

export class Carrier {
  readonly #agents: { http: HttpAgent; https: HttpsAgent };
  readonly #resolve: Resolve | undefined;

  constructor({ trustedCa, resolve }: CarrierOptions) {
    this.#resolve = resolve;
    const options = { keepAlive: true, timeout: answerMs };
    this.#agents = {
      http: new HttpAgent(options),
      https: new HttpsAgent({ ...options, ...(trustedCa !== undefined && { ca: [...rootCertificates, trustedCa] }) }),
    };
  }

  /**
   * Resolves when the answer is out, or its reader gone. Throws `credential.refused`, `credential.unreachable` and
   * `credential.echoed`, mostly before anything of the answer is out; after that the connection is cut.
   */
  async carry(carried: Carried): Promise<void> {
    const { route, request, response } = carried;
    const { host } = new URL(route.origin);
    if (response.destroyed) return;
    const call = this.#dial(carried);
    const cut = () => {
      if (!response.writableFinished) call.destroy(new Error('the program has gone'));
    };
    response.once('close', cut);
    request.once('error', cut);
    request.pipe(call);
    try {
      await pass(await answerOf(call, request), carried);
    } catch (cause) {
      if (!response.destroyed) throw failureOf(cause, host);
    } finally {
      // An answer may come before all of the request is read: nobody wants the rest.
      request.unpipe(call);
      request.resume();
      if (!request.complete) call.destroy();
    }
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #dial({ route, value, target, request }: Carried) {
    const url = new URL(route.origin);
    const isPlain = url.protocol === 'http:';
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const refusal = isIP(hostname) ? refusedAddressOf(hostname, isPlain) : null;
    if (refusal) throw new AppError({ code: 'credential.refused', message: refusal });
    const options = {
      ...{ hostname, port: url.port || undefined, path: target, method: request.method },
      headers: requestHeaders(request.headers, route.use, value),
      lookup: checkedLookup(isPlain, this.#resolve),
    };
    return isPlain
      ? requestHttp({ ...options, agent: this.#agents.http })
      : requestHttps({ ...options, agent: this.#agents.https });
  }
}

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
