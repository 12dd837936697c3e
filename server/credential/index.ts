/**
 * Credential routes: a runner passes a program's request on to here, and it leaves with a secret that the program never sees.
 * Whose request it is comes with it; which secrets there are is asked at every one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '#protocol/error.ts';
import type { SessionId, TurnId } from '#protocol/id.ts';
import { type Holds, whenGoing } from '#server/gateway/index.ts';
import { expected, internalError } from '#server/http/index.ts';
import type { Secrets } from '#server/secret/index.ts';
import type { Log } from '#server/session/index.ts';
import { Carrier, type CarrierOptions } from './carry.ts';
import { methodOf, targetOf } from './target.ts';
import { Uses } from './uses.ts';

/** Whose request it is. `agent`: `shell` for a person's shell. */
export interface CredentialCaller {
  sessionId: SessionId;
  agent: string;
  /** The turn that runs; null for a request outside of one. */
  turnId: TurnId | null;
}

export interface CredentialsDeps extends CarrierOptions {
  log: Pick<Log, 'append'>;
  secrets: Secrets;
  /** A session that stands still sends nothing. */
  holds: Holds;
  /** Where people find the server, without a slash at the end. */
  url: () => string;
  now: () => number;
  note: (line: string) => void;
}

/** A program's request: `/<name>` and the upstream's path; without both the list of routes is asked for. */
const routePath = /^\/credentials(?:\/([a-z][a-z0-9-]{0,62})(\/.*)?)?$/s;

export class Credentials {
  readonly #deps: CredentialsDeps;
  readonly #carrier: Carrier;
  readonly #uses: Uses;

  constructor(deps: CredentialsDeps) {
    this.#deps = deps;
    this.#carrier = new Carrier(deps);
    this.#uses = new Uses(deps);
  }

  /** True for a path of the gateway that is answered here. */
  static isOwn(path: string): boolean {
    return /^\/credentials(?:[/?]|$)/.test(path);
  }

  /** Answers one request. `path` is behind the gateway's own, with its query. */
  async handle(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    caller: CredentialCaller,
  ): Promise<void> {
    try {
      const [, name, rest = '/'] = routePath.exec(path) ?? [];
      if (name !== undefined) await this.#carry({ name, rest, request, response, caller });
      else if (path === '/credentials' && request.method === 'GET') this.#list(response);
      else throw new AppError({ code: 'secret.not-found', message: 'a credential route is /credentials/NAME/…' });
    } catch (cause) {
      this.#refuse(request, response, cause);
    }
  }

  /** What is counted is stored. */
  async close(): Promise<void> {
    this.#carrier.close();
    await this.#uses.close();
  }

  #list(response: ServerResponse): void {
    const text = JSON.stringify({ routes: this.#deps.secrets.routes() });
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
  }

  async #carry(asked: {
    name: string;
    rest: string;
    request: IncomingMessage;
    response: ServerResponse;
    caller: CredentialCaller;
  }): Promise<void> {
    const { name, rest, request, response, caller } = asked;
    const { secrets, holds, url } = this.#deps;
    await whenGoing(holds, caller.sessionId, response);
    const state = secrets.find(name);
    const page = `${url()}/settings`;
    if (state.kind === 'missing') {
      const message = `no credential is called ${name}: an owner stores it on ${page}, or with \`omnigent secret set\``;
      throw new AppError({ code: 'secret.not-found', message });
    }
    if (state.kind === 'unusable') {
      const message = `the credential ${name} cannot be used: an owner sees on ${page} what to do`;
      throw new AppError({ code: 'secret.not-found', message });
    }
    const { route, value } = state;
    const method = methodOf(request.method, route);
    const target = targetOf(rest, route);
    await this.#uses.enter({ ...caller, name, method, host: new URL(route.origin).host });
    await this.#carrier.carry({ route, value, target, base: baseOf(request, name), request, response });
  }

  /** In words that the program shows: git prints plain text, npm the message of JSON. */
  #refuse(request: IncomingMessage, response: ServerResponse, cause: unknown): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const error = expected(cause);
    const message = error?.message ?? internalError(cause, 'credential route failed', this.#deps.note);
    if (error?.code === 'credential.unreachable') this.#deps.note(`credential route: ${message}`);
    const status = error?.facts.http ?? 500;
    const retry = error?.facts.isRetryable && status === 503 ? { 'retry-after': '1' } : {};
    const isJson = /json/.test(request.headers.accept ?? '');
    const type = isJson ? 'application/json' : 'text/plain; charset=utf-8';
    const text = isJson ? JSON.stringify({ error: message }) : `${message}\n`;
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...retry }).end(text);
  }
}

/** What leads a program back into the route: the runner says how it came there. */
function baseOf({ headers }: IncomingMessage, name: string): string {
  const base = headers['x-omnigent-base'];
  return base === '' ? '' : `/_credential/${name}`;
}
