import { expect, it } from 'vitest';
import { inputText } from './given-input.ts';

const text = (shown: string, left = 0) =>
  inputText({ id: 'apr_1', tool: 'Write', input: { digest: 'a'.repeat(64), text: shown, left } });

it('[APR25] inbox and approve print what a tool is given, with every character that does not show named', () => {
  expect(text('+++ a\n+one\u202etwo')).toBe('apr_1 Write\n  +++ a\n  +one\\u202etwo\n');
  expect(text('')).toBe('');
  expect(inputText({ id: 'apr_1', tool: 'Write', input: null })).toBe('');
});

it('[APR25] what is not printed is counted', () => {
  expect(text('one', 7)).toBe('apr_1 Write\n  one\n  … 7 more characters, see the inbox\n');
  expect(text('x\n'.repeat(300)).split('\n').slice(-3)).toEqual(['  x', '  … 200 more characters, see the inbox', '']);
});
