import { expect, it } from 'vitest';
import { lastLine } from './last-line.ts';

it('is the last row with something on it, whole where it went over several', () => {
  expect(lastLine(['one', 'two  ', '', ' '], 10)).toBe('two');
  expect(lastLine(['one', 'root@host:', '/checkout#', ' now'], 10)).toBe('root@host:/checkout# now');
  expect(lastLine(['root@host:', '#'], 10)).toBe('root@host:#');
  expect(lastLine(['', ''], 10)).toBe('');
  expect(lastLine([], 10)).toBe('');
});
