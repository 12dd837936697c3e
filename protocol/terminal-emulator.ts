/**
 * Makes an xterm.js terminal an exact one: what it shows depends on the output and resizes alone, never on how they
 * were cut into pieces or on what it showed earlier, and no output makes it throw, hang or grow without bound.
 * Every emulator of this path (runner, browser, tests) is made by this function; ADR 009 lists the reasons.
 */
import type { Emulator } from './terminal-replica.ts';
import { incompleteTail } from './utf8-tail.ts';
import { type CoreBuffer, type CoreLine, coreOf, eachLine, type XtermCore } from './xterm-core.ts';
import { boundOutput } from './xterm-limit.ts';
import { internLinks } from './xterm-link.ts';
import { lookOf, repairCore } from './xterm-repair.ts';

/** The public part of an xterm.js terminal that is needed; Unicode 11 must be loaded. */
export interface XtermTerminal {
  write(data: Uint8Array, done?: () => void): void;
  resize(cols: number, rows: number): void;
  reset(): void;
}

/** Bytes given to the emulator at once; xterm.js cuts larger pieces itself, also within a character. */
const pieceBytes = 64 * 1024;
/** Lets go of what lies outside the screen, where it would come back after another resize. */
function trimBuffer(buffer: CoreBuffer, cols: number, rows: number): void {
  for (const stop of Object.keys(buffer.tabs)) if (Number(stop) >= cols) delete buffer.tabs[Number(stop)];
  buffer.savedX = Math.min(buffer.savedX, cols - 1);
  buffer.savedY = Math.min(buffer.savedY, buffer.ybase + rows - 1);
}

/** A line may hold text of cells that were overwritten since; reflow would bring it back. */
function forgetOverwritten(line: CoreLine): void {
  for (const key of Object.keys(line._combined)) {
    const isCombined = ((line._data[Number(key) * 3] ?? 0) & 0x200000) !== 0;
    if (!isCombined) delete line._combined[Number(key)];
  }
}

/** Cuts a line to the screen's width; half of a wide character at its end becomes a blank of the same colours. */
function cutLine(buffer: CoreBuffer, line: CoreLine, cols: number): void {
  if (line.length > cols) line.resize(cols, buffer.getNullCell());
  line.cleanupMemory();
  if (line.getWidth(cols - 1) !== 2) return;
  line.setCellFromCodepoint(cols - 1, 0, 1, lookOf(line, cols - 1));
}

function resizeExactly(terminal: XtermTerminal, core: XtermCore, cols: number, rows: number): void {
  if (cols === core.cols && rows === core.rows) return;
  const { normal, alt } = core.buffers;
  for (const buffer of [normal, alt]) {
    trimBuffer(buffer, core.cols, core.rows);
    eachLine(buffer, forgetOverwritten);
  }
  terminal.resize(cols, rows);
  for (const buffer of [normal, alt]) {
    trimBuffer(buffer, cols, rows);
    eachLine(buffer, (line) => cutLine(buffer, line, cols));
    // It would free what lines do not use any more, later and with a complaint on the console when it comes late.
    buffer._memoryCleanupQueue.clear();
  }
  // The cursor may have moved away from the character that the next one would join.
  core._inputHandler._parser.precedingJoinState = 0;
  // An unused alternate screen keeps its old height as room for scrollback, which it must not have.
  if (alt.lines.length === 0) alt.lines.maxLength = rows;
}

/** Pieces that end between characters; what is left of the last one comes with the next call. */
class Pieces {
  #tail = new Uint8Array(0);

  clear(): void {
    this.#tail = new Uint8Array(0);
  }

  /** Bytes held back because their character is not complete. */
  get held(): Uint8Array {
    return this.#tail;
  }

  cut(data: Uint8Array): Uint8Array[] {
    let rest = data;
    if (this.#tail.length > 0) {
      rest = new Uint8Array(this.#tail.length + data.length);
      rest.set(this.#tail);
      rest.set(data, this.#tail.length);
    }
    const pieces: Uint8Array[] = [];
    while (rest.length > pieceBytes) {
      const end = pieceBytes - incompleteTail(rest.subarray(0, pieceBytes));
      pieces.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    const end = rest.length - incompleteTail(rest);
    this.#tail = rest.slice(end);
    if (end > 0) pieces.push(rest.subarray(0, end));
    return pieces;
  }
}

export interface ExactEmulator extends Emulator {
  /** Applies output at once instead of queueing it; not to be mixed with `write` while writes are under way. */
  apply(data: Uint8Array): void;
  /** Bytes taken but not yet shown because their character is not complete. */
  readonly held: Uint8Array;
  readonly core: XtermCore;
}

/**
 * Takes over a fresh terminal: from now on it is written to and resized only through what this returns.
 * Throws AppError `server.internal` if it is not an xterm.js 6.0.0 with Unicode 11 loaded.
 */
export function exactEmulator(terminal: XtermTerminal): ExactEmulator {
  const core = coreOf(terminal);
  boundOutput(core);
  repairCore(core);
  internLinks(core);
  const pieces = new Pieces();
  return {
    core,
    get held() {
      return pieces.held;
    },
    write(data, done) {
      const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      const parts = pieces.cut(bytes);
      const last = parts.pop() ?? new Uint8Array(0);
      for (const part of parts) terminal.write(part);
      terminal.write(last, done);
    },
    apply(data) {
      for (const part of pieces.cut(data)) core._inputHandler.parse(part);
    },
    resize: (cols, rows) => resizeExactly(terminal, core, cols, rows),
    reset() {
      pieces.clear();
      terminal.reset();
    },
  };
}
