/** Draws what is in force beside the cells: modes, character sets, pen and cursor. */
import type { XtermCore } from '#protocol/xterm-core.ts';
import { Cells } from './cell.ts';
import { beforeCharset } from './charset.ts';
import type { ScreenPainter } from './screen.ts';

const mouseModes: Record<string, number> = { X10: 9, VT200: 1000, DRAG: 1002, ANY: 1003 };
const mouseEncodings: Record<string, number> = { SGR: 1006, SGR_PIXELS: 1016 };
const cursorStyles = { block: 1, underline: 3, bar: 5 } as const;
const shifts = ['\x0f', '\x0e', '\x1bn', '\x1bo'];

/** What a reset leaves as it was. */
export const prelude = '\x18\x1b[20l\x1b[?12l\x1b[?25h';

function cursorStyle(core: XtermCore): string {
  const { cursorStyle: style, cursorBlink } = core.coreService.decPrivateModes;
  if (style === undefined && cursorBlink === undefined) return '';
  // 7 and 8 name no style but blink as odd and even numbers do.
  const first = style === undefined ? 7 : cursorStyles[style];
  return `\x1b[${first + (cursorBlink ? 0 : 1)} q`;
}

/** Origin mode comes last, because it moves the cursor. */
function modes(core: XtermCore): string {
  const { modes: ansi, decPrivateModes: dec, isCursorHidden } = core.coreService;
  const { activeProtocol, activeEncoding } = core.coreMouseService;
  const set: (number | false | undefined)[] = [
    dec.applicationCursorKeys && 1,
    core.options.cursorBlink && 12,
    dec.reverseWraparound && 45,
    mouseModes[activeProtocol],
    dec.sendFocus && 1004,
    mouseEncodings[activeEncoding],
    dec.bracketedPasteMode && 2004,
    dec.synchronizedOutput && 2026,
    dec.origin && 6,
  ];
  const parts = [
    ansi.insertMode ? '\x1b[4h' : '',
    core.options.convertEol ? '\x1b[20h' : '',
    dec.wraparound ? '' : '\x1b[?7l',
    dec.applicationKeypad ? '\x1b=' : '',
    isCursorHidden ? '\x1b[?25l' : '',
    cursorStyle(core),
    ...set.filter((mode) => typeof mode === 'number').map((mode) => `\x1b[?${mode}h`),
  ];
  return parts.join('');
}

function charsets({ core, letters }: ScreenPainter): string {
  const { _charsets, glevel } = core._charsetService;
  const designated = ['(', ')', '*', '+'].map((slot, g) => {
    const letter = letters.get(_charsets[g]) ?? 'B';
    return letter === 'B' ? '' : `\x1b${slot}${letter}`;
  });
  return designated.join('') + (glevel === 0 ? '' : (shifts[glevel] ?? ''));
}

/**
 * Puts the cursor in its place. Where the last thing was a character, it is printed again: the next one may join it,
 * `REP` may repeat it, and after the last column the next one wraps.
 */
function paintCursor({ core, pen, write }: ScreenPainter): void {
  const { active } = core.buffers;
  const { origin } = core.coreService.decPrivateModes;
  const row = active.y - (origin ? active.scrollTop : 0) + 1;
  const end = Math.min(active.x, core.cols);
  const line = active.lines.get(active.ybase + active.y);
  const isPending = end === core.cols;
  const isJoinable = core._inputHandler._parser.precedingJoinState !== 0;
  if (!line || end === 0 || !(isPending || isJoinable)) return write(`\x1b[${row};${end + 1}H`);
  const cells = new Cells(line);
  const isWide = ((core._inputHandler._parser.precedingJoinState >> 1) & 3) === 2;
  if (isJoinable && isWide && end === core.cols - 1 && !core.coreService.decPrivateModes.wraparound) {
    // A wide character that did not fit was left out; leaving out another has the same effect.
    const isCut = cells.width(end - 1) === 2;
    return write(`\x1b[${row};${isCut ? `${end}H${cells.text(end - 1)}` : `${end + 1}H`}\u3000`);
  }
  const x = cells.isSecondHalf(end - 1) ? end - 2 : end - 1;
  write(`\x1b[${row};${x + 1}H`);
  if (core.coreService.modes.insertMode) write(`\x1b[${end - x}P`);
  if (isJoinable) return write(beforeCharset(core._charsetService.charset, cells.text(x)));
  const { ink } = pen;
  pen.set(pen.inkOf(cells.fg(x), cells.bg(x), cells.extended(x)));
  // NUL is ignored, but ends what the next character could join.
  write(`${beforeCharset(core._charsetService.charset, cells.text(x))}\0`);
  pen.set(ink);
}

export function paintState(painter: ScreenPainter): void {
  const { core, pen, write } = painter;
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  write(charsets(painter));
  pen.set(pen.inkOf(fg, bg, extended));
  write(modes(core));
  paintCursor(painter);
}
