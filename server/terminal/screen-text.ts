/** The screen as text, for scripts and thumbnails. Loads the emulator on first use. */
import type { TerminalId } from '#protocol/id.ts';
import type { StoredOutput } from './recording-store.ts';
import type { Screen } from './screen.ts';

/** `terminal screen` of contract.md; `lines` has `rows` entries without trailing blanks. */
export interface ScreenText {
  terminalId: TerminalId;
  offset: number;
  cols: number;
  rows: number;
  cursor: { x: number; y: number };
  lines: string[];
}

/** Draws `screen` and the output after it, and reads what stands there. */
export async function screenText(screen: Screen, output: StoredOutput[]): Promise<ScreenText> {
  const loaded = await import('@xterm/headless');
  // What the default of a CommonJS module is depends on who loads it.
  const { Terminal } = loaded.default ?? loaded;
  const { cols, rows } = screen;
  const terminal = new Terminal({ cols, rows, scrollback: 0, allowProposedApi: true });
  const write = (data: Uint8Array) => new Promise<void>((resolve) => terminal.write(data, resolve));
  await write(screen.data);
  let end = screen.offset;
  for (const { offset, data } of output) {
    if (offset > end) break;
    await write(data.subarray(end - offset));
    end = Math.max(end, offset + data.length);
  }
  const buffer = terminal.buffer.active;
  const lines = Array.from({ length: rows }, (_, y) => buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? '');
  const cursor = { x: buffer.cursorX, y: buffer.cursorY };
  terminal.dispose();
  return { terminalId: screen.terminalId, offset: end, cols, rows, cursor, lines };
}
