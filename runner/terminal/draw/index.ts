/**
 * Draws a snapshot: bytes that bring a reset emulator of the same size into the very state of another, down to what
 * only later output shows. Pure reading; the source is not changed.
 */
import type { CoreCharset, XtermCore } from '#protocol/xterm-core.ts';
import { paintState, prelude } from './finish.ts';
import { Pen, plainInk } from './pen.ts';
import { hasSaved, paintLines, paintStops, type ScreenPainter, saveCursor } from './screen.ts';

export { charsetLetters } from './charset.ts';

const toAlternate = '\x1b[?1047h';
const toNormal = '\x1b[?1047l';

/** `letters`: what `charsetLetters` found. `unfinished`: output that began a sequence and did not end it. */
export function drawScreen(
  core: XtermCore,
  letters: ReadonlyMap<CoreCharset, string>,
  unfinished: Uint8Array,
): Uint8Array {
  const out: string[] = [prelude];
  const write = (text: string) => void out.push(text);
  const { normal, alt, active } = core.buffers;
  const pen = new Pen(core, write);
  const painter: ScreenPainter = { core, pen, write, letters };
  paintLines(painter, normal);
  pen.set(plainInk);
  paintStops(painter, normal);
  const hasAlternate = active === alt || hasSaved(alt);
  // The cursor stays behind on the normal screen, where the next resize goes by its row.
  if (active === alt) write(`\x1b[${normal.y + 1};${Math.min(normal.x, core.cols - 1) + 1}H`);
  if (hasAlternate) write(`${toAlternate}\x1b[H`);
  if (active === alt) {
    paintLines(painter, alt);
    pen.set(plainInk);
    paintStops(painter, alt);
  } else if (hasAlternate) {
    write(`\x1b[${alt.savedY + 1}H`);
    saveCursor(painter, alt);
    pen.set(plainInk);
    write(toNormal);
  }
  paintState(painter);
  return join(out, unfinished);
}

function join(out: string[], unfinished: Uint8Array): Uint8Array {
  const drawn = new TextEncoder().encode(out.join(''));
  const bytes = new Uint8Array(drawn.length + unfinished.length);
  bytes.set(drawn);
  bytes.set(unfinished, drawn.length);
  return bytes;
}
