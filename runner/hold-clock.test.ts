import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HoldClock } from './hold-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('[PAU4] what waits for a time is not late by the time that the clock stood still', () => {
  const clock = new HoldClock(() => performance.now());
  const rung: string[] = [];
  clock.after(1_000, () => rung.push('first'));
  const cancel = clock.after(1_000, () => rung.push('cancelled'));
  vi.advanceTimersByTime(600);
  clock.stop();
  clock.stop();
  cancel();
  clock.after(500, () => rung.push('second'));
  vi.advanceTimersByTime(60 * 60 * 1_000);
  expect(rung).toEqual([]);
  clock.go();
  clock.go();
  vi.advanceTimersByTime(399);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual(['first']);
  vi.advanceTimersByTime(100);
  expect(rung).toEqual(['first', 'second']);
});
