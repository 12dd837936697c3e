import { expect, it } from 'vitest';
import { hasHidden, visibleParts } from './visible-text.ts';

const shown = (text: string) =>
  visibleParts(text).map(({ kind, text: part }) => (kind === 'hidden' ? `<${part}>` : part));

it('[APR13] characters that do not show, and those that turn others, are named', () => {
  expect(shown('npm install \u202effid@2.1.0')).toEqual(['npm install ', '<U+202E>', 'ffid@2.1.0']);
  expect(shown('a\u200bb\tc\r\0')).toEqual(['a', '<U+200B>', 'b', '<\\t>', 'c', '<\\r>', '<\\0>']);
  expect(shown('a\nb\n')).toEqual(['a\nb', '<\\n>']);
  expect(shown('ls\u00a0-la')).toEqual(['ls', '<U+00A0>', '-la']);
});

it('[APR13] ordinary text of any script stays as it is', () => {
  for (const text of ['git push', 'größe', '日本語', '🙂 ok', 'a\nb'])
    expect([shown(text), hasHidden(text)]).toEqual([[text], false]);
});
