/** Terminals of a runner: programs on PTYs with a true screen. The folder's only entrance. */
export { openTerminal, type ScreenSnapshot, type Terminal } from './terminal.ts';
