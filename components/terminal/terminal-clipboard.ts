/** Copying from a terminal and pasting into it, at the person's command only: programs have no clipboard. */
import type { Terminal } from '@xterm/xterm';

interface Lines {
  viewportY: number;
  getLine(y: number): { translateToString(trimRight: boolean): string } | undefined;
}

/** What stands on the screen, as text. */
const screenLines = (buffer: Lines, rows: number): string =>
  Array.from({ length: rows }, (_, y) => buffer.getLine(buffer.viewportY + y)?.translateToString(true) ?? '')
    .join('\n')
    .trimEnd();

/** Copies the selection, or the whole screen where nothing is selected. Rejects when the browser refuses. */
export const copyFrom = (terminal: Terminal): Promise<void> =>
  navigator.clipboard.writeText(terminal.getSelection() || screenLines(terminal.buffer.active, terminal.rows));

/** Pastes the clipboard. Rejects when the browser or the person refuses to share it. */
export async function pasteInto(terminal: Terminal): Promise<void> {
  terminal.paste(await navigator.clipboard.readText());
}
