/** One row of the emulator as bytes for a real terminal, cut to a window. Pure. */
import type { IBufferCell, IBufferLine } from '@xterm/headless';
import { plainStyle, styleOf } from './cell-style.ts';

/** Characters from here on may be drawn wider or narrower than the emulator thinks. */
const firstUnsure = 0x1100;

const isUnsure = (chars: string): boolean => chars.length > 1 || (chars.codePointAt(0) ?? 0) >= firstUnsure;

/**
 * Columns `left` to `left + width` of `line`, from the first column of the window on, with everything to the right
 * erased. Where a character's width is a matter of opinion the next column is addressed, so that the rest stays in place.
 * `cell` is scratch space.
 */
export function drawRow(line: IBufferLine, cell: IBufferCell, left: number, width: number): string {
  let drawn = '';
  let style = plainStyle;
  /** Length of `drawn` up to the last cell that is more than a plain blank, and the style there. */
  let kept = { length: 0, style };
  let isUnsureBefore = false;
  for (let x = left; x < Math.min(left + width, line.length); x++) {
    line.getCell(x, cell);
    const cells = cell.getWidth();
    // The second half of a wide character, unless the first one is cut off.
    if (cells === 0 && x > left) continue;
    const isWhole = cells !== 0 && x + cells <= left + width;
    const chars = (isWhole && cell.getChars()) || ' ';
    const wanted = styleOf(cell);
    if (wanted !== style) drawn += wanted;
    style = wanted;
    if (isUnsureBefore) drawn += `\x1b[${x - left + 1}G`;
    drawn += chars;
    isUnsureBefore = isUnsure(chars);
    if (chars !== ' ' || wanted !== plainStyle) kept = { length: drawn.length, style };
  }
  const reset = kept.style === plainStyle ? '' : plainStyle;
  const hasRoom = kept.length < drawn.length || line.length - left < width;
  return `${drawn.slice(0, kept.length)}${reset}${hasRoom ? '\x1b[K' : ''}`;
}
