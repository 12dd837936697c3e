/**
 * The egress proxy of a session: what programs in the sandbox reach of the network. Each connection waits for a verdict on its
 * name, then the name is looked up, every address is checked, and a checked one is dialled. Knows no policy and no agent; it
 * plugs into a server that listens for the sandbox.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readHeaders } from '#policy/header.ts';
import { headerFactSchema } from '#protocol/action-facts.ts';
import { egressRules } from '#protocol/egress-text.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { TurnId } from '#protocol/id.ts';
import { forward, passedHeaders } from './forward.ts';
import { type KeptVerdicts, nobodyWaits } from './kept-verdicts.ts';
import { type Dial, dialAddress, lookUp, type Resolve, reach, resolveName } from './reach.ts';
import { type Refusal, refuse, refuseConnect } from './refusal.ts';
import { Tally, unnamed } from './tally.ts';
import { connectTarget, isAbsolute, requestTarget, type Target } from './target.ts';
import { holdClient, join } from './tunnel.ts';
import type { EgressJudge, EgressRequest, EgressVerdict, Maker } from './verdict.ts';

export interface EgressOptions {
  judge: EgressJudge;
  /** Verdicts that are kept, here or by an earlier proxy of the session. */
  kept: KeptVerdicts;
  /** Who has this token; of none, or one that nobody has, the session's shell. */
  whose: (token: string | null) => Maker;
  /** Records a fact. */
  state: (fact: { type: 'egress.counted'; payload: EventPayload<'egress.counted'> }) => void;
  /** How names are looked up and addresses dialled; as the machine does where left out. */
  resolve?: Resolve;
  dial?: Dial;
  /** Connections at once, those that wait included. */
  maxConnections?: number;
  /** Nothing passing for so long ends a connection, in ms. */
  idleMs?: number;
}

export interface Egress {
  /** Answers a request with a whole address; false: it is none for a proxy. */
  request(incoming: IncomingMessage, response: ServerResponse): boolean;
  /** For the server's `connect` event. */
  connect(incoming: IncomingMessage, client: Duplex, head: Buffer): void;
  /** States what the turn's connections amount to so far. */
  endTurn(turnId: TurnId): void;
  /** Ends all connections, and withdraws what waits. */
  close(): void;
}

type Way = { socket: Socket } | { failed: Refusal };

const defaults = { maxConnections: 512, idleMs: 10 * 60_000 } as const;

const unread: Refusal = {
  ...{ status: 403, rule: 'input.invalid', reason: 'the address, or the header, cannot be read in one way alone' },
};

export const createEgress = (options: EgressOptions): Egress => new EgressProxy(options);

