/** For tests: a viewer of one terminal that keeps the bytes it was sent and says what it drew. */
import type { ClientOptions } from 'ws';
import type { TerminalId } from '#protocol/id.ts';
import { decodeFrame, encodeFrame } from '#protocol/terminal-frame.ts';
import { type FromViewer, type ToViewer, toViewerSchema } from '#protocol/viewer-message.ts';
import { type TestServer, type TestSocket, tab, type Visitor } from './testing.ts';
import { newClientId } from './testing-runner.ts';

export class TestViewer {
  readonly terminalId: TerminalId;
  readonly socket: TestSocket;
  readonly clientId = newClientId();
  readonly messages: ToViewer[] = [];
  /** What arrived, in order: `screen OFFSET`, `output OFFSET-END`, `size N`. */
  readonly steps: string[] = [];
  /** The screen that was drawn last, and all output after it. */
  shown = '';
  /** End of the output shown; null before the first screen or byte. */
  end: number | null;
  /** Output bytes received, screens not counted. */
  received = 0;
  /** Reports what it drew. */
  isDrawing = true;
  #n = 0;

  constructor(server: TestServer, visitor: Visitor, terminalId: TerminalId, options: ViewerOptions = {}) {
    const { after, client } = options;
    this.terminalId = terminalId;
    this.end = after ?? null;
    const path = `/ws/terminal/${terminalId}${after === undefined ? '' : `?after=${after}`}`;
    this.socket = server.socket(path, tab(server, visitor), client);
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#draw(data);
      else this.#hear(toViewerSchema.parse(JSON.parse(data.toString())));
    });
  }

  get state(): (ToViewer & { type: 'state' }) | null {
    return this.messages.findLast((message) => message.type === 'state') ?? null;
  }

  of<T extends ToViewer['type']>(type: T): (ToViewer & { type: T })[] {
    return this.messages.filter((message): message is ToViewer & { type: T } => message.type === type);
  }

  say(message: FromViewer): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Types; returns the number of the input. */
  type(text: string, n = ++this.#n): number {
    const { terminalId, clientId } = this;
    this.socket.send(encodeFrame({ kind: 'input', terminalId, clientId, n, data: Buffer.from(text) }));
    return n;
  }

  drawn(): void {
    if (this.end !== null) this.say({ type: 'drawn', offset: this.end });
  }

  #draw(data: Buffer): void {
    const frame = decodeFrame(data);
    if (frame.kind === 'snapshot') {
      this.steps.push(`screen ${frame.offset}`);
      this.shown = Buffer.from(frame.data).toString('latin1');
      this.end = frame.offset;
    } else if (frame.kind === 'output') {
      const end = frame.offset + frame.data.length;
      this.steps.push(`output ${frame.offset}-${end}`);
      this.received += frame.data.length;
      if (frame.offset > (this.end ?? 0)) throw new Error(`output at ${frame.offset}, ${this.end} shown`);
      const fresh = frame.data.subarray((this.end ?? 0) - frame.offset);
      this.shown += Buffer.from(fresh).toString('latin1');
      this.end = Math.max(this.end ?? 0, end);
    }
    if (this.isDrawing && this.socket.readyState === this.socket.OPEN) this.drawn();
  }

  #hear(message: ToViewer): void {
    this.messages.push(message);
    if (message.type === 'resized') this.steps.push(`size ${message.n}`);
  }
}

interface ViewerOptions {
  after?: number;
  client?: ClientOptions;
}
