/**
 * Finds the part of a flood that need not be drawn, because every line of it scrolls out of the buffer again before
 * anybody can look: plain text, line ends, tabs and colours only. Pure; knows no emulator.
 */

/** What a byte of output can be here; `other` ends the search. */
const other = 0;
const text = 1;
const lineFeed = 2;
const escapeByte = 3;
/** Lead byte that is followed by either a letter or a C1 control. */
const maybeControl = 4;

const kinds: ReadonlyArray<number> = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x0a) return lineFeed;
  if (byte === 0x1b) return escapeByte;
  if (byte === 0xc2) return maybeControl;
  const isText = byte === 0x09 || byte === 0x0d || byte >= 0x80 || (byte >= 0x20 && byte < 0x7f);
  return isText ? text : other;
});

/** Longest colour sequence that is looked at, and how many may be in force without a reset between them. */
const maxColourBytes = 64;
const maxColours = 1_000;

export interface Skim {
  /** Bytes that are left out; the next one begins a line. */
  cut: number;
  /** Colour sequences of what is left out, as far as they are still in force after it. */
  colours: Uint8Array;
}

/** End of the colour sequence at `at`, or -1 if it is something else or not complete. */
function colourEnd(data: Uint8Array, at: number): number {
  if (data[at + 1] !== 0x5b) return -1;
  const limit = Math.min(data.length, at + maxColourBytes);
  for (let i = at + 2; i < limit; i++) {
    const byte = data[i] ?? 0;
    if (byte === 0x6d) return i + 1;
    if (byte < 0x30 || byte > 0x3b) return -1;
  }
  return -1;
}

/** Starts and ends of colour sequences, and every line end, up to the first byte that is neither text nor these. */
function survey(data: Uint8Array): { lines: number[]; colours: number[] } {
  const lines: number[] = [];
  const colours: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const kind = kinds[data[i] ?? 0];
    if (kind === text) continue;
    if (kind === lineFeed) {
      lines.push(i + 1);
    } else if (kind === escapeByte) {
      const end = colourEnd(data, i);
      if (end < 0) break;
      colours.push(i, end);
      i = end - 1;
    } else if (kind !== maybeControl || (data[i + 1] ?? 0) < 0xa0) {
      break;
    }
  }
  return { lines, colours };
}

/** `CSI m`, `CSI 0 m` and `CSI 0 ; …` forget all colours before them. */
const isReset = (data: Uint8Array, at: number): boolean => {
  const first = data[at + 2];
  return first === 0x6d || (first === 0x30 && (data[at + 3] === 0x6d || data[at + 3] === 0x3b));
};

/** Colours before `cut` that count after it; null when there are too many to be worth it. */
function coloursInForce(data: Uint8Array, colours: number[], cut: number): Uint8Array | null {
  let first = colours.length;
  let last = 0;
  for (let i = colours.length - 2; i >= 0; i -= 2) {
    const at = colours[i] ?? 0;
    if (at >= cut) continue;
    if (last === 0) last = i + 2;
    first = i;
    if (isReset(data, at)) break;
  }
  if (last - first > maxColours * 2) return null;
  const parts: Uint8Array[] = [];
  for (let i = first; i < last; i += 2) parts.push(data.subarray(colours[i], colours[i + 1]));
  return Buffer.concat(parts);
}

/**
 * What of `data` can be left out when at least `keptLines` line feeds must follow it. Null when nothing can. The
 * result is the same screen if the terminal scrolls whole lines (normal screen, no margins), is between sequences
 * and has no link open.
 */
export function planSkim(data: Uint8Array, keptLines: number): Skim | null {
  const { lines, colours } = survey(data);
  for (let i = lines.length - 1 - keptLines; i >= 0; i--) {
    const cut = lines[i] ?? 0;
    if (data[cut - 2] !== 0x0d) continue;
    const inForce = coloursInForce(data, colours, cut);
    return inForce === null ? null : { cut, colours: inForce };
  }
  return null;
}
