import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fetchPart } from './fetch-part.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const notFetched = () => Object.assign(new Error('Failed to load chunk'), { name: 'ChunkLoadError' });

it('[WEB38] a part that cannot be fetched is tried again until it is there', async () => {
  let calls = 0;
  const part = fetchPart(async () => {
    if (++calls < 4) throw notFetched();
    return 'part';
  });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await part).toBe('part');
});

it('[WEB38] a part that breaks, or never comes, is an error', async () => {
  const broken = vi.fn(() => Promise.reject(new TypeError('broken')));
  await expect(fetchPart(broken)).rejects.toThrow('broken');
  expect(broken).toHaveBeenCalledTimes(1);
  const missing = expect(fetchPart(() => Promise.reject(notFetched()))).rejects.toThrow('Failed to load chunk');
  await vi.advanceTimersByTimeAsync(21_000);
  await missing;
});
