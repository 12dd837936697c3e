/** How many cells a window holds, and how small another's screen must be drawn to fit into it. Pure. */

export interface Size {
  width: number;
  height: number;
}

/** What the protocol allows a program to be given. */
const bounds = { minCols: 2, maxCols: 1000, minRows: 1, maxRows: 500 };
/** Below this, px, text is a texture; the rest of the way is scaling. */
export const minFontSize = 4;
/** Font sizes are set in steps, so that cells keep whole device pixels more often. */
export const fontStep = 0.25;

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Whole cells of size `cell` in `box`, px. */
export const cellsIn = (box: Size, cell: Size): { cols: number; rows: number } => ({
  cols: clamp(Math.floor(box.width / cell.width), bounds.minCols, bounds.maxCols),
  rows: clamp(Math.floor(box.height / cell.height), bounds.minRows, bounds.maxRows),
});

/**
 * The font size, px, at which `cols` × `rows` cells fit into `box`, at most `base`. `cell` is a cell's size at `base`.
 * Screens are never drawn larger than the person chose.
 */
export function fittingFontSize(box: Size, cell: Size, grid: { cols: number; rows: number }, base: number): number {
  const scale = Math.min(1, box.width / (grid.cols * cell.width), box.height / (grid.rows * cell.height));
  return scale === 1 ? base : Math.max(minFontSize, Math.floor((base * scale) / fontStep) * fontStep);
}

/**
 * Device pixels to add between characters so that a cell is as wide as its character to the nearest pixel: the emulator
 * rounds down, which pushes letters together. `width` is a character's width in device pixels.
 */
export const spacingFor = (width: number): 0 | 1 => (width - Math.floor(width) >= 0.5 ? 1 : 0);

/** What is left to scale by, when a drawn screen is still larger than its box; at most 1. */
export const remainingScale = (box: Size, drawn: Size): number =>
  drawn.width === 0 || drawn.height === 0 ? 1 : Math.min(1, box.width / drawn.width, box.height / drawn.height);
