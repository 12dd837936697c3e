import { expect, it } from 'vitest';
import { hasHidden, visibleLine, visibleParts } from './visible-text.ts';

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

it('[APR13] letters and signs that are drawn as nothing are named', () => {
  for (const blank of [
    '\u2800',
    '\u3164',
    '\u115f',
    '\u1160',
    '\uffa0',
    '\u{1d159}',
    '\u{16fe4}',
    '\ufffe',
    '\u{e0041}',
  ]) {
    const name = `<U+${(blank.codePointAt(0) ?? 0).toString(16).toUpperCase()}>`;
    expect([shown(`a${blank}b`), hasHidden(`a${blank}b`)]).toEqual([['a', name, 'b'], true]);
  }
});

it('[WEB84] what has lines of its own keeps tabs and line feeds, and nothing else', () => {
  const parts = visibleParts('\tif (a)\r\n\t\u202eb\n', '\t\n').map(({ text }) => text);
  expect(parts).toEqual(['\tif (a)', '\\r', '\n\t', 'U+202E', 'b\n']);
});

it('[WEB84] one line names line feeds, too, and is cut where it has a limit', () => {
  expect(visibleLine('rm a\nrm \u202eb')).toBe('rm a[\\n]rm [U+202E]b');
  expect(visibleLine('\u{1f600}'.repeat(9), 4)).toBe('\u{1f600}\u{1f600}\u{1f600}…');
  expect(visibleLine('abcd', 4)).toBe('abcd');
});
