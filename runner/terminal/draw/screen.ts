/** Draws one buffer: its lines, tab stops, scroll region and saved cursor. Knows nothing of modes and of the other buffer. */
import type { CoreAttributes, CoreBuffer, CoreCharset, XtermCore } from '#protocol/xterm-core.ts';
import { colourMask } from './cell.ts';
import { type Pen, plainInk } from './pen.ts';
import { cleanGround, type Ground, RowPainter } from './row.ts';

export interface ScreenPainter {
  core: XtermCore;
  pen: Pen;
  write: (text: string) => void;
  letters: ReadonlyMap<CoreCharset, string>;
}

/** False for a buffer whose saved cursor is that of a fresh one. */
export const hasSaved = ({ savedX, savedY, savedCurAttrData, savedCharset }: CoreBuffer): boolean =>
  savedX !== 0 || savedY !== 0 || savedCurAttrData.fg !== 0 || savedCurAttrData.bg !== 0 || savedCharset !== undefined;

/** Saves the cursor in this row with the column and look that `buffer` has saved. */
export function saveCursor({ core, pen, write, letters }: ScreenPainter, buffer: CoreBuffer): void {
  const { fg, bg }: CoreAttributes = buffer.savedCurAttrData;
  write(`\x1b[${Math.min(buffer.savedX, core.cols - 1) + 1}G`);
  pen.set(pen.inkForFlags(fg, bg));
  const letter = letters.get(buffer.savedCharset) ?? 'B';
  write(letter === 'B' ? '\x1b7' : `\x1b(${letter}\x1b7\x1b(B`);
}

/** A cursor saved below what is left of the buffer: it is saved on blank lines, which are then cleared away. */
function saveCursorBelow(painter: ScreenPainter, buffer: CoreBuffer): void {
  painter.write('\n'.repeat(buffer.savedY));
  saveCursor(painter, buffer);
  painter.pen.set(plainInk);
  painter.write('\x1b[3J\x1b[H');
}

/** The first row becomes the continuation of a line that is gone. */
function wrapFirstRow({ core, write }: ScreenPainter): void {
  write(`\x1b[${core.cols}Gxy`);
  write(core.rows > 1 ? '\x1b[S' : '\x1b[3J');
  write(`\x1b[H\x1b[${core.cols}X`);
}

/**
 * Draws every line of `buffer` on an empty one of the same size, cursor in its corner, pen plain. The cursor is saved
 * on the way, when its line is on the screen.
 */
export function paintLines(painter: ScreenPainter, buffer: CoreBuffer): void {
  const { core, pen, write } = painter;
  const { lines } = buffer;
  const isSaving = hasSaved(buffer);
  if (isSaving && buffer.savedY >= lines.length) saveCursorBelow(painter, buffer);
  if (lines.get(0)?.isWrapped) wrapFirstRow(painter);
  const row = new RowPainter(core, pen, write);
  let ground: Ground = cleanGround;
  for (let y = 0; y < lines.length; y++) {
    const line = lines.get(y);
    const next = lines.get(y + 1);
    if (!line) continue;
    row.paint(line, ground);
    if (isSaving && y === buffer.savedY) {
      saveCursor(painter, buffer);
      row.x = Math.min(buffer.savedX, core.cols - 1);
    }
    if (!next || y === lines.length - 1) return;
    if (next.isWrapped) {
      ground = row.wrap(line, next, y + 1 >= core.rows);
    } else {
      if ((pen.ink.bg & colourMask) !== 0) pen.set(plainInk);
      write('\r\n');
      row.x = 0;
      ground = cleanGround;
    }
  }
}

/** Tab stops and scroll region, where they are not those of a fresh buffer. Moves the cursor. */
export function paintStops({ core, write }: ScreenPainter, buffer: CoreBuffer): void {
  const stops = Array.from({ length: core.cols }, (_, x) => x).filter((x) => buffer.tabs[x]);
  const isUsual = stops.length === Math.ceil(core.cols / 8) && stops.every((x) => x % 8 === 0);
  if (!isUsual) write(`\x1b[3g${stops.map((x) => `\x1b[${x + 1}G\x1bH`).join('')}`);
  const { scrollTop, scrollBottom } = buffer;
  if (scrollTop !== 0 || scrollBottom !== core.rows - 1) write(`\x1b[${scrollTop + 1};${scrollBottom + 1}r`);
}
