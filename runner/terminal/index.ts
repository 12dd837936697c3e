/** Terminals of a runner: programs on PTYs with a true screen. The folder's only entrance. */
export { openTerminal, type ScreenSnapshot, type ScreenText, type Terminal, type TerminalOptions } from './terminal.ts';
