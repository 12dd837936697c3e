/**
 * The runner's link to the server: dials, greets, finds half-open links, reconnects with back-off and jitter.
 * Knows messages only as bytes and parsed objects; what they mean is session-runner's business.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { type FromRunner, linkTiming, type ToRunner, toRunnerSchema } from '#protocol/runner-message.ts';
import { decodeFrame, maxFrameBytes, type TerminalFrame } from '#protocol/terminal-frame.ts';

export interface ConnectionEvents {
  /** The socket is open; the returned hello is sent first. */
  hello(): FromRunner;
  message(message: ToRunner): void;
  frame(frame: TerminalFrame): void;
  /** The socket has room again, or is new. */
  writable(): void;
  closed(): void;
  /** The server refuses this runner for good (its key or epoch is not valid any more). */
  refused(reason: string): void;
}

/** Bytes that may wait in the socket before terminal output is held back in its ring. */
const highWaterBytes = 1024 * 1024;

/** Close codes after which dialling again is pointless. */
const finalCodes = new Set([4401, 4403, 4404, 4409]);
/** A link that lived this long was a good one: the next dial is quick again. Shorter ones keep backing off, in ms. */
const settledMs = 5_000;
/** A server that took the socket must welcome the runner within this time, in ms. */
const welcomeMs = 15_000;

const serverFileSchema = z.object({ url: z.url() });

export interface ConnectionOptions {
  serverFile: string;
  key: string;
  events: ConnectionEvents;
  log: (line: string) => void;
  /** Milliseconds that only grow, also over a change of the clock. */
  now: () => number;
  /** In [0, 1); spreads the dials of many runners. */
  jitter: () => number;
}

export class Connection {
  #socket: WebSocket | null = null;
  #server: string | null = null;
  /** What carries `#socket`. */
  #wire: Socket | null = null;
  #isWelcome = false;
  #attempts = 0;
  #retry: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #heardAt = 0;
  #openedAt = 0;
  #isClosed = false;
  #lostAt: number;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#lostAt = options.now();
  }

  /** Milliseconds since there was last a link; 0 while there is one. */
  get awayMs(): number {
    return this.#isWelcome ? 0 : this.#options.now() - this.#lostAt;
  }

  /** Origin of the server at the other end; null while there is no link. */
  get server(): string | null {
    return this.#isWelcome ? this.#server : null;
  }

  get isWritable(): boolean {
    return this.#isWelcome && (this.#socket?.bufferedAmount ?? 0) < highWaterBytes;
  }

  start(): void {
    void this.#dial();
  }

  /** Sends when there is a welcomed link; returns false otherwise (the caller resends after the next welcome). */
  send(message: FromRunner): boolean {
    if (!this.#isWelcome || !this.#socket) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Whatever `work` sends arrives together. */
  together(work: () => void): void {
    const wire = this.#wire;
    wire?.cork();
    work();
    wire?.uncork();
  }

  sendFrame(frame: Uint8Array): boolean {
    const socket = this.#socket;
    if (!this.#isWelcome || !socket) return false;
    socket.send(frame, { binary: true }, () => {
      if (this.#socket === socket && this.isWritable) this.#options.events.writable();
    });
    return true;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#drop();
  }

  async #dial(): Promise<void> {
    this.#retry = null;
    try {
      const text = await readFile(this.#options.serverFile, 'utf8');
      const server = serverFileSchema.parse(JSON.parse(text)).url;
      const url = new URL('/ws/runner', server);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      this.#server = server;
      if (!this.#isClosed) this.#open(url);
    } catch (cause) {
      this.#options.log(`no server to dial: ${cause instanceof Error ? cause.message : String(cause)}`);
      this.#again();
    }
  }

  #open(url: URL): void {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.#options.key}` },
      handshakeTimeout: 5_000,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    this.#wire = null;
    socket.on('upgrade', ({ socket: wire }) => {
      if (this.#socket === socket) this.#wire = wire;
    });
    socket.on('open', () => {
      this.#heard();
      this.#openedAt = this.#heardAt;
      socket.send(JSON.stringify(this.#options.events.hello()));
      this.#heartbeat = setInterval(() => this.#beat(socket), linkTiming.pingMs);
    });
    socket.on('pong', () => this.#heard());
    socket.on('ping', () => this.#heard());
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#socket === socket && socket.readyState === socket.OPEN) this.#receive(data, isBinary);
    });
    socket.on('error', (cause) => this.#options.log(`link: ${cause.message}`));
    socket.on('close', (code, reason) => {
      if (this.#socket === socket) this.#lost(code, reason.toString());
    });
  }

  #heard(): void {
    this.#heardAt = this.#options.now();
  }

  #beat(socket: WebSocket): void {
    const now = this.#options.now();
    const isSilent = now - this.#heardAt > linkTiming.deadMs;
    if (!isSilent && (this.#isWelcome || now - this.#openedAt <= welcomeMs)) return socket.ping();
    this.#options.log(`link: ${isSilent ? 'silent' : 'not welcomed'} for too long, dialling again`);
    socket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard();
    try {
      if (isBinary) return this.#options.events.frame(decodeFrame(data));
      const message = toRunnerSchema.parse(JSON.parse(data.toString('utf8')));
      if (message.type === 'welcome') this.#isWelcome = true;
      this.#options.events.message(message);
    } catch (cause) {
      this.#options.log(`bad message from the server: ${cause instanceof Error ? cause.message : String(cause)}`);
      this.#socket?.close(4400, 'bad frame');
    }
  }

  #drop(): void {
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    const socket = this.#socket;
    this.#socket = null;
    if (this.#isWelcome) {
      this.#lostAt = this.#options.now();
      if (this.#lostAt - this.#openedAt >= settledMs) this.#attempts = 0;
    }
    this.#isWelcome = false;
    socket?.close(1000);
  }

  #lost(code: number, reason: string): void {
    this.#drop();
    this.#options.log(`link closed: ${code} ${reason}`);
    this.#options.events.closed();
    if (finalCodes.has(code)) this.#options.events.refused(reason || `code ${code}`);
    else this.#again();
  }

  #again(): void {
    if (this.#isClosed || this.#retry) return;
    const ceiling = Math.min(linkTiming.retryMaxMs, linkTiming.retryMinMs * 2 ** this.#attempts++);
    this.#retry = setTimeout(() => void this.#dial(), ceiling * (0.5 + this.#options.jitter() / 2));
  }
}
