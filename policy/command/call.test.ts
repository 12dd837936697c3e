/** How options are told from operands, and which of them hide files. */
import { beforeAll, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { noFiles } from '../subject.ts';
import { asWord, splitArguments } from './call.ts';
import type { CommandParser } from './index.ts';

const split = (text: string, grammar: Parameters<typeof splitArguments>[1]) => {
  const { options, operands } = splitArguments(text.split(' ').map(asWord), grammar);
  return [...options.map(({ name, value }) => `${name}=${value?.text}`), ...operands.map(({ text }) => text)];
};

it('[POL17] the beginning of a long option is that option, with its value', () => {
  const grammar = { short: 'e', attached: 'i', long: ['expression', 'file'], flags: ['files'] };
  expect(split('--expr a b', grammar)).toEqual(['expression=a', 'b']);
  expect(split('--e=a b', grammar)).toEqual(['expression=a', 'b']);
  expect(split('--files a', grammar)).toEqual(['files=undefined', 'a']);
  expect(split('--other a', grammar)).toEqual(['other=undefined', 'a']);
  expect(split('-ie a', grammar)).toEqual(['i=e', 'a']);
  expect(split('-i -ne a b', grammar)).toEqual(['i=undefined', 'n=undefined', 'e=a', 'b']);
});

let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});
const analyse = (text: string) =>
  parser.analyse(text, { cwd: '/base', base: '/base', home: '/home/ada', restricted: [], files: noFiles });

it('[POL17] behind an option that nobody here knows the first word is a file, too', () => {
  const paths = (text: string) => analyse(text).paths.map(({ path }) => path);
  expect(paths('grep --unheard-of a b c')).toEqual(['a', 'b', 'c']);
  expect(paths('grep --exclude-from a b c')).toEqual(['a', 'c']);
  expect(paths('grep --context 3 b c')).toEqual(['c']);
  expect(paths('rg --ignore-file a b c')).toEqual(['a', 'c']);
  expect(paths('rg --type ts b c')).toEqual(['c']);
});

it('[POL18] files that are named by an input or another file are asked about', () => {
  for (const text of [
    ...['sort --files0-from=-', 'wc --files0 x', 'du --files0-from x', 'file -f -', 'md5sum -c x', 'sha1sum --check'],
    ...['jq -f x a', 'jq -nf /dev/stdin', 'git cat-file --batch', 'git log --stdin', 'git show -C --std', 'xargs cat'],
  ])
    expect(analyse(text).unclear, text).not.toEqual([]);
  for (const text of ['sort a', 'wc -l a', 'md5sum a', 'jq . a', 'git cat-file -p HEAD', 'git log --stat'])
    expect(analyse(text).unclear, text).toEqual([]);
});
