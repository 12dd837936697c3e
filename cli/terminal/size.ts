/** Sizes that a program may be given, from this window or from arguments. */
import { AppError } from '#protocol/error.ts';
import type { Output } from '../io.ts';

export interface Size {
  cols: number;
  rows: number;
}

/** Bounds of the protocol: columns 2 to 1,000, rows 1 to 500. */
const clamp = ({ cols, rows }: Size): Size => ({
  cols: Math.min(Math.max(cols, 2), 1000),
  rows: Math.min(Math.max(rows, 1), 500),
});

/** The window behind `output`, or 80 × 24 where it is none. */
export const sizeOf = ({ isTTY, columns, rows }: Output): Size =>
  isTTY && columns && rows ? clamp({ cols: columns, rows }) : { cols: 80, rows: 24 };

/** A count of columns or rows as typed. Throws `input.invalid` naming it. */
export function parseCount(name: string, text: string): number {
  if (!/^[0-9]{1,4}$/.test(text)) {
    throw new AppError({ code: 'input.invalid', message: `${name}: a whole number is required` });
  }
  return Number(text);
}
