/**
 * Repairs of xterm.js 6.0.0 where output makes it throw, or leaves a state that contradicts itself and that nothing
 * else could bring about again. Every emulator of the terminal path has them.
 */
import type { CoreAttributes, CoreLine, XtermCore } from './xterm-core.ts';

/** Colours and flags of one cell. */
export const lookOf = (line: CoreLine, x: number): CoreAttributes => ({
  fg: line._data[x * 3 + 1] ?? 0,
  bg: line._data[x * 3 + 2] ?? 0,
  extended: line._extendedAttrs[x] ?? { _ext: 0, urlId: 0 },
});

/** In a pen's `fg`. */
const underlineFlag = 0x10000000;

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

/**
 * Without wraparound a character that does not fit takes the last column, though a wide one stands there: xterm.js
 * 6.0.0 overwrites its right half and leaves its left one as wide as before, which after a resize covers its neighbour.
 * Here the wide character goes when one of one column takes its place, and otherwise stays, cursor behind it.
 */
function repairLastColumn(core: XtermCore): void {
  const input = core._inputHandler;
  const print = input.print.bind(input);
  input.print = (data, start, end) => {
    print(data, start, end);
    if (core.coreService.decPrivateModes.wraparound) return;
    const { active } = core.buffers;
    const last = core.cols - 1;
    const line = active.lines.get(active.ybase + active.y);
    if (line?.getWidth(last - 1) !== 2 || line.getWidth(last) === 0) return;
    if (line.hasContent(last)) {
      line.setCellFromCodepoint(last - 1, 0, 1, input._curAttrData);
    } else {
      line.setCellFromCodepoint(last, 0, 0, lookOf(line, last - 1));
      active.x = core.cols;
    }
  };
}

/**
 * xterm.js 6.0.0 inserts between the halves of a wide character by blanking its left one and moving its right one away,
 * which then belongs to nothing. Here both are blanked first.
 */
function repairInsertion(core: XtermCore): void {
  const input = core._inputHandler;
  const part = (from: number, to: number, look: CoreAttributes): void => {
    const { x, ybase, lines } = core.buffers.active;
    for (let y = from; y <= to; y++) {
      const line = lines.get(ybase + y);
      if (x === 0 || line?.getWidth(x - 1) !== 2) continue;
      line.setCellFromCodepoint(x - 1, 0, 1, look);
      if (x < core.cols) line.setCellFromCodepoint(x, 0, 1, look);
    }
  };
  const [print, characters, columns] = [input.print, input.insertChars, input.insertColumns];
  input.print = (data, start, end) => {
    const { y } = core.buffers.active;
    if (core.coreService.modes.insertMode && end > start) part(y, y, input._curAttrData);
    print.call(input, data, start, end);
  };
  input.insertChars = (params) => {
    const { y } = core.buffers.active;
    part(y, y, input._eraseAttrData());
    return characters.call(input, params);
  };
  input.insertColumns = (params) => {
    const { y, scrollTop, scrollBottom } = core.buffers.active;
    if (y >= scrollTop && y <= scrollBottom) part(scrollTop, scrollBottom, input._eraseAttrData());
    return columns.call(input, params);
  };
}

export function repairCore(core: XtermCore): void {
  repairEraseAbove(core);
  repairRestoreCursor(core);
  repairAlignmentPattern(core);
  repairPendingWrap(core);
  repairLastColumn(core);
  repairInsertion(core);
}
