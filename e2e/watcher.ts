/**
 * A browser's terminal without the browser: the web app's own socket (reconnect, replica, input queue) on a headless
 * emulator, with a record of what crossed the wire.
 */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import type { WebSocket } from 'ws';
import { browserClock } from '#components/terminal/clock.ts';
import {
  type Socket,
  type SocketEvents,
  type SocketState,
  TerminalSocket,
} from '#components/terminal/terminal-socket.ts';
import type { TerminalId } from '#protocol/id.ts';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { decodeFrame, scrollbackLines } from '#protocol/terminal-frame.ts';
import { muteQueries } from '#protocol/terminal-query.ts';
import { toViewerSchema } from '#protocol/viewer-message.ts';
import { differences } from '#runner/terminal/difference.ts';
import type { Visitor } from './visitor.ts';

export interface WatcherOptions {
  visitor: Visitor;
  terminalId: TerminalId;
  cols?: number;
  rows?: number;
  random?: () => number;
  /** An input message left, for the first time or again. */
  onSent?: (input: { key: string; data: Uint8Array }) => void;
  /** The server said that an input message was written to the program, or refused; `givenUp`: it may have arrived or not. */
  onAnswered?: (answer: { key: string; how: 'acked' | 'refused' | 'givenUp' }) => void;
  /** Output bytes arrived, of an output frame or of a snapshot. */
  onBytes?: (kind: 'output' | 'snapshot', size: number) => void;
  onDrawn?: (offset: number) => void;
  /** The client told the person that the last keys did not arrive: they will not be sent again. */
  onGivenUp?: () => void;
}

export class Watcher {
  readonly terminal: headless.Terminal;
  readonly #emulator: ExactEmulator;
  readonly #options: WatcherOptions;
  readonly #socket: TerminalSocket;
  /** How often each input message was sent. */
  readonly #sent = new Map<string, number>();
  #current: WebSocket | null = null;
  #drawn = 0;
  #state: SocketState | null = null;
  /** Connections opened so far. */
  connections = 0;

  constructor(options: WatcherOptions) {
    const { cols = 80, rows = 24 } = options;
    this.#options = options;
    this.terminal = new headless.Terminal({ cols, rows, scrollback: scrollbackLines, allowProposedApi: true });
    this.terminal.loadAddon(new unicode11.Unicode11Addon() as unknown as headless.ITerminalAddon);
    muteQueries(this.terminal);
    this.#emulator = exactEmulator(this.terminal);
    this.#socket = new TerminalSocket({
      terminalId: options.terminalId,
      emulator: this.#emulator,
      open: (after, events) => this.#open(after, events),
      clock: browserClock,
      ids: { now: () => Date.now(), random: (bytes) => void crypto.getRandomValues(bytes) },
      random: options.random ?? Math.random,
      onState: (state) => {
        const isNews = state.refusal !== null && state.refusal !== this.#state?.refusal;
        this.#state = state;
        if (isNews && state.refusal?.why.startsWith('The last keys')) options.onGivenUp?.();
      },
      onDrawn: (offset) => {
        this.#drawn = offset;
        options.onDrawn?.(offset);
      },
    });
    this.#socket.start();
  }

  get terminalId(): TerminalId {
    return this.#options.terminalId;
  }

  /** End of the output on the emulator, in bytes. */
  get drawn(): number {
    return this.#drawn;
  }

  get state(): SocketState | null {
    return this.#state;
  }

  /** Connected, told the terminal's state, and with a screen. */
  get isLive(): boolean {
    return this.#state?.link.kind === 'open' && this.#state.hasScreen && this.#state.seat !== null;
  }

  get isDriver(): boolean {
    const seat = this.#state?.seat;
    return seat?.driver != null && seat.driver.personId === seat.you.personId;
  }

  type(data: Uint8Array): void {
    this.#socket.type(data);
  }

  take(): void {
    this.#socket.take();
  }

  resize(cols: number, rows: number): void {
    this.#socket.resize(cols, rows);
  }

  /** The visible rows as text, without trailing blanks. */
  lines(): string[] {
    const { active } = this.terminal.buffer;
    const line = (row: number) => active.getLine(active.baseY + row)?.translateToString(true) ?? '';
    return Array.from({ length: this.terminal.rows }, (_, row) => line(row));
  }

  /** In what this screen differs from another's: cells with attributes, scrollback, modes. Empty: in nothing. */
  differences(other: Watcher): string[] {
    return differences(this.#emulator.core, other.#emulator.core);
  }

  stop(): void {
    this.#socket.stop();
    this.terminal.dispose();
  }

  /** What the web app's client sends and gets is noted on the way. */
  #open(after: number | null, events: SocketEvents): Socket {
    const { visitor, terminalId, onSent } = this.#options;
    const sent = this.#sent;
    const socket = visitor.socket(`/ws/terminal/${terminalId}${after === null ? '' : `?after=${after}`}`);
    socket.binaryType = 'arraybuffer';
    this.connections++;
    this.#current = socket;
    /** Keys sent on this connection that have no answer yet, by number. */
    const waiting = new Map<number, string>();
    // The close event that follows says the same.
    socket.on('error', () => undefined);
    socket.on('open', () => events.opened());
    socket.on('close', (code, reason) => events.closed(code, reason.toString()));
    socket.on('message', (data: ArrayBuffer | Buffer, isBinary: boolean) => {
      this.#note(data, isBinary, waiting);
      events.received(isBinary ? data : data.toString());
    });
    return {
      get isOpen() {
        return socket.readyState === socket.OPEN;
      },
      close: () => socket.close(),
      send(data) {
        socket.send(data);
        if (typeof data === 'string') return;
        const frame = decodeFrame(data);
        if (frame.kind !== 'input') return;
        const key = `${frame.clientId}:${frame.n}`;
        waiting.set(frame.n, key);
        sent.set(key, (sent.get(key) ?? 0) + 1);
        onSent?.({ key, data: frame.data });
      },
    };
  }

  #note(data: ArrayBuffer | Buffer, isBinary: boolean, waiting: Map<number, string>): void {
    const { onAnswered, onBytes } = this.#options;
    if (isBinary) {
      const frame = decodeFrame(new Uint8Array(data));
      if (frame.kind !== 'input') onBytes?.(frame.kind, frame.data.length);
      return;
    }
    const message = toViewerSchema.parse(JSON.parse(data.toString()));
    if (message.type !== 'input-acked' && message.type !== 'input-refused') return;
    for (const [n, key] of waiting) {
      if (n > message.n) continue;
      waiting.delete(n);
      // A refusal is of one message; what was sent before it, or on an earlier connection too, may have arrived.
      const isRefused = n === message.n && this.#sent.get(key) === 1;
      onAnswered?.({ key, how: message.type === 'input-acked' ? 'acked' : isRefused ? 'refused' : 'givenUp' });
    }
  }

  /** Breaks the connection as a dying network does; the client comes back by itself. */
  cut(): void {
    this.#current?.terminate();
  }
}