class EgressProxy implements Egress {
  readonly #options: EgressOptions;
  readonly #tally: Tally;
  readonly #idleMs: number;
  /** Ends each connection that there is. */
  readonly #open = new Set<() => void>();

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? defaults.idleMs;
    this.#tally = new Tally((payload) => options.state({ type: 'egress.counted', payload }));
  }

  request(incoming: IncomingMessage, response: ServerResponse): boolean {
    if (!isAbsolute(incoming.url)) return false;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    this.#hold(response, () => response.destroy());
    void this.#request(incoming, response, gone.signal);
    return true;
  }

  connect(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
    const held = holdClient(client, head);
    this.#hold(client, () => client.destroy());
    void this.#connect(incoming, client, held);
  }

  endTurn(turnId: TurnId): void {
    this.#tally.endTurn(turnId);
  }

  close(): void {
    for (const end of this.#open) end();
    this.#tally.close();
  }

  #hold(client: Duplex | ServerResponse, end: () => void): void {
    this.#open.add(end);
    client.once('close', () => this.#open.delete(end));
  }

  async #request(incoming: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const maker = this.#makerOf(incoming);
    const target = requestTarget(incoming.method ?? '', incoming.url ?? '');
    const headers = passedHeaders(incoming);
    const isReadable = headerFactSchema.safeParse(readHeaders(headers)).success;
    const place = target ?? unnamed;
    const way = target && isReadable ? await this.#way(target, { maker, headers, signal }) : { failed: unread };
    if (!target || 'failed' in way) return this.#refused(maker, place, way, (refusal) => refuse(response, refusal));
    const { socket } = way;
    const over = forward(incoming, response, { target, headers, socket, idleMs: this.#idleMs });
    const failed = (await over) === null ? 0 : 1;
    this.#passed(maker, place, socket, failed);
  }

  async #connect(incoming: IncomingMessage, client: Duplex, held: ReturnType<typeof holdClient>): Promise<void> {
    const maker = this.#makerOf(incoming);
    const target = connectTarget(incoming.url);
    const place = target ?? unnamed;
    const { signal } = held;
    const way = target ? await this.#way(target, { maker, headers: {}, signal }) : { failed: unread };
    const early = held.release();
    if ('failed' in way) return this.#refused(maker, place, way, (refusal) => refuseConnect(client, refusal));
    const { socket } = way;
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (early.length > 0) socket.write(early);
    await join(client, socket, this.#idleMs);
    this.#passed(maker, place, socket, 0);
  }

  /** A connection to where it wants to go, or why there is none. */
  async #way(
    target: Target,
    { maker, headers, signal }: { maker: Maker; headers: Record<string, string[]>; signal: AbortSignal },
  ): Promise<Way> {
    const { resolve = resolveName, dial = dialAddress, maxConnections = defaults.maxConnections } = this.#options;
    if (this.#open.size > maxConnections) return { failed: denied(tooMany(maxConnections)) };
    const { method, url, host, port } = target;
    const request: EgressRequest = { ...maker, host, port, request: { method, url, headers } };
    const word = await this.#judged(request, signal);
    if (word.verdict === 'deny') return { failed: denied(word) };
    // Not before: a name that is looked up has been told to others.
    const found = await lookUp(host, resolve);
    if ('failed' in found) return found;
    const { addresses, refused } = found;
    if (refused.length > 0) return { failed: await this.#refusedAt(request, addresses, signal) };
    const way = await reach({ host, port, addresses }, dial, signal);
    if (!signal.aborted) return way;
    if ('socket' in way) way.socket.destroy();
    return { failed: denied(nobodyWaits) };
  }

  /** What policy says of such addresses is told, and recorded; whatever it is, nothing is sent. */
  async #refusedAt(request: EgressRequest, addresses: readonly string[], signal: AbortSignal): Promise<Refusal> {
    const known = { ...request, request: { ...request.request, addresses: [...addresses].sort() } };
    const word = await this.#judged(known, signal);
    if (word.verdict === 'deny') return denied(word);
    const reason = `${request.host} stands for an address that is not public`;
    return { status: 403, rule: 'default.private-address', reason };
  }

  #judged(request: EgressRequest, signal: AbortSignal): Promise<EgressVerdict> {
    const { kept, judge } = this.#options;
    return kept.ask(request, signal, judge);
  }

  /** By the token that programs are given with the address of the proxy: as password, as name, or as bearer. */
  #makerOf({ headers }: IncomingMessage): Maker {
    const [, scheme = '', data = ''] = /^(basic|bearer) +(\S+)$/i.exec(headers['proxy-authorization'] ?? '') ?? [];
    if (scheme.toLowerCase() === 'bearer') return this.#options.whose(data);
    const [name = '', ...password] = Buffer.from(data, 'base64').toString('utf8').split(':');
    return this.#options.whose(password.join(':') || name || null);
  }

  #refused(maker: Maker, place: { host: string; port: number }, way: Way, tell: (refusal: Refusal) => void): void {
    const refusal = 'failed' in way ? way.failed : unread;
    const isRefused = refusal.status === 403 || refusal.status === 503;
    this.#tally.add(maker, place, isRefused ? { refused: 1 } : { allowed: 1, failed: 1 });
    tell(refusal);
  }

  #passed(maker: Maker, place: { host: string; port: number }, socket: Socket, failed: number): void {
    const { bytesWritten: sent, bytesRead: received } = socket;
    this.#tally.add(maker, place, { allowed: 1, failed, sent, received });
  }
}

const denied = ({ rule, reason }: Pick<EgressVerdict, 'rule' | 'reason'>): Refusal => ({
  ...{ status: rule === egressRules.tooMany ? 503 : 403, rule, reason },
});

const tooMany = (most: number) => ({
  ...{ rule: egressRules.tooMany, reason: `more than ${most} connections of this session are open` },
});
