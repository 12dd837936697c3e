/**
 * The agent port: what an agent reaches beside its files. Model calls go to the server's gateway in its session's name. Each
 * agent has a token of its own, which works nowhere else. Knows no harness and no provider.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  Agent,
  createServer,
  request as dial,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import * as z from 'zod';
import { shellAgent } from '#protocol/egress-text.ts';
import type { TurnId } from '#protocol/id.ts';
import { credentialRouteSchema } from '#protocol/secret.ts';
import { serverFileSchema } from '#protocol/server-file.ts';
import type { AgentAccess } from './agent-access.ts';
import { type CredentialCall, credentialCall, shownToken } from './credential.ts';
import { type Egress, serverLimits } from './egress/index.ts';

export interface AgentPortOptions {
  /** Origin of the server that the runner is linked to; null without a link. */
  server: () => string | null;
  /** Path of `server.json`, read without a link because a restarted server may have another port. */
  serverFile: string;
  /** The runner's bearer key. */
  key: string;
  /** Where it listens: in the network of a sandbox, which has an address of its own; absent: at a free port of 127.0.0.1. */
  at?: { listener: TcpServer; port: number };
  log: (line: string) => void;
}

type Post = (body: unknown, signal: AbortSignal) => Promise<object>;

interface Known {
  agent: string;
  hash: Buffer;
  programHash: Buffer;
  turnId: () => TurnId | null;
  posts: Map<string, Post>;
}

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  /** Null: a model call. */
  credential: CredentialCall | null;
}

const newToken = (kind: string): string => `${kind}_${randomBytes(32).toString('base64url')}`;
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
/** Our own headers cannot be set from inside, but for the agent's token. */
const ownHeader = /^x-omnigent-/;
const tokenHeader = 'x-omnigent-token';
const agentHeader = 'x-omnigent-agent';
const hasKeySchema = z.object({ hasKey: z.boolean() });
const routesSchema = z.object({ routes: z.array(credentialRouteSchema) });
/** How long the server may take to say whether it has a key, or which routes, in ms. */
const askMs = 5_000;

export class AgentPort {
  readonly #options: AgentPortOptions;
  readonly #server: Server;
  readonly #connections = new Agent({ keepAlive: true });
  readonly #agents = new Map<string, Known>();
  #egress: Egress | null = null;

