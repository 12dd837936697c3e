/**
 * Makes an xterm.js terminal an exact one: what it shows depends on the output and resizes alone, never on how they
 * were cut into pieces or on what it showed earlier, and no output makes it throw, hang or grow without bound.
 * Every emulator of this path (runner, browser, tests) is made by this function; ADR 003 lists the reasons.
 */
import { AppError } from './error.ts';
import type { Emulator } from './terminal-replica.ts';
import { incompleteTail } from './utf8-tail.ts';
import {
  type CoreBuffer,
  type CoreLine,
  type CoreParams,
  coreOf,
  type UnicodeProvider,
  type XtermCore,
} from './xterm-core.ts';

/** The public part of an xterm.js terminal that is needed; Unicode 11 must be loaded. */
export interface XtermTerminal {
  write(data: Uint8Array, done?: () => void): void;
  resize(cols: number, rows: number): void;
  reset(): void;
}

/** In a pen's `fg`. */
const underlineFlag = 0x10000000;
/** Bytes given to the emulator at once; xterm.js cuts larger pieces itself, also within a character. */
const pieceBytes = 64 * 1024;
/** Combining marks that one cell holds; further ones take a cell of their own. */
const maxJoins = 16;
/** `REP` repeats a character at most this often. */
const maxRepeat = 65_535;
/** Links alive in one terminal; the text of further ones stays, unlinked. */
const maxLinks = 4_096;
/** A link's identifier and address, in characters; longer links are ignored. */
const maxLinkLength = 4_096;

/** Unicode 11 widths; a mark that joins nothing takes a whole cell, and a cell takes a bounded number of marks. */
function boundedUnicode(unicode11: UnicodeProvider): UnicodeProvider {
  return {
    version: '11-bounded',
    wcwidth: (code) => unicode11.wcwidth(code),
    charProperties(code, preceding) {
      const info = unicode11.charProperties(code, preceding & 7);
      if ((info & 6) === 0) return 1 << 1;
      if ((info & 1) === 0) return info;
      const joins = (preceding >> 3) + 1;
      return joins > maxJoins ? 1 << 1 : (joins << 3) | info;
    },
  };
}

/** Counts above these change nothing more, yet each would be a turn of a loop. */
function boundCounts(core: XtermCore): void {
  const parser = core._inputHandler._parser;
  const bound = (final: string, limit: () => number) =>
    parser.registerCsiHandler({ final }, ({ params }: CoreParams) => {
      params[0] = Math.min(params[0] ?? 0, limit());
      return false;
    });
  for (const final of 'LMST') bound(final, () => core.rows);
  for (const final of 'IZ') bound(final, () => core.cols);
  bound('b', () => maxRepeat);
}

/** xterm.js 6.0.0 reads a line that may not exist when "erase above" (ED 1) meets the last column, and throws. */
function repairEraseAbove(core: XtermCore): void {
  const input = core._inputHandler;
  const erase = input.eraseInDisplay.bind(input);
  input.eraseInDisplay = (params, respectProtect = false) => {
    if (params.params[0] !== 1) return erase(params, respectProtect);
    input._restrictCursor(core.cols);
    const { active } = core.buffers;
    input._eraseInBufferLine(active.y, 0, active.x + 1, true, respectProtect);
    const below = active.lines.get(active.ybase + active.y + 1);
    if (active.x + 1 >= core.cols && active.y + 1 < core.rows && below) below.isWrapped = false;
    for (let y = active.y - 1; y >= 0; y--) input._resetBufferLine(y, respectProtect);
    input.markRangeDirty(0, active.y);
    return true;
  };
}

/**
 * xterm.js 6.0.0 saves the flags of the pen with the cursor but not the underline they stand for, and the character
 * set in use but not its place; restored, they would contradict what is in force. Here they are brought in line.
 */
function repairRestoreCursor(core: XtermCore): void {
  const input = core._inputHandler;
  const restore = input.restoreCursor.bind(input);
  input.restoreCursor = (params) => {
    restore(params);
    const pen = input._curAttrData;
    pen.extended = pen.extended.clone();
    const isUnderlined = (pen.fg & underlineFlag) !== 0;
    if (!isUnderlined) pen.extended.underlineStyle = 0;
    else if (((pen.extended._ext >>> 26) & 7) === 0) pen.extended.underlineStyle = 1;
    pen.updateExtended();
    const { charset, glevel, _charsets } = core._charsetService;
    _charsets[glevel] = charset;
    return true;
  };
}

