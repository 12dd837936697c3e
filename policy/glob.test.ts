/** What patterns of paths stand for, on imagined files. */
import { expect, it } from 'vitest';
import { globFact } from './glob.ts';
import { exactly, isWild, patternOf, shareName } from './name-pattern.ts';
import { overlay, type Setup } from './overlay.ts';
import { noFiles } from './subject.ts';

const base = '/srv/base';
const setup: Setup = [
  { type: 'file', path: '/srv/config/secret' },
  { type: 'file', path: '/srv/config/sub/x' },
  { type: 'file', path: 'sub/a.txt' },
  { type: 'file', path: 'sub/.hidden' },
  { type: 'symlink', path: 'link', target: '../config/sub' },
];
const look = (pattern: string, restricted = ['/srv/config/secret'], files = overlay(noFiles, setup, base)) => {
  const place = { cwd: base, base, home: '/home/ada', restricted, files };
  const { fact, problem, matches } = globFact(pattern, { effect: 'read', cwd: base, place, budget: { names: 1_000 } });
  return { restricted: fact.restricted, isInBase: fact.isInBase, isClear: problem === null, matches };
};

it('[POL15] each name of a pattern is looked up, through links, and what is above them', () => {
  expect(look('*/a.txt')).toMatchObject({ restricted: false, isInBase: false, isClear: true });
  expect(look('s*/*')).toMatchObject({ isInBase: true, isClear: true, matches: [`${base}/sub/a.txt`] });
  expect(look('s*/.h*').matches).toEqual([`${base}/sub/.hidden`]);
  for (const pattern of [
    'link/../s*',
    '*/../secret',
    '../c*/[s]ecret',
    '../*/s?cret',
    '/*/config/s*',
    '../config/[!a]*',
  ])
    expect(look(pattern), pattern).toMatchObject({ restricted: true, isInBase: false });
});

it('[POL15] a pattern that begins with a dot may stand for the folder above', () => {
  for (const pattern of ['.*', '.?/x', '.[.]/x', 'sub/.[!a]/x']) expect(look(pattern).isClear, pattern).toBe(false);
  for (const pattern of ['.g*', '.e??', '.[a-z]*', '*.ts']) expect(look(pattern).isClear, pattern).toBe(true);
  expect(look('.?/config/secret').restricted).toBe(true);
});

it('[POL15] where nothing is there to be listed, a pattern that may mean a restricted one is not clear', () => {
  const all = [`${base}/**/*.pem`, '/home/ada/.ssh/**'];
  for (const pattern of ['certs/*', 'certs/a.pe?', 'certs/*/b', 'certs/[x]*m']) {
    const { isClear, restricted } = look(pattern, all, noFiles);
    expect(isClear && !restricted, pattern).toBe(false);
  }
  for (const pattern of ['src/*.ts', 'src/[a-c]*.md', 'certs/?.p'])
    expect(look(pattern, all, noFiles).isClear).toBe(true);
  expect(look('/home/ada/.ssh/*', all, noFiles).restricted).toBe(true);
  expect(look('*/a', [], { ...noFiles, look: () => null, list: () => Array<string>(2_000).fill('x') }).isClear).toBe(
    false,
  );
});

it('[POL15] two patterns of a name meet where one name is both', () => {
  const meet = (one: string, other: string) => shareName(patternOf(one), patternOf(other));
  const rows: [string, string, boolean][] = [
    ...(
      [
        ['*', 'a', true],
        ['a*', '*b', true],
        ['a?', 'b*', false],
        ['*.ts', '*.pem', false],
      ] as const
    ).map((row) => [...row] as [string, string, boolean]),
    ['[ab]c', 'bc', true],
    ['[ab]c', 'dc', false],
    ['[!a]c', 'dc', true],
    ['[a]x[b]', 'a]x[b', true],
    ['a**b', 'ab', true],
    ['', '*', true],
    ['', '?', false],
  ];
  for (const [one, other, expected] of rows) {
    expect(meet(one, other), `${one} ${other}`).toBe(expected);
    expect(meet(other, one), `${other} ${one}`).toBe(expected);
  }
  expect(shareName(patternOf('*s'.repeat(127)), exactly('s'.repeat(250)))).toBe(true);
  expect(['a', '[]', 'a[', 'a]b['].map(isWild)).toEqual([false, false, false, false]);
  expect(['[a]', '[]a]', '*', 'a?'].map(isWild)).toEqual([true, true, true, true]);
});
