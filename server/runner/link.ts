/**
 * One live connection of one runner: parses what it says, keeps requests paired with answers, acks events once they are
 * committed. Knows neither terminals nor lifecycles; its sink does.
 */
import type { WebSocket } from 'ws';
import { AppError, type ErrorCode, errorCodes } from '#protocol/error.ts';
import { type NewEvent, parsePayload } from '#protocol/event.ts';
import type { RunnerId, SessionId, TerminalId } from '#protocol/id.ts';
import { type FromRunner, fromRunnerSchema, type ToRunner } from '#protocol/runner-message.ts';
import { decodeFrame, maxFrameBytes, type OutputFrame, type SnapshotFrame } from '#protocol/terminal-frame.ts';

export type Hello = FromRunner & { type: 'hello' };
type Message<T extends FromRunner['type']> = FromRunner & { type: T };

/** What a link reports. Every call is about the link's own session. */
export interface LinkSink {
  output(frame: OutputFrame, raw: Uint8Array): void;
  resized(message: Message<'resized'>): void;
  gap(message: Message<'gap'>): void;
  inputAcked(message: Message<'input-acked'>): void;
  activity(message: Message<'activity'>): void;
  /** Commits the event; the link acks it after the promise resolves. Called in order of `n`. */
  commit(event: Pick<NewEvent, 'type' | 'payload'>, dedupeKey: string): Promise<void>;
}

/** Facts a runner may state about its session; anything else closes its link with 4403. */
const runnerFacts: ReadonlySet<NewEvent['type']> = new Set([
  'checkout.created',
  'session.failed',
  'terminal.opened',
  'terminal.closed',
]);

/** A runner that does not answer a request within this time is treated as unreachable for that request, in ms. */
const answerMs = 15_000;

interface Pending {
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
  readonly #socket: WebSocket;
  readonly #journal: string;
  readonly #sink: LinkSink;
  readonly #log: (line: string) => void;
  #pending = new Map<number, Pending>();
  #lastRequest = 0;

  constructor(options: { socket: WebSocket; hello: Hello; sink: LinkSink; log: (line: string) => void }) {
    this.#socket = options.socket;
    this.#sink = options.sink;
    this.#log = options.log;
    this.sessionId = options.hello.sessionId;
    this.runnerId = options.hello.runnerId;
    this.epoch = options.hello.epoch;
    this.#journal = options.hello.journal;
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    this.#socket.on('close', () => this.#rejectAll());
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(message: ToRunner): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** An encoded input frame, passed on as it came. */
  sendInput(raw: Uint8Array): void {
    if (this.isOpen) this.#socket.send(raw, { binary: true });
  }

  /** Sends and waits for the runner's answer. Rejects with the runner's AppError, or `runner.unreachable`. */
  request(message: RunnerRequest): Promise<unknown> {
    const request = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(unreachable());
      const timer = setTimeout(() => this.#settle(request)?.reject(unreachable()), answerMs);
      this.#pending.set(request, { resolve, reject, timer });
      this.send({ ...message, request } as ToRunner);
    });
  }

  /** The runner's true screen now. */
  async snapshot(terminalId: TerminalId): Promise<SnapshotFrame> {
    return (await this.request({ type: 'terminal.snapshot', terminalId })) as SnapshotFrame;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    try {
      if (isBinary) this.#frame(data);
      else this.#message(fromRunnerSchema.parse(JSON.parse(data.toString('utf8'))));
    } catch (cause) {
      const error = cause instanceof AppError ? cause : null;
      this.#log(`runner ${this.runnerId}: bad frame: ${cause instanceof Error ? cause.message : String(cause)}`);
      this.#socket.close(error?.facts.ws ?? 4400, (error?.message ?? 'bad frame').slice(0, 120));
    }
  }

  #frame(data: Buffer): void {
    const frame = decodeFrame(data);
    if (data.length > maxFrameBytes && frame.kind !== 'snapshot') {
      throw new AppError({ code: 'input.too-large', message: `terminal frame: at most ${maxFrameBytes} bytes` });
    }
    switch (frame.kind) {
      case 'output':
        return this.#sink.output(frame, data);
      case 'snapshot':
        this.#settle(frame.request)?.resolve(frame);
        return;
      case 'input':
        throw new AppError({ code: 'input.invalid', message: 'terminal frame: a runner sends no input' });
    }
  }

  #message(message: FromRunner): void {
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
      case 'reply':
        return this.#reply(message);
    }
  }

  #event(message: Message<'event'>): void {
    const event = parsePayload(message.event.type, message.event.payload);
    if (!runnerFacts.has(event.type)) {
      throw new AppError({ code: 'runner.refused', message: `event: a runner may not state ${event.type}` });
    }
    this.#sink.commit(event, `${this.#journal}:${message.n}`).then(
      () => this.send({ type: 'ack', n: message.n }),
      (cause: unknown) => {
        this.#log(`runner ${this.runnerId}: event ${message.n} not stored: ${String(cause)}`);
        this.#socket.close(4503, 'database away');
      },
    );
  }

  #reply(message: Message<'reply'>): void {
    const pending = this.#settle(message.request);
    if (!pending) return;
    if (message.ok) return pending.resolve(message.result);
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
