/**
 * The socket of one terminal: dials, finds a silent server, dials again by itself. Knows messages and frames only as
 * parsed values; what they mean is the attachment's business.
 */
import { WebSocket } from 'ws';
import * as z from 'zod';
import { AppError, type ErrorCode } from '#protocol/error.ts';
import type { TerminalId } from '#protocol/id.ts';
import { linkTiming } from '#protocol/runner-message.ts';
import { decodeFrame, type TerminalFrame } from '#protocol/terminal-frame.ts';
import { type FromViewer, type ToViewer, toViewerSchema } from '#protocol/viewer-message.ts';
import type { Address } from '../api/address.ts';
import { retryDelayMs } from '../api/retry.ts';
import { refusalOf, socketOptions } from '../api/socket.ts';
import { failureOf } from '../failure.ts';
import type { Clock } from './clock.ts';

export interface LinkOptions {
  terminalId: TerminalId;
  clock: Clock;
  find(): Promise<Address>;
  /** Output offset that is shown already; null asks for a screen. Asked at every dial. */
  after(): number | null;
  onOpen(): void;
  onMessage(message: ToViewer): void;
  onFrame(frame: TerminalFrame): void;
  /** The connection is gone; the next one is being dialled. */
  onLost(): void;
  /** The server refuses for good, or cannot be asked. */
  onRefused(cause: unknown): void;
}

/** A server that says nothing for this long, not even a ping, is gone, in ms. */
const silentMs = linkTiming.pingMs + linkTiming.deadMs;
/** "Too fast" is not tried again before this, in ms. */
const slowRetryMs = 5_000;

/** What a close code of contract.md means for good; the others pass. */
const finalCodes: Record<number, { code: ErrorCode; message: string }> = {
  4400: { code: 'server.internal', message: 'this command and the server disagree; update the older one' },
  4401: { code: 'auth.required', message: 'the server does not know this token any more' },
  4403: { code: 'auth.forbidden', message: 'you may not see this terminal; an owner of the session can let you in' },
  4404: { code: 'terminal.not-found', message: 'no such terminal; `omnigent terminal list SES` names them' },
  4409: { code: 'terminal.closed', message: 'this terminal is closed' },
  4413: { code: 'input.too-large', message: 'too much was sent at once' },
};

/** Null: nothing that this version knows. */
function parse(data: Buffer, isBinary: boolean): ToViewer | TerminalFrame | null {
  try {
    return isBinary ? decodeFrame(data) : toViewerSchema.parse(JSON.parse(data.toString('utf8')));
  } catch (cause) {
    if (cause instanceof AppError || cause instanceof z.ZodError || cause instanceof SyntaxError) return null;
    throw cause;
  }
}

export class TerminalLink {
  #socket: WebSocket | null = null;
  #attempt = 0;
  #isOpen = false;
  #isClosed = false;
  #heardAt = 0;
  #cancelDial: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;
  readonly #options: LinkOptions;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#dial().catch((cause: unknown) => this.#failed(cause));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelDial?.();
    this.#drop();
  }

  /** Leaves this connection for a new one at once. */
  redial(): void {
    this.#drop();
    this.start();
  }

  say(message: FromViewer): void {
    if (this.#isOpen) this.#socket?.send(JSON.stringify(message));
  }

  send(frame: Uint8Array): void {
    if (this.#isOpen) this.#socket?.send(frame);
  }

  async #dial(): Promise<void> {
    this.#cancelDial = null;
    const { url, token } = await this.#options.find();
    if (this.#isClosed || this.#socket) return;
    const after = this.#options.after();
    const query = after === null ? '' : `?after=${after}`;
    const target = `${url.replace(/^http/, 'ws')}/ws/terminal/${this.#options.terminalId}${query}`;
    const socket = new WebSocket(target, socketOptions(token));
    this.#socket = socket;
    socket.on('open', () => this.#opened(socket));
    socket.on('ping', () => this.#heard());
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (socket === this.#socket) this.#receive(data, isBinary);
    });
    socket.on('unexpected-response', (request, response) => {
      const settle = (cause: unknown) => {
        request.destroy();
        if (socket === this.#socket) this.#failed(cause);
      };
      refusalOf(response).then(settle, settle);
    });
    // `close` follows with the same news.
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      if (socket === this.#socket) this.#closed(code, reason.toString('utf8'));
    });
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#isOpen = true;
    this.#attempt = 0;
    this.#heard();
    this.#watch();
    this.#options.onOpen();
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  #watch(): void {
    const { clock } = this.#options;
    this.#cancelWatch = clock.after(linkTiming.pingMs, () => {
      if (clock.now() - this.#heardAt > silentMs) this.#closed(1006, '');
      else this.#watch();
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard();
    const said = parse(data, isBinary);
    if (!said) this.#closed(4400, '');
    else if ('kind' in said) this.#options.onFrame(said);
    else this.#options.onMessage(said);
  }

  #drop(): void {
    this.#cancelWatch?.();
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    if (socket?.readyState === WebSocket.OPEN) socket.close(1000);
    else socket?.terminate();
  }

  #closed(code: number, reason: string): void {
    const final = finalCodes[code];
    if (final) this.#failed(new AppError({ code: final.code, message: reason || final.message }));
    else this.#again(code === 4429 ? slowRetryMs : 0);
  }

  #failed(cause: unknown): void {
    if (failureOf(cause).isRetryable) return this.#again(0);
    this.close();
    this.#options.onRefused(cause);
  }

  #again(leastMs: number): void {
    const wasOpen = this.#isOpen;
    this.#drop();
    if (this.#isClosed || this.#cancelDial) return;
    const delayMs = Math.max(leastMs, retryDelayMs(this.#attempt++));
    this.#cancelDial = this.#options.clock.after(delayMs, () => this.start());
    if (wasOpen) this.#options.onLost();
  }
}
