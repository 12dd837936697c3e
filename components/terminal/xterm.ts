/** Makes an xterm.js terminal as every screen of ours needs it: exact, silent, safe links. Knows no socket. */
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { type ITheme, Terminal } from '@xterm/xterm';
import { type ExactEmulator, exactEmulator } from '#protocol/terminal-emulator.ts';
import { isSafeLink, muteQueries } from '#protocol/terminal-query.ts';

export interface ScreenOptions {
  host: HTMLElement;
  family: string;
  fontSize: number;
  theme: ITheme;
  /** Lines kept above the screen. */
  scrollback: number;
  isReadOnly: boolean;
  /** Somebody chose a link; it is safe to open after asking. */
  onLink: (address: string) => void;
}

export interface Screen {
  terminal: Terminal;
  emulator: ExactEmulator;
  search: SearchAddon;
  dispose: () => void;
}

/** Draws with WebGL while the browser gives it a context, with plain elements otherwise. */
function loadWebgl(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // No context to be had: xterm.js goes on with its own renderer, which shows the same.
  }
}

export function openScreen(options: ScreenOptions): Screen {
  const choose = (_: MouseEvent, address: string) => {
    if (isSafeLink(address)) options.onLink(address);
  };
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: false,
    cursorInactiveStyle: 'outline',
    disableStdin: options.isReadOnly,
    drawBoldTextInBrightColors: false,
    fontFamily: options.family,
    fontSize: options.fontSize,
    fontWeightBold: 600,
    lineHeight: 1.25,
    linkHandler: { activate: choose },
    logLevel: 'off',
    macOptionIsMeta: true,
    rescaleOverlappingGlyphs: true,
    scrollback: options.scrollback,
    theme: options.theme,
  });
  const search = new SearchAddon();
  terminal.loadAddon(new Unicode11Addon());
  terminal.loadAddon(new WebLinksAddon(choose));
  terminal.loadAddon(search);
  muteQueries(terminal);
  const emulator = exactEmulator(terminal);
  terminal.open(options.host);
  loadWebgl(terminal);
  return { terminal, emulator, search, dispose: () => terminal.dispose() };
}
