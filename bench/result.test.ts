import { expect, it } from 'vitest';
import { percentile, toResult } from './result.ts';

it('[FLT10] percentiles are samples, not interpolations', () => {
  expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  expect(
    percentile(
      Array.from({ length: 100 }, (_, i) => i + 1),
      0.95,
    ),
  ).toBe(95);
  expect(percentile([7], 0.95)).toBe(7);
});

it('[FLT10] met says whether every aim is reached, and is null where there is none', () => {
  const samples = [1, 2, 3, 4, 20];
  const base = { name: 'x', unit: 'ms', samples, method: 'm' } as const;
  expect(toResult(base).met).toBeNull();
  expect(toResult({ ...base, aim: 3 }).met).toBe(true);
  expect(toResult({ ...base, aim: 3, aimP95: 19 }).met).toBe(false);
  expect(toResult({ ...base, better: 'higher', aim: 4 }).met).toBe(false);
});

it('[FLT10] a baseline of the same run stands beside the figure with the ratio of the medians', () => {
  const result = toResult({
    name: 'x',
    unit: 'ms',
    samples: [4, 6, 8],
    method: 'm',
    baseline: { name: 'raw', samples: [2, 3, 4] },
  });
  expect(result.baseline).toEqual({ name: 'raw', median: 3, p95: 4 });
  expect(result.ratio).toBe(2);
});
