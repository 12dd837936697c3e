/** Fails a test that printed an error it did not expect. One that expects it asserts and calls `mockClear()`. */
import { afterEach, beforeEach, expect, vi } from 'vitest';

beforeEach(() => {
  vi.spyOn(console, 'error');
});

afterEach(() => {
  const printed = vi.mocked(console.error).mock.calls.map((call) => call.map(String).join(' '));
  expect(printed, 'console.error was called').toEqual([]);
});
