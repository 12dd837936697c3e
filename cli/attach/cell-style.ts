/** How one cell of the emulator is asked for in a real terminal: its colours and attributes as one SGR sequence. Pure. */
import type { IBufferCell } from '@xterm/headless';

/** xterm.js' colour modes, as `getFgColorMode` answers them; anything else is the default colour. */
const palette16 = 0x1000000;
const palette256 = 0x2000000;
const rgb = 0x3000000;

/** `base` is 30 for the foreground, 40 for the background. */
function colour(mode: number, value: number, base: 30 | 40): string {
  switch (mode) {
    case palette16:
      return value < 8 ? `;${base + value}` : `;${base + 60 + value - 8}`;
    case palette256:
      return `;${base + 8};5;${value}`;
    case rgb:
      return `;${base + 8};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`;
    default:
      return '';
  }
}

/** The sequence that sets exactly this cell's style, whatever was set before. */
export function styleOf(cell: IBufferCell): string {
  let sgr = '0';
  if (cell.isBold()) sgr += ';1';
  if (cell.isDim()) sgr += ';2';
  if (cell.isItalic()) sgr += ';3';
  if (cell.isUnderline()) sgr += ';4';
  if (cell.isBlink()) sgr += ';5';
  if (cell.isInverse()) sgr += ';7';
  if (cell.isInvisible()) sgr += ';8';
  if (cell.isStrikethrough()) sgr += ';9';
  if (cell.isOverline()) sgr += ';53';
  sgr += colour(cell.getFgColorMode(), cell.getFgColor(), 30);
  return `\x1b[${sgr}${colour(cell.getBgColorMode(), cell.getBgColor(), 40)}m`;
}

export const plainStyle = '\x1b[0m';
