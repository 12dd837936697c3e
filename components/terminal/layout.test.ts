import { expect, it } from 'vitest';
import { cellsIn, fittingFontSize, remainingScale, spacingFor } from './layout.ts';

const cell = { width: 8, height: 16 };

it('[WEB27] counts whole cells within what a program may be given', () => {
  expect(cellsIn({ width: 807, height: 335 }, cell)).toEqual({ cols: 100, rows: 20 });
  expect(cellsIn({ width: 0, height: 0 }, cell)).toEqual({ cols: 2, rows: 1 });
  expect(cellsIn({ width: 99_999, height: 99_999 }, cell)).toEqual({ cols: 1000, rows: 500 });
});

it('[WEB30] draws another’s screen smaller to fit, never larger', () => {
  const grid = { cols: 100, rows: 20 };
  expect(fittingFontSize({ width: 1600, height: 900 }, cell, grid, 13)).toBe(13);
  expect(fittingFontSize({ width: 400, height: 900 }, cell, grid, 13)).toBe(6.5);
  expect(fittingFontSize({ width: 1600, height: 240 }, cell, grid, 13)).toBe(9.75);
  expect(fittingFontSize({ width: 40, height: 240 }, cell, grid, 13)).toBe(4);
});

it('[WEB30] scales the rest of the way', () => {
  expect(remainingScale({ width: 390, height: 600 }, { width: 780, height: 300 })).toBe(0.5);
  expect(remainingScale({ width: 390, height: 600 }, { width: 380, height: 300 })).toBe(1);
  expect(remainingScale({ width: 390, height: 600 }, { width: 0, height: 0 })).toBe(1);
});

it('[WEB30] gives each character the nearest whole number of pixels', () => {
  expect([7.8, 7.2, 15.5, 15].map(spacingFor)).toEqual([1, 0, 1, 0]);
});
