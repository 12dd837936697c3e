/**
 * Repairs of xterm.js 6.0.0 where output makes it throw, or leaves a state that contradicts itself and that nothing
 * else could bring about again. Every emulator of the terminal path has them.
 */
import type { XtermCore } from './xterm-core.ts';

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

export function repairCore(core: XtermCore): void {
  repairEraseAbove(core);
  repairRestoreCursor(core);
  repairAlignmentPattern(core);
  repairPendingWrap(core);
}
