/**
 * One live connection of one runner: parses what it says, keeps requests paired with answers, acks events once they are
 * committed. Knows neither terminals nor lifecycles; its sink does.
 */
import type { WebSocket } from 'ws';
import { ZodError } from 'zod';
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';
import { colsSchema, type NewEvent, parsePayload, rowsSchema } from '#protocol/event.ts';
import type { RunnerId, SessionId, TerminalId } from '#protocol/id.ts';
import { type FromRunner, fromRunnerSchema, type ToRunner } from '#protocol/runner-message.ts';
import { decodeFrame, maxFrameBytes, type OutputFrame, type SnapshotFrame } from '#protocol/terminal-frame.ts';
import { expected, parseJson, type RateLimit, TokenBucket } from '#server/http/index.ts';

export type Hello = FromRunner & { type: 'hello' };
type Message<T extends FromRunner['type']> = FromRunner & { type: T };

/** What a link reports. Every call is about the link's own session. */
export interface LinkSink {
  output(frame: OutputFrame, raw: Uint8Array): void;
  resized(message: Message<'resized'>): void;
  gap(message: Message<'gap'>): void;
  inputAcked(message: Message<'input-acked'>): void;
  activity(message: Message<'activity'>): void;
  delta(message: Message<'delta'>): void;
  /** Commits the event; the link acks it after the promise resolves. Called in order of `n`. */
  commit(event: Pick<NewEvent, 'type' | 'payload'>, dedupeKey: string): Promise<void>;
}

/** Facts a runner may state about its session; anything else closes its link with 4403. */
const runnerFacts: ReadonlySet<NewEvent['type']> = new Set([
  'checkout.created',
  'session.failed',
  'terminal.opened',
  'terminal.closed',
  'turn.begun',
  'turn.steered',
  'turn.completed',
  'item.started',
  'item.completed',
  'action.requested',
  'action.acted',
  'approval.delivered',
  'file.changed',
  'effect.surprised',
  'egress.counted',
]);

/** A runner that does not answer a request within this time is treated as unreachable for that request, in ms. */
const answerMs = 15_000;
/** Stopping may mean to end a checkout in the making, and to prove that nothing in it is lost, in ms. */
const stopMs = 120_000;

/** What one runner may say; resends after a long outage fit into the burst. Beyond it its link is closed with 4429. */
const limits = {
  event: { perSecond: 200, burst: 5_000 },
  resized: { perSecond: 2_000, burst: 20_000 },
  other: { perSecond: 5_000, burst: 50_000 },
} as const satisfies Record<string, RateLimit>;

interface Pending {
  /** The terminal whose screen was asked for; null where a reply is expected. */
  terminalId: TerminalId | null;
  resolve(value: unknown): void;
  reject(cause: AppError): void;
  timer: NodeJS.Timeout;
}

type WithoutRequest<T> = T extends { request: number } ? Omit<T, 'request'> : never;
export type RunnerRequest = WithoutRequest<ToRunner>;

export class RunnerLink {
  readonly sessionId: SessionId;
  readonly runnerId: RunnerId;
  readonly epoch: number;
  /** Whether what is below the runner stood still when it greeted; null: it cannot be told to. */
  readonly isFrozen: boolean | null;
  /** It keeps verdicts on connections until it is told to forget them. */
  readonly isKeeping: boolean;
  readonly #socket: WebSocket;
  readonly #journal: string;
  readonly #sink: LinkSink;
  readonly #log: (line: string) => void;
  #pending = new Map<number, Pending>();
  /** What is sent before the welcome waits for it, because a runner's answers and acks before it are lost; null afterwards. */
  #early: (string | Uint8Array)[] | null = [];
  #lastRequest = 0;
  /** Whether every fact stated so far is in the log; the link of one that cannot be is closed. */
  #stated: Promise<boolean> = Promise.resolve(true);
  readonly #now: () => number;
  readonly #buckets: Record<keyof typeof limits, TokenBucket>;

  constructor(options: {
    socket: WebSocket;
    hello: Hello;
    sink: LinkSink;
    now: () => number;
    log: (line: string) => void;
  }) {
    const { now } = options;
    this.#now = now;
    this.#buckets = {
      event: new TokenBucket(limits.event, now()),
      resized: new TokenBucket(limits.resized, now()),
      other: new TokenBucket(limits.other, now()),
    };
    this.#socket = options.socket;
    this.#sink = options.sink;
    this.#log = options.log;
    this.sessionId = options.hello.sessionId;
    this.runnerId = options.hello.runnerId;
    this.epoch = options.hello.epoch;
    this.isFrozen = options.hello.isFrozen ?? null;
    this.isKeeping = options.hello.isKeeping ?? false;
    this.#journal = options.hello.journal;
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    this.#socket.on('close', () => this.#rejectAll());
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(message: ToRunner): void {
    const text = JSON.stringify(message);
    if (message.type !== 'welcome') return this.#transmit(text);
    const early = this.#early ?? [];
    this.#early = null;
    for (const data of [text, ...early]) this.#transmit(data);
  }

  /** An encoded input frame, passed on as it came. */
  sendInput(raw: Uint8Array): void {
    this.#transmit(raw);
  }

  #transmit(data: string | Uint8Array): void {
    if (this.#early) this.#early.push(data);
    else if (this.isOpen) this.#socket.send(data);
  }