  private constructor(options: AgentPortOptions) {
    this.#options = options;
    this.#server = createServer(serverLimits, (request, response) => {
      if (!this.#egress?.request(request, response)) void this.#serve(request, response);
    });
    this.#server.on('connect', (request, socket, head) => {
      if (this.#egress) this.#egress.connect(request, socket, head);
      else socket.destroy();
    });
  }

  static async open(options: AgentPortOptions): Promise<AgentPort> {
    const port = new AgentPort(options);
    await new Promise<void>((resolve, reject) => {
      port.#server.once('error', reject);
      if (options.at) port.#server.listen(options.at.listener, resolve);
      else port.#server.listen(0, '127.0.0.1', resolve);
    });
    return port;
  }

  get url(): string {
    const { at } = this.#options;
    return `http://127.0.0.1:${at?.port ?? (this.#server.address() as AddressInfo).port}`;
  }

  /** Gives `agent` a new token; an earlier one of the same name stops working. `turnId` is asked for at every call. */
  admit(agent: string, turnId: () => TurnId | null): AgentAccess {
    const token = newToken('agk');
    const programToken = newToken('agp');
    const posts: Known['posts'] = new Map();
    this.#agents.set(agent, { agent, hash: hashOf(token), programHash: hashOf(programToken), turnId, posts });
    return {
      ...{ url: this.url, token, programToken },
      hasKey: (provider) =>
        this.#ask(`providers/${provider}`, agent, hasKeySchema, { hasKey: true }).then(({ hasKey }) => hasKey),
      credentialRoutes: () =>
        this.#ask('credentials', agent, routesSchema, { routes: [] }).then(({ routes }) => routes),
      onPost: (name, answer) => void posts.set(name, answer),
    };
  }

  /** Requests for a proxy are its from now on. */
  serve(egress: Egress): void {
    this.#egress = egress;
  }

  /** Whose token it is; of none, or one that nobody has, the session's shell. */
  whose(token: string | null): { agent: string; turnId: TurnId | null } {
    const known = token === null ? null : this.#agentOf(token)?.known;
    return known ? { agent: known.agent, turnId: known.turnId() } : { agent: shellAgent, turnId: null };
  }

  revoke(agent: string): void {
    this.#agents.delete(agent);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#connections.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const shown = shownToken(request.headers);
    const found = shown && this.#agentOf(shown.token);
    const credential = credentialCall(request.url ?? '/', shown?.route ?? null);
    // What commands have is good for credential routes alone.
    if (!found || (found.isProgram && !credential))
      return answer(response, 401, 'authentication_error', 'this token is not an agent of a running session');
    const { known } = found;
    const post = credential ? undefined : /^\/_\/([a-z-]+)$/.exec(request.url ?? '')?.[1];
    if (post !== undefined) return this.#post(known.posts.get(post), request, response);
    try {
      this.#forward(await this.#serverUrl(), known, { request, response, credential });
    } catch (cause) {
      this.#options.log(`agent port: no server: ${cause instanceof Error ? cause.message : String(cause)}`);
      away(response);
    }
  }

  async #serverUrl(): Promise<URL> {
    return new URL(this.#options.server() ?? (await readServerFile(this.#options.serverFile)));
  }

  /** `without`: what is taken for the answer of a server that gives none. */
  async #ask<T>(path: string, agent: string, schema: z.ZodType<T>, without: T): Promise<T> {
    try {
      const url = new URL(`/gateway/${path}`, await this.#serverUrl());
      const headers = { authorization: `Bearer ${this.#options.key}`, [agentHeader]: agent };
      const answered = await fetch(url, { headers, signal: AbortSignal.timeout(askMs) });
      return schema.parse(await answered.json());
    } catch (cause) {
      this.#options.log(`agent port: ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
      return without;
    }
  }

  /** The agent whose token was shown. */
  #agentOf(token: string): { known: Known; isProgram: boolean } | null {
    const hash = hashOf(token);
    for (const known of this.#agents.values()) {
      if (timingSafeEqual(known.hash, hash)) return { known, isProgram: false };
      if (timingSafeEqual(known.programHash, hash)) return { known, isProgram: true };
    }
    return null;
  }

  /** Without an answer there is no 200: whoever asked takes that for a denial. */
  async #post(to: Post | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      if (!to || request.method !== 'POST') return answer(response, 404, 'not_found_error', 'nothing is asked here');
      const body = await readText(request);
      const said = await to(JSON.parse(body), gone.signal);
      const text = JSON.stringify(said);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      if (!response.writableEnded) response.writeHead(200, headers).end(text);
    } catch (cause) {
      this.#options.log(`agent port: ${cause instanceof Error ? cause.message : String(cause)}`);
      answer(response, 400, 'invalid_request_error', 'this cannot be answered');
    }
  }

  #forward(server: URL, known: Known, { request, response, credential }: Asked): void {
    const { authorization, 'x-api-key': apiKey, host, connection, origin, ...rest } = request.headers;
    const passed = Object.entries(rest).filter(([name]) => !ownHeader.test(name));
    const turnId = known.turnId();
    const headers = {
      ...Object.fromEntries(passed),
      authorization: `Bearer ${this.#options.key}`,
      [agentHeader]: known.agent,
      ...(request.headers[tokenHeader] !== undefined && authorization && { 'x-omnigent-credential': authorization }),
      ...(turnId && { 'x-omnigent-turn': turnId }),
      ...(credential && { 'x-omnigent-base': credential.base }),
    };
    const { hostname, port } = server;
    const path = credential?.path ?? `/gateway${request.url ?? '/'}`;
    const call = dial({ agent: this.#connections, hostname, port, path, method: request.method, headers });
    call.on('response', (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      response.flushHeaders();
      answered.pipe(response);
      answered.on('error', () => response.destroy());
      // Answered before all of it was sent, nobody reads the rest.
      answered.on('end', () => {
        if (!call.writableFinished) giveUp();
      });
    });
    call.on('error', (cause) => {
      if (response.headersSent) return response.destroy();
      this.#options.log(`agent port: ${cause.message}`);
      away(response);
    });
    response.on('close', () => {
      if (!response.writableFinished) call.destroy();
    });
    request.on('close', () => {
      if (!request.complete) call.destroy();
    });
    const giveUp = () => {
      request.unpipe(call).resume();
      call.destroy();
    };
    request.pipe(call);
  }
}

const readServerFile = async (path: string): Promise<string> =>
  serverFileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).url;

/** A tool's whole input fits; in bytes. */
const maxPostBytes = 16 * 1024 * 1024;

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxPostBytes) throw new Error(`a post of more than ${maxPostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Clients of model APIs try again after this. */
const away = (response: ServerResponse) =>
  answer(response, 503, 'overloaded_error', 'the Omnigent server does not answer; it is back in a moment');

function answer(response: ServerResponse, status: number, type: string, message: string): void {
  if (response.headersSent) return void response.destroy();
  const retry = status === 503 ? { 'retry-after': '1' } : {};
  response
    .writeHead(status, { 'content-type': 'application/json', ...retry })
    .end(JSON.stringify({ type: 'error', error: { type, message } }));
}
