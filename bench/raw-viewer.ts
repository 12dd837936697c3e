/** A viewer without a screen: takes frames as they come and says at once that they are drawn. Costs next to nothing. */
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { Visitor } from '#e2e/visitor.ts';
import { type ClientId, newId, type TerminalId } from '#protocol/id.ts';
import { decodeFrame, encodeFrame } from '#protocol/terminal-frame.ts';

/** How often `drawn` is told, in bytes: as the web app does. */
const reportBytes = 128 * 1024;

export class RawViewer {
  readonly socket: WebSocket;
  readonly #terminalId: TerminalId;
  readonly #clientId: ClientId = newId('client', {
    now: () => Date.now(),
    random: (bytes) => void randomFillSync(bytes),
  });
  #n = 0;
  #end = 0;
  #reported = 0;
  #isDriver = false;
  /** Bytes that came as output frames, and as snapshots. */
  rawBytes = 0;
  snapshots = 0;
  /** Bytes that never came though later ones did. */
  missed = 0;
  /** Called with each new run of output, in order. */
  onOutput: (data: Uint8Array, end: number) => void = () => undefined;

  private constructor(visitor: Visitor, terminalId: TerminalId) {
    this.#terminalId = terminalId;
    this.socket = visitor.socket(`/ws/terminal/${terminalId}`);
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#frame(data);
      else this.#message(JSON.parse(data.toString()) as { type: string });
    });
  }

  /** Resolves once the first screen is there. */
  static async open(visitor: Visitor, terminalId: TerminalId): Promise<RawViewer> {
    const viewer = new RawViewer(visitor, terminalId);
    const first = new Promise<void>((resolve) => {
      viewer.#onFirst = resolve;
    });
    await once(viewer.socket, 'open');
    await first;
    return viewer;
  }

  #onFirst: () => void = () => undefined;

  /** End of the output seen, in bytes. */
  get end(): number {
    return this.#end;
  }

  get isDriver(): boolean {
    return this.#isDriver;
  }

  type(text: string | Uint8Array): void {
    const data = typeof text === 'string' ? Buffer.from(text) : text;
    const frame = {
      kind: 'input',
      terminalId: this.#terminalId,
      clientId: this.#clientId,
      n: ++this.#n,
      data,
    } as const;
    this.socket.send(encodeFrame(frame));
  }

  /** Says what is drawn, also below the usual step. */
  report(): void {
    if (this.#reported === this.#end) return;
    this.#reported = this.#end;
    this.socket.send(JSON.stringify({ type: 'drawn', offset: this.#end }));
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  #frame(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'snapshot') {
      this.snapshots++;
      this.#end = Math.max(this.#end, frame.offset);
      this.report();
      this.#onFirst();
    } else if (frame.kind === 'output') {
      const fresh = frame.data.subarray(Math.max(0, this.#end - frame.offset));
      this.missed += Math.max(0, frame.offset - this.#end);
      this.#end = Math.max(this.#end, frame.offset + frame.data.length);
      this.rawBytes += fresh.length;
      this.onOutput(fresh, this.#end);
      if (this.#end - this.#reported >= reportBytes) this.report();
    }
  }

  #message(message: { type: string; you?: { personId: string }; driver?: { personId: string } | null }): void {
    if (message.type === 'state') this.#isDriver = message.driver?.personId === message.you?.personId;
  }
}