/**
 * Behind the last column the cursor waits for the next character to wrap. When that column is blanked or another
 * screen shown meanwhile, nothing is left to wrap behind, and the cursor returns to the last column.
 */
function repairPendingWrap(core: XtermCore): void {
  const input = core._inputHandler;
  const settle = (): void => {
    const { active } = core.buffers;
    if (active.x < core.cols) return;
    const line = active.lines.get(active.ybase + active.y);
    if (line?.hasContent(core.cols - 1) || line?.getWidth(core.cols - 1) === 0) return;
    input._restrictCursor(core.cols - 1);
  };
  const names = ['scrollUp', 'scrollDown', 'scrollLeft', 'scrollRight', 'insertColumns', 'deleteColumns'] as const;
  for (const name of [...names, 'eraseInLine', 'eraseInDisplay'] as const) {
    const operate = input[name].bind(input);
    input[name] = (params, respectProtect) => {
      operate(params, respectProtect);
      settle();
      return true;
    };
  }
  const { buffers } = core;
  const [toNormal, toAlt] = [buffers.activateNormalBuffer.bind(buffers), buffers.activateAltBuffer.bind(buffers)];
  buffers.activateNormalBuffer = () => {
    toNormal();
    settle();
  };
  buffers.activateAltBuffer = (fill) => {
    toAlt(fill);
    settle();
  };
}

/** The alignment pattern (DECALN) fills the screen with flags of the pen but not what they stand for; here it is plain. */
function repairAlignmentPattern(core: XtermCore): void {
  const input = core._inputHandler;
  const fill = input.screenAlignmentPattern.bind(input);
  input.screenAlignmentPattern = () => {
    const pen = input._curAttrData;
    const { fg, bg } = pen;
    pen.fg = 0;
    pen.bg = 0;
    fill();
    pen.fg = fg;
    pen.bg = bg;
    return true;
  };
}

const ignored = { start: () => undefined, put: () => undefined, end: () => true };

/** String sequences: links are bounded, everything else that has an effect outside the screen is ignored, unread. */
function boundStrings(core: XtermCore): void {
  const { _parser: parser } = core._inputHandler;
  // Titles, folders, notifications, colours of the theme, clipboard, vendor extensions.
  for (const id of [0, 1, 2, 4, 5, 7, 9, 10, 11, 12, 50, 52, 104, 110, 111, 112, 133, 633, 777, 1337]) {
    parser.clearOscHandler(id);
    parser.registerOscHandler(id, ignored);
  }
  let text = '';
  parser.clearOscHandler(8);
  parser.registerOscHandler(8, {
    start() {
      text = '';
    },
    put(data, start, end) {
      for (let i = start; i < end && text.length <= maxLinkLength; i++) text += String.fromCodePoint(data[i] ?? 0);
    },
    end(isComplete) {
      const isRefused = text.length > maxLinkLength || core._oscLinkService._dataByLinkId.size >= maxLinks;
      if (isComplete) core._inputHandler.setHyperlink(isRefused ? ';' : text);
      text = '';
      return true;
    },
  });
}

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
  const at = (cols - 1) * 3;
  const extended = line._extendedAttrs[cols - 1] ?? { _ext: 0, urlId: 0 };
  line.setCellFromCodepoint(cols - 1, 0, 1, { fg: line._data[at + 1] ?? 0, bg: line._data[at + 2] ?? 0, extended });
}

function eachLine(buffer: CoreBuffer, visit: (line: CoreLine) => void): void {
  for (let i = 0; i < buffer.lines.length; i++) {
    const line = buffer.lines.get(i);
    if (line) visit(line);
  }
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
  const unicode11 = core.unicodeService._providers['11'];
  if (!unicode11) throw new AppError({ code: 'server.internal', message: 'load the Unicode 11 addon first' });
  core.unicodeService.register(boundedUnicode(unicode11));
  core.unicodeService.activeVersion = '11-bounded';
  boundCounts(core);
  repairEraseAbove(core);
  repairRestoreCursor(core);
  repairAlignmentPattern(core);
  repairPendingWrap(core);
  boundStrings(core);
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
