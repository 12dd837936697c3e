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
import type { EventPayload } from '#protocol/event.ts';
import type { TurnId } from '#protocol/id.ts';
import { tokenOf } from './environment.ts';
import { forward, passedHeaders } from './forward.ts';
import { type KeptVerdicts, nobodyWaits, takenBack } from './kept-verdicts.ts';
import { type Dial, dialAddress, type Found, lookUp, ownAddresses, type Resolve, reach, resolveName } from './reach.ts';
import { denied, notPublic, type Refusal, refuse, refuseConnect, tooMany, unread } from './refusal.ts';
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
  /** Addresses of the machine itself. */
  own?: () => ReadonlySet<string>;
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

export const createEgress = (options: EgressOptions): Egress => new EgressProxy(options);

class EgressProxy implements Egress {
  readonly #options: EgressOptions;
  readonly #tally: Tally;
  readonly #idleMs: number;
  /** Ends each connection that there is, those that wait for a verdict too. */
  readonly #open = new Set<() => void>();
  /** Those that have one. */
  readonly #reached = new Set<Socket>();

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#idleMs = options.idleMs ?? defaults.idleMs;
    this.#tally = new Tally((payload) => options.state({ type: 'egress.counted', payload }));
    options.kept.onTakenBack(() => {
      for (const socket of this.#reached) socket.destroy();
    });
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
    const maker = this.#options.whose(tokenOf(incoming));
    const target = requestTarget(incoming.method ?? '', incoming.url ?? '');
    const headers = passedHeaders(incoming);
    const isReadable = target !== null && isStatable(target, headers);
    const place = target ?? unnamed;
    const way = isReadable ? await this.#way(target, { maker, headers, signal }) : { failed: unread };
    if (!target || 'failed' in way) return this.#refused(maker, place, way, (refusal) => refuse(response, refusal));
    const { socket } = way;
    const over = forward(incoming, response, { target, headers, socket, idleMs: this.#idleMs });
    const failed = (await over) === null ? 0 : 1;
    this.#passed(maker, place, socket, failed);
  }

  async #connect(incoming: IncomingMessage, client: Duplex, held: ReturnType<typeof holdClient>): Promise<void> {
    const maker = this.#options.whose(tokenOf(incoming));
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
    const { kept, resolve = resolveName, dial = dialAddress, own = ownAddresses } = this.#options;
    const { maxConnections = defaults.maxConnections } = this.#options;
    if (this.#open.size > maxConnections) return { failed: tooMany(maxConnections) };
    const { method, url, host, port } = target;
    const request: EgressRequest = { ...maker, host, port, request: { method, url, headers } };
    const word = await this.#judged(request, signal);
    if (word.verdict === 'deny') return { failed: denied(word) };
    const since = kept.timesTakenBack;
    // Not before: a name that is looked up has been told to others.
    const found = await lookUp(host, resolve);
    if ('failed' in found) return found;
    const { addresses, refused } = found;
    if (refused.length > 0) return { failed: await this.#refusedAt(request, found, signal) };
    const here = own();
    if (addresses.some((address) => here.has(address))) return { failed: notPublic(host, 'this machine') };
    const way = await reach({ host, port, addresses }, dial, signal);
    if ('failed' in way) return way;
    const { socket } = way;
    const isOver = signal.aborted || kept.timesTakenBack !== since;
    if (isOver) {
      socket.destroy();
      return { failed: denied(signal.aborted ? nobodyWaits : takenBack) };
    }
    this.#reached.add(socket);
    socket.once('close', () => this.#reached.delete(socket));
    return way;
  }

  /** What policy says of such addresses is told, and recorded; whatever it is, nothing is sent. */
  async #refusedAt(request: EgressRequest, { addresses, refused }: Found, signal: AbortSignal): Promise<Refusal> {
    const told = [...new Set([...refused, ...addresses])].slice(0, maxTold).sort();
    const known = { ...request, request: { ...request.request, addresses: told } };
    const word = await this.#judged(known, signal);
    return word.verdict === 'deny' ? denied(word) : notPublic(request.host, 'an address that is not public');
  }

  #judged(request: EgressRequest, signal: AbortSignal): Promise<EgressVerdict> {
    const { kept, judge } = this.#options;
    return kept.ask(request, signal, judge);
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

/** Addresses of one name that facts say. */
const maxTold = 100;
/** Longest address of a request, in characters. */
const maxUrl = 8_000;

/** What is judged must fit into the facts whole. */
const isStatable = ({ url }: Target, headers: Record<string, string[]>): boolean =>
  url.length <= maxUrl && headerFactSchema.safeParse(readHeaders(headers)).success;
