import { afterEach, expect, it, vi } from 'vitest';
import { Ticker } from './ticker.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('[WEB1] one timer tells everybody, in whole steps, and none runs while nobody listens', () => {
  vi.useFakeTimers({ now: 1_400 });
  const ticker = new Ticker(1_000);
  const heard: string[] = [];
  const stops = ['a', 'b', 'c'].map((name) => ticker.subscribe(() => heard.push(`${name}${ticker.read()}`)));
  expect([vi.getTimerCount(), ticker.read()]).toEqual([1, 1_000]);
  vi.advanceTimersByTime(1_000);
  expect(heard).toEqual(['a2000', 'b2000', 'c2000']);
  for (const stop of stops) stop();
  expect(vi.getTimerCount()).toBe(0);
  stops[0]?.();
  ticker.subscribe(() => undefined)();
  expect(vi.getTimerCount()).toBe(0);
});
