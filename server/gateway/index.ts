/**
 * The model gateway: passes an agent's calls on to providers, meters them, and has each one recorded exactly once. Knows no
 * session: whose call it is comes with the call, where records go is passed in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toLine } from '#protocol/event.ts';
import { type ProviderName, providerNameSchema } from '#protocol/provider.ts';
import { type Api, apiOf, authHeaders, errorBody } from './api.ts';
import { Forwarder, type Outcome, type Proof } from './forward.ts';
import { type Holds, whenGoing } from './hold.ts';
import { type Address, missingKey, type ProviderState, refusedKey, unusableKey } from './provider.ts';
import { withUsageAsked } from './stream-usage.ts';
import type { CallUsage } from './usage.ts';

export { type Holds, whenGoing } from './hold.ts';
export { addressOf, type ProviderSettings, type ProviderState } from './provider.ts';
export type { CallUsage } from './usage.ts';

/** Whose call it is. */
export interface GatewayCaller {
  sessionId: string;
  agent: string;
  /** The turn that runs; null for a call outside of one. */
  turnId: string | null;
}

export interface StartedCall extends GatewayCaller {
  provider: ProviderName;
  /** As the agent named it. */
  model: string;
}

/** What became of a call. `unknown`: it was cut, and what it cost is not known; `usage` is what had been reported until then. */
export interface SettledCall {
  status: 'settled' | 'unknown';
  usage: CallUsage | null;
}

export interface GatewayDeps {
  /** Asked at every call. */
  providerNamed: (name: ProviderName) => ProviderState;
  /** Where people find the server, without a slash at the end. */
  url: () => string;
  calls: {
    /** Resolves when the start of a call is durable. */
    begin(call: StartedCall): Promise<(settled: SettledCall) => Promise<void>>;
  };
  holds: Holds;
  note: (line: string) => void;
}

/** A whole conversation with pictures fits; what is larger no provider takes. In bytes. */
const maxBodyBytes = 64 * 1024 * 1024;

export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #forwarder = new Forwarder();

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
  }

  /** Answers one call. `path` is the API's own, with its query. */
  async handle(path: string, request: IncomingMessage, response: ServerResponse, caller: GatewayCaller): Promise<void> {
    const asked = /^\/providers\/(\w+)$/.exec(path)?.[1];
    if (asked !== undefined) return this.#tellOfKey(asked, response);
    const api = apiOf(path.split('?', 1)[0] ?? '');
    if (!api || request.method !== 'POST')
      return refuse(response, 'chat', 404, `no model API at ${request.method} ${path}`);
    const state = this.#deps.providerNamed(api.provider);
    const way = wayTo(state, request);
    if (!way) return refuse(response, api.name, 400, this.#lacking(api.provider, state));
    const { to } = way;
    const body = await readWhole(request);
    if (!body) return refuse(response, api.name, 413, `the request is larger than ${maxBodyBytes / 1024 / 1024} MiB`);
    const outcome = await this.#passWhole({ ...way, api, path, body, request, response, caller });
    if (outcome.fault === 'unreachable') {
      this.#deps.note(`gateway: ${to.name}: ${outcome.detail}`);
      refuse(response, api.name, 502, `${to.name} cannot be reached at ${to.baseUrl}`);
    }
    // Where nothing was said yet the agent would wait for ever.
    if (outcome.fault === 'cut') refuse(response, api.name, 502, `${to.name} broke off: ${outcome.detail}`);
    if (outcome.fault === 'refused') {
      // A 401 of its own would send the agent's CLI to a log-in that is not its business.
      const said = outcome.detail ?? 'no reason given';
      refuse(response, api.name, 400, refusedKey(to.name, said, this.#deps.url()));
    }
  }

  close(): void {
    this.#forwarder.close();
  }

  #lacking(name: ProviderName, state: ProviderState): string {
    const url = this.#deps.url();
    return state.kind === 'unusable' ? unusableKey(name, state.problem, url) : missingKey(name, url);
  }

  /** An agent that could sign in by itself is started accordingly. */
  #tellOfKey(name: string, response: ServerResponse): void {
    const known = providerNameSchema.safeParse(name);
    const hasKey = known.success && this.#deps.providerNamed(known.data).kind !== 'missing';
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ hasKey }));
  }

  /** One that is held before its agent heard anything of an answer is asked again when calls go on. */
  async #passWhole(call: PassedCall): Promise<Outcome> {
    const { response, caller } = call;
    for (;;) {
      await whenGoing(this.#deps.holds, caller.sessionId, response);
      const outcome = await this.#pass(call);
      const isHeld = outcome.fault === 'held' || outcome.fault === 'not-sent';
      if (!isHeld || response.headersSent || response.destroyed) return outcome;
    }
  }

  async #pass(call: PassedCall): Promise<Outcome> {
    const held = new AbortController();
    const { holds } = this.#deps;
    const { sessionId } = call.caller;
    const stop = holds.watch(sessionId, () => holds.isFrozen(sessionId) && held.abort());
    try {
      return await this.#passUnless(held.signal, call);
    } finally {
      stop();
    }
  }

  async #passUnless(held: AbortSignal, call: PassedCall): Promise<Outcome> {
    const { api, to, proof, path, body, request, response, caller } = call;
    const json = parse(body);
    const started = { ...caller, provider: to.name, model: modelOf(json) };
    const settle = api.isMetered ? await this.#deps.calls.begin(started) : null;
    const asking = api.name === 'chat' ? withUsageAsked(body, json) : null;
    const outcome = await this.#forwarder.forward({
      ...{ api, to, proof, path, response, held, headers: request.headers },
      ...{ body: asking ?? body, dropsUsage: asking !== null },
    });
    await settle?.(settlementOf(outcome));
    return outcome;
  }
}

interface PassedCall {
  api: Api;
  to: Address;
  proof: Proof;
  path: string;
  body: Buffer;
  request: IncomingMessage;
  response: ServerResponse;
  caller: GatewayCaller;
}

/** Where a call goes and with which proof: our key, else what the agent itself signed in with. Null: it has no way. */
function wayTo(state: ProviderState, { headers }: IncomingMessage): { to: Address; proof: Proof } | null {
  if (state.kind === 'ready') {
    const { provider } = state;
    return { to: provider, proof: { headers: authHeaders(provider.name, provider.key), isOfAgent: false } };
  }
  const own = headers['x-omnigent-credential'];
  if (state.kind !== 'missing' || typeof own !== 'string') return null;
  return { to: state.address, proof: { headers: { authorization: own }, isOfAgent: true } };
}

/** A refusal costs nothing; an answer that came to its end costs what it says; everything else is not known. */
function settlementOf({ status, meter, fault }: Outcome): SettledCall {
  if (
    fault === 'unreachable' ||
    fault === 'refused' ||
    fault === 'not-sent' ||
    (status !== null && status >= 400 && fault === null)
  )
    return { status: 'settled', usage: null };
  return { status: fault === null && meter.isComplete ? 'settled' : 'unknown', usage: meter.usage };
}

/** Null when it is too large. */
async function readWhole(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBodyBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

/** Null for what is no JSON: the provider says what is wrong with it, in its own words. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}

/** The model that a request names, `unknown` where it names none. */
function modelOf(json: unknown): string {
  const model = typeof json === 'object' && json !== null && 'model' in json ? json.model : null;
  return typeof model === 'string' ? toLine(model, 200, 'unknown') : 'unknown';
}

function refuse(response: ServerResponse, name: Api['name'], status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify(errorBody(name, status, message)));
}
