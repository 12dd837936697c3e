/** Output of a terminal by its offsets, from the server's recording. */
import type { TerminalId } from '#protocol/id.ts';
import type { Api, Outputs } from '../api/client.ts';
import type { Clock } from './clock.ts';

type Piece = Outputs['terminal']['history']['pieces'][number];

/** More than this is not fetched, in bytes: its screen says as much to a person. */
const maxBytes = 8 * 1024 * 1024;
/**
 * A screen can be newer than what is stored, on a busy machine by seconds after a restart; how often, and how many ms apart,
 * the rest is looked for.
 */
const maxLooks = 200;
const lookMs = 100;

/** Pieces that touch `from` to `to`, oldest first. */
async function piecesOf(call: Api['call'], terminalId: TerminalId, from: number, to: number): Promise<Piece[]> {
  const found: Piece[] = [];
  for (let before: number | null = to; before !== null && before > from; ) {
    const page: Outputs['terminal']['history'] = await call.terminal.history.query({ terminalId, before });
    found.unshift(...page.pieces.filter((piece) => piece.to > from && piece.from < to));
    before = page.before;
  }
  return found;
}

/** `from` to `to` as far as it is stored; null when a part of it was not kept. */
function join(pieces: Piece[], from: number, to: number): Uint8Array | null {
  const parts: Uint8Array[] = [];
  let end = from;
  for (const piece of pieces) {
    if (piece.kind === 'gap' || piece.from > end) return null;
    const data = Buffer.from(piece.data, 'base64').subarray(end - piece.from, to - piece.from);
    parts.push(data);
    end += data.length;
  }
  return Buffer.concat(parts);
}

export interface RecordingRange {
  terminalId: TerminalId;
  from: number;
  to: number;
  clock: Clock;
}

/** The bytes from offset `from` up to `to`; null when not all of them are kept. What is not stored yet is waited for. */
export async function readRecording(call: Api['call'], range: RecordingRange): Promise<Uint8Array | null> {
  const { terminalId, from, to, clock } = range;
  if (to - from > maxBytes) return null;
  for (let look = 0; look < maxLooks; look++) {
    const bytes = join(await piecesOf(call, terminalId, from, to), from, to);
    if (bytes === null || bytes.length === to - from) return bytes;
    await new Promise<void>((resolve) => {
      clock.after(lookMs, resolve);
    });
  }
  return null;
}