  /** Sends and waits for the runner's answer. Rejects with the runner's AppError, or `runner.unreachable`. */
  request(message: RunnerRequest): Promise<unknown> {
    const request = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(unreachable());
      const waitMs = message.type === 'stop' ? stopMs : answerMs;
      const timer = setTimeout(() => this.#settle(request)?.reject(unreachable()), waitMs);
      const terminalId = message.type === 'terminal.snapshot' ? message.terminalId : null;
      this.#pending.set(request, { terminalId, resolve, reject, timer });
      this.send({ ...message, request } as ToRunner);
    });
  }

  /** The runner's true screen now. */
  async snapshot(terminalId: TerminalId): Promise<SnapshotFrame> {
    return (await this.request({ type: 'terminal.snapshot', terminalId })) as SnapshotFrame;
  }

  /** Nothing that it still says is heard, and nobody waits for its answers. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#rejectAll();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    try {
      if (isBinary) return this.#frame(data);
      if (data.length > maxFrameBytes) throw tooLarge('message');
      this.#message(parseMessage(data.toString('utf8')));
    } catch (cause) {
      const error = cause instanceof AppError ? cause : null;
      const message = error?.message ?? 'bad frame';
      this.#log(`runner ${this.runnerId}: ${error ? message : String(cause)}`);
      this.close(error?.facts.ws ?? 4400, message);
    }
  }

  #frame(data: Buffer): void {
    const frame = decodeFrame(data);
    if (data.length > maxFrameBytes && frame.kind !== 'snapshot') throw tooLarge('terminal frame');
    switch (frame.kind) {
      case 'output':
        return this.#sink.output(frame, data);
      case 'snapshot':
        return this.#snapshot(frame);
      case 'input':
        throw new AppError({ code: 'input.invalid', message: 'terminal frame: a runner sends no input' });
    }
  }

  #snapshot(frame: SnapshotFrame): void {
    const pending = this.#pending.get(frame.request);
    if (!pending) return;
    const isSize = colsSchema.safeParse(frame.cols).success && rowsSchema.safeParse(frame.rows).success;
    if (pending.terminalId !== frame.terminalId || !isSize) {
      throw new AppError({
        code: 'input.invalid',
        message: 'snapshot: not of the terminal and size that was asked for',
      });
    }
    this.#settle(frame.request)?.resolve(frame);
  }

  #message(message: FromRunner): void {
    const kind = message.type === 'event' || message.type === 'resized' ? message.type : 'other';
    if (!this.#buckets[kind].take(1, this.#now())) {
      throw new AppError({ code: 'rate.exceeded', message: `${message.type}: too many per second` });
    }
    switch (message.type) {
      case 'hello':
        throw new AppError({ code: 'input.invalid', message: 'hello: only as the first message' });
      case 'event':
        return this.#event(message);
      case 'resized':
        return this.#sink.resized(message);
      case 'gap':
        return this.#sink.gap(message);
      case 'input-acked':
        return this.#sink.inputAcked(message);
      case 'activity':
        return this.#sink.activity(message);
      case 'delta':
        return this.#sink.delta(message);
      case 'reply':
        return this.#reply(message);
    }
  }

  #event(message: Message<'event'>): void {
    if (!runnerFacts.has(message.event.type)) {
      throw new AppError({ code: 'runner.refused', message: `event: a runner may not state ${message.event.type}` });
    }
    const event = parseFact(message.event);
    this.#stated = this.#sink.commit(event, `${this.#journal}:${message.n}`).then(
      () => {
        this.send({ type: 'ack', n: message.n });
        return true;
      },
      (cause: unknown) => {
        const error = expected(cause);
        this.#log(`runner ${this.runnerId}: event ${message.n} not stored: ${String(cause)}`);
        this.close(error?.facts.ws ?? 4503, error?.message ?? 'the event could not be stored');
        return false;
      },
    );
  }

  #reply(message: Message<'reply'>): void {
    if (message.ok && this.#pending.get(message.request)?.terminalId) {
      throw new AppError({ code: 'input.invalid', message: 'reply: a snapshot was asked for' });
    }
    const pending = this.#settle(message.request);
    if (!pending) return;
    // Whoever asked finds in the log what the runner stated before it answered.
    if (message.ok) {
      const { result } = message;
      void this.#stated.then((isStored) => (isStored ? pending.resolve(result) : pending.reject(unreachable())));
      return;
    }
    const code = message.code in errorCodes ? (message.code as ErrorCode) : 'server.internal';
    pending.reject(new AppError({ code, message: message.message }));
  }

  #settle(request: number): Pending | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    if (pending) clearTimeout(pending.timer);
    return pending;
  }

  #rejectAll(): void {
    for (const request of [...this.#pending.keys()]) this.#settle(request)?.reject(unreachable());
  }
}

const unreachable = (): AppError =>
  new AppError({ code: 'runner.unreachable', message: 'the runner does not answer; it is dialled again by itself' });

const tooLarge = (what: string): AppError =>
  new AppError({ code: 'input.too-large', message: `${what}: at most ${maxFrameBytes} bytes` });

/** Throws `input.invalid` naming the field. */
function parseMessage(text: string): FromRunner {
  const parsed = fromRunnerSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw invalid('message', parsed.error);
}

/** Throws `input.invalid` naming the field. */
function parseFact(event: { type: NewEvent['type']; payload?: unknown }): Pick<NewEvent, 'type' | 'payload'> {
  try {
    return parsePayload(event.type, event.payload);
  } catch (cause) {
    throw cause instanceof ZodError ? invalid(event.type, cause) : cause;
  }
}

function invalid(what: string, cause: ZodError): AppError {
  const issue = cause.issues[0];
  const field = [what, ...(issue?.path ?? [])].join('.');
  return new AppError({ code: 'input.invalid', message: `${field}: ${issue?.message ?? 'not valid'}`, cause });
}
