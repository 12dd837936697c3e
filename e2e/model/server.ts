/** The scripted model provider: three APIs over one script, a record of every request, and its remote control under `/_/`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { anthropic } from './anthropic.ts';
import { chat } from './chat.ts';
import { asRecord, type Dialect } from './dialect.ts';
import { Gates } from './gates.ts';
import { play } from './play.ts';
import { responses } from './responses.ts';
import { Playbook, type Script, scriptSchema } from './script.ts';

const dialects: Record<string, Dialect> = {
  '/v1/messages': anthropic,
  '/v1/responses': responses,
  '/v1/chat/completions': chat,
};

/** One model call as it was seen. `rule` is the index of the rule that answered, null for none. */
export interface Recorded {
  at: string;
  /** When its first byte arrived and when the last of its answer was handed on (null: not yet), ms of a monotonic clock. */
  clock: { arrived: number; ended: number | null };
  path: string;
  headers: IncomingMessage['headers'];
  body: unknown;
  rule: number | null;
  bytesSent: number;
  /** Null while the answer goes on. */
  closedBy: 'server' | 'client' | null;
}

const emptyScript: Script = { rules: [] };

export class ModelServer {
  readonly #server: Server;
  #playbook: Playbook;
  #gates = new Gates();
  #requests: Recorded[] = [];

  private constructor(script: Script) {
    this.#playbook = new Playbook(script);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Listens on 127.0.0.1. `port` 0 takes a free one. */
  static async start(port: number, script: Script = emptyScript): Promise<ModelServer> {
    const model = new ModelServer(script);
    await new Promise<void>((resolve, reject) => {
      model.#server.once('error', reject);
      model.#server.listen(port, '127.0.0.1', resolve);
    });
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get requests(): readonly Recorded[] {
    return this.#requests;
  }

  /** Counts and gates begin anew. */
  play(script: z.input<typeof scriptSchema>): void {
    this.#playbook = new Playbook(scriptSchema.parse(script));
    this.#gates = new Gates();
  }

  openGate(name: string): void {
    this.#gates.open(name);
  }

  gates(): ReturnType<Gates['list']> {
    return this.#gates.list();
  }

  forget(): void {
    this.#requests = [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrived = performance.now();
    const { pathname } = new URL(request.url ?? '/', 'http://model');
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      const raw = await text(request);
      if (pathname.startsWith('/_/')) return json(...this.#control(`${request.method} ${pathname}`, raw));
      const dialect = dialects[pathname];
      if (request.method === 'POST' && dialect) return await this.#answer({ dialect, request, response, raw, arrived });
      if (request.method === 'POST' && pathname === '/v1/messages/count_tokens') {
        return json(200, { input_tokens: Math.ceil(raw.length / 4) });
      }
      if (request.method === 'GET' && pathname === '/v1/models')
        return json(200, { object: 'list', data: [], has_more: false });
      if (request.method === 'HEAD' || pathname === '/') return json(200, {});
      json(404, { error: { type: 'not_found_error', message: `no ${request.method} ${pathname} here` } });
    } catch (cause) {
      json(400, {
        error: {
          type: 'invalid_request_error',
          message: cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause),
        },
      });
    }
  }

  #control(call: string, raw: string): [number, unknown] {
    if (call === 'PUT /_/script') {
      this.play(JSON.parse(raw) as z.input<typeof scriptSchema>);
      return [200, {}];
    }
    const gate = /^POST \/_\/gate\/([^/]+)\/open$/.exec(call)?.[1];
    if (gate !== undefined) {
      this.openGate(decodeURIComponent(gate));
      return [200, {}];
    }
    if (call === 'GET /_/gates') return [200, this.gates()];
    if (call === 'GET /_/requests') return [200, this.#requests];
    if (call === 'DELETE /_/requests') {
      this.forget();
      return [200, {}];
    }
    return [404, { error: { type: 'not_found_error', message: `no ${call}` } }];
  }

  async #answer(call: {
    dialect: Dialect;
    request: IncomingMessage;
    response: ServerResponse;
    raw: string;
    arrived: number;
  }): Promise<void> {
    const { dialect, request, response, raw, arrived } = call;
    const body = JSON.parse(raw) as unknown;
    const asked = dialect.read(asRecord(body));
    const answer = this.#playbook.answer(asked);
    const { url: path = '', headers } = request;
    const at = new Date().toISOString();
    const clock: Recorded['clock'] = { arrived, ended: null };
    const recorded: Recorded = { at, clock, path, headers, body, rule: answer.rule, bytesSent: 0, closedBy: null };
    this.#requests.push(recorded);
    response.once('finish', () => {
      clock.ended = performance.now();
    });
    const gone = new AbortController();
    response.on('close', () => {
      recorded.closedBy ??= response.writableEnded ? 'server' : 'client';
      gone.abort();
    });
    const { signal } = gone;
    const onBytes = (count: number) => {
      recorded.bytesSent += count;
    };
    await play(
      {
        response,
        dialect,
        request: asked,
        gates: this.#gates,
        signal,
        onBytes,
        onCut: () => {
          recorded.closedBy = 'server';
        },
      },
      answer,
    );
  }
}
