/**
 * One tab's API socket within limits: tRPC gets only well-formed requests at a bearable rate, and an answer is not sent
 * before there is room for it. Knows no procedure.
 */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import { parseJson, type ServerSocket, TokenBucket } from '#server/http/index.ts';

/** Messages of one tab: a burst while a page opens, then far more than a person causes. */
const messages = { perSecond: 100, burst: 500 } as const;
const bytes = { perSecond: 1024 * 1024, burst: 4 * 1024 * 1024 } as const;
/** Above this a stream waits before its next item, in bytes. */
const highWaterBytes = 1024 * 1024;
/** Time between looks at a full buffer, in ms. */
const lookMs = 20;

const requestSchema = z.object({
  id: z.union([z.number().int(), z.string().min(1).max(100)]),
  method: z.enum(['query', 'mutation', 'subscription', 'subscription.stop']),
  params: z.object({ path: z.string().max(200), lastEventId: z.string().max(100).optional() }).optional(),
});
const envelopeSchema = z.union([requestSchema, z.array(requestSchema).min(1).max(50)]);
const keepAlive = new Set(['PING', 'PONG']);

/** The part of a WebSocket that tRPC's connection handler uses. A bad or too fast client is closed with 4400 or 4429. */
export class ApiSocket extends EventEmitter {
  readonly #socket: ServerSocket;
  readonly #now: () => number;
  readonly #count: TokenBucket;
  readonly #size: TokenBucket;

  constructor(socket: ServerSocket, now: () => number) {
    super();
    this.#socket = socket;
    this.#now = now;
    this.#count = new TokenBucket(messages, now());
    this.#size = new TokenBucket(bytes, now());
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on('close', (code: number) => this.emit('close', code));
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: string): void {
    this.#socket.send(data);
  }

  close(code?: number): void {
    this.#socket.close(code);
  }

  /** Resolves when there is room for the next item, or nobody to read it. */
  async room(): Promise<void> {
    while (this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount > highWaterBytes) {
      await sleep(lookMs);
    }
  }

  #receive(data: Buffer, isBinary: boolean): void {
    try {
      this.#spend(this.#size, data.length);
      if (isBinary) throw new AppError({ code: 'input.invalid', message: 'frame: text is required' });
      this.#check(data.toString('utf8'));
      this.emit('message', data, isBinary);
    } catch (cause) {
      const error = cause instanceof AppError ? cause : null;
      this.#socket.close(error?.facts.ws ?? 4400, error?.message ?? 'bad frame');
    }
  }

  #check(text: string): void {
    if (keepAlive.has(text)) return this.#spend(this.#count, 1);
    const parsed = envelopeSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      throw new AppError({ code: 'input.invalid', message: 'message: id, method and params of a tRPC request' });
    }
    this.#spend(this.#count, Array.isArray(parsed.data) ? parsed.data.length : 1);
  }

  #spend(bucket: TokenBucket, cost: number): void {
    if (bucket.take(cost, this.#now())) return;
    throw new AppError({ code: 'rate.exceeded', message: 'too many messages per second' });
  }
}
