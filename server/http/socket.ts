/**
 * The server's end of every WebSocket: closes with the codes of contract.md, hears nothing after it has closed, and never
 * holds much for a peer that does not read. Knows no path and no message.
 */
import { WebSocket } from 'ws';
import { maxFrameBytes } from '#protocol/terminal-frame.ts';

/** A peer that does not answer a close within this time is cut off, in ms. */
const closingMs = 2_000;
/** Bytes that may wait for a peer before it is cut off as too slow; one larger message may wait besides. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Longest close reason of RFC 6455, in bytes. */
const maxReasonBytes = 123;

/** What the library closes with on its own, in our words: RFC 6455 codes of malformed and of too large messages. */
const ownCodes = new Map<number | undefined, { code: number; reason: string }>([
  [1002, { code: 4400, reason: 'frame: not valid WebSocket' }],
  [1003, { code: 4400, reason: 'frame: of a kind that is not accepted' }],
  [1007, { code: 4400, reason: 'frame: text must be valid UTF-8' }],
  [1008, { code: 4413, reason: 'frame: in too many pieces' }],
  [1009, { code: 4413, reason: `frame: too large, most are at most ${maxFrameBytes} bytes` }],
]);

type SendOptions = Parameters<WebSocket['send']>[1];
type Sent = (error?: Error) => void;

export class ServerSocket extends WebSocket {
  #largest = 0;

  /** A reason is cut to what fits. */
  override close(code?: number, reason: string | Buffer = ''): void {
    if (this.readyState === WebSocket.CLOSED) return;
    const own = ownCodes.get(code);
    super.close(own?.code ?? code, own?.reason ?? cut(String(reason)));
    setTimeout(() => this.terminate(), closingMs).unref();
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message' && this.readyState !== WebSocket.OPEN) return false;
    return super.emit(event, ...args);
  }

  override send(data: Parameters<WebSocket['send']>[0], options?: SendOptions | Sent, done?: Sent): void {
    const sent = typeof options === 'function' ? options : done;
    if (this.bufferedAmount > maxWaitingBytes + this.#largest) this.close(4429, 'reading too slowly');
    if (this.readyState !== WebSocket.OPEN) {
      if (sent) setImmediate(sent, new Error('the socket is closed'));
      return;
    }
    this.#largest = Math.max(this.#largest, sizeOf(data) - maxFrameBytes);
    super.send(data, typeof options === 'object' ? options : {}, sent);
  }
}

/** In characters for text, in bytes for bytes. */
const sizeOf = (data: Parameters<WebSocket['send']>[0]): number =>
  typeof data === 'string' ? data.length : ArrayBuffer.isView(data) ? data.byteLength : 0;

function cut(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= maxReasonBytes
    ? reason
    : bytes
        .subarray(0, maxReasonBytes - 3)
        .toString()
        .replace(/\ufffd+$/, '');
}
