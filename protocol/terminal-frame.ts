/**
 * Binary frames of the terminal path, the same on both of its links: runner ↔ server and server ↔ viewer.
 *
 *   byte 0        kind
 *   byte 1        length of the terminal id, then the id in ASCII
 *   output        offset f64 (bytes of this terminal's output before the first byte here), then bytes
 *   input         length of the client id (u8), the id, n u32 (counts up from 1 per client), then bytes
 *   snapshot      request u32, offset f64, cols u16, rows u16, resizes u32, then bytes that draw the screen on a reset emulator
 *
 * Numbers are big-endian. Offsets make resends harmless: a receiver keeps only what it lacks.
 */
import { AppError } from './error.ts';
import { type ClientId, clientIdSchema, type TerminalId, terminalIdSchema } from './id.ts';

export interface OutputFrame {
  kind: 'output';
  terminalId: TerminalId;
  offset: number;
  data: Uint8Array;
}
export interface InputFrame {
  kind: 'input';
  terminalId: TerminalId;
  clientId: ClientId;
  n: number;
  data: Uint8Array;
}
export interface SnapshotFrame {
  kind: 'snapshot';
  terminalId: TerminalId;
  /** The request it answers; 0 where nothing asked (server → viewer). */
  request: number;
  offset: number;
  cols: number;
  rows: number;
  /** Number `n` of the last resize marker that the screen already has; 0 before the first. */
  resizes: number;
  data: Uint8Array;
}
export type TerminalFrame = OutputFrame | InputFrame | SnapshotFrame;

/** Largest frame either side sends or accepts, in bytes; larger ones close the socket with 4413. */
export const maxFrameBytes = 1024 * 1024;
/** Largest run of output bytes in one frame: small enough that a keystroke's echo never waits long behind it. */
export const maxOutputBytes = 64 * 1024;
/** A snapshot is bounded by the emulator's 1,000 lines; this is far above what they serialise to. */
export const maxSnapshotBytes = 16 * 1024 * 1024;
/**
 * Lines of scrollback that every emulator of this path keeps. Reflow on a resize depends on it: emulators that keep
 * a different number show different screens afterwards.
 */
export const scrollbackLines = 1000;
/** Largest single paste, in bytes. */
export const maxInputBytes = 256 * 1024;

const kinds = { output: 1, input: 2, snapshot: 3 } as const;
const ascii = new TextDecoder('latin1');

function writeId(target: Uint8Array, at: number, id: string): number {
  target[at] = id.length;
  for (let i = 0; i < id.length; i++) target[at + 1 + i] = id.charCodeAt(i);
  return at + 1 + id.length;
}

const fixedBytes = (frame: TerminalFrame): number => {
  switch (frame.kind) {
    case 'output':
      return 8;
    case 'input':
      return 1 + frame.clientId.length + 4;
    case 'snapshot':
      return 4 + 8 + 2 + 2 + 4;
  }
};

/** Encodes into one fresh buffer. */
export function encodeFrame(frame: TerminalFrame): Uint8Array<ArrayBuffer> {
  const start = 2 + frame.terminalId.length;
  const bytes = new Uint8Array(start + fixedBytes(frame) + frame.data.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = kinds[frame.kind];
  let at = writeId(bytes, 1, frame.terminalId);
  switch (frame.kind) {
    case 'output':
      view.setFloat64(at, frame.offset);
      break;
    case 'input':
      at = writeId(bytes, at, frame.clientId);
      view.setUint32(at, frame.n);
      break;
    case 'snapshot':
      view.setUint32(at, frame.request);
      view.setFloat64(at + 4, frame.offset);
      view.setUint16(at + 12, frame.cols);
      view.setUint16(at + 14, frame.rows);
      view.setUint32(at + 16, frame.resizes);
      break;
  }
  bytes.set(frame.data, bytes.length - frame.data.length);
  return bytes;
}

const bad = (message: string, cause?: unknown) =>
  new AppError({ code: 'input.invalid', message: `terminal frame: ${message}`, cause });

function readOffset(view: DataView, at: number): number {
  const offset = view.getFloat64(at);
  if (!Number.isSafeInteger(offset) || offset < 0) throw bad('offset must be a whole number of bytes, 0 or more');
  return offset;
}

/**
 * Decodes one frame; `data` is a view into `bytes`, not a copy.
 * Throws AppError `input.invalid` naming the field on anything malformed.
 */
export function decodeFrame(bytes: Uint8Array): TerminalFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const idEnd = 2 + view.getUint8(1);
    const id = terminalIdSchema.safeParse(ascii.decode(bytes.subarray(2, idEnd)));
    if (!id.success) throw bad('terminal id is malformed');
    const terminalId = id.data;
    switch (view.getUint8(0)) {
      case kinds.output:
        return { kind: 'output', terminalId, offset: readOffset(view, idEnd), data: bytes.subarray(idEnd + 8) };
      case kinds.input: {
        const clientEnd = idEnd + 1 + view.getUint8(idEnd);
        const client = clientIdSchema.safeParse(ascii.decode(bytes.subarray(idEnd + 1, clientEnd)));
        if (!client.success) throw bad('client id is malformed');
        const n = view.getUint32(clientEnd);
        return { kind: 'input', terminalId, clientId: client.data, n, data: bytes.subarray(clientEnd + 4) };
      }
      case kinds.snapshot:
        return {
          kind: 'snapshot',
          terminalId,
          request: view.getUint32(idEnd),
          offset: readOffset(view, idEnd + 4),
          cols: view.getUint16(idEnd + 12),
          rows: view.getUint16(idEnd + 14),
          resizes: view.getUint32(idEnd + 16),
          data: bytes.subarray(idEnd + 20),
        };
      default:
        throw bad(`unknown kind ${bytes[0]}`);
    }
  } catch (cause) {
    if (cause instanceof RangeError) throw bad('shorter than its header', cause);
    throw cause;
  }
}
