/** A viewer's emulator as the browser makes one, for tests: silent, exact, and listening for bytes it must not send. */
import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { scrollbackLines } from '#protocol/terminal-frame.ts';
import { muteQueries } from '#protocol/terminal-query.ts';
import type { Emulator } from './emulator.ts';

export interface Viewer extends ExactEmulator {
  /** Everything the terminal would have sent to the program. */
  readonly replies: string;
}

export function openViewer(size: { cols: number; rows: number }): Viewer {
  const terminal = new headless.Terminal({
    ...size,
    scrollback: scrollbackLines,
    allowProposedApi: true,
    logLevel: 'off',
  });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  muteQueries(terminal);
  const exact = exactEmulator(terminal);
  let replies = '';
  terminal.onData((data) => {
    replies += data;
  });
  return Object.defineProperty(exact as Viewer, 'replies', { get: () => replies });
}

/** A viewer that showed something else before and is brought to the screen of `source`. */
export function joinFrom(source: Emulator): Viewer {
  const viewer = openViewer({ cols: 77, rows: 33 });
  viewer.apply(
    new TextEncoder().encode('junk\x1b[31;4m\x1b(0\x1b[?6h\x1b[4h\x1b[?25l\x1b[20h\x1b[?1049h\x1b]0;unfinished'),
  );
  viewer.reset();
  viewer.resize(source.cols, source.rows);
  viewer.apply(source.draw());
  return viewer;
}
