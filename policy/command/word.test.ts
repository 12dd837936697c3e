/** Words as bash decodes them, held against bash itself. */
import { spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import type { FileView } from '../file-view.ts';
import type { CommandParser } from './index.ts';

const files: FileView = { look: () => null, resolve: (path) => path, list: () => [] };
const place = { cwd: '/work', base: '/work', home: '/home/ada', restricted: [], files };
let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

/** The same numbers every time. */
function* randomFrom(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

const pieces = [
  ...[
    'a',
    'b',
    '/',
    '.',
    '-',
    '=',
    '~',
    '"',
    "'",
    '\\',
    ' ',
    '\t',
    '"a b"',
    "'c d'",
    "''",
    '""',
    '\\n',
    '\\ ',
    '\\\n',
    '$',
    '#',
  ],
  ...[
    "$'\\x41'",
    "$'\\n'",
    '$"e"',
    '$HOME',
    '"$HOME"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
    '${HOME}',
    '{a,b}',
    '{',
    '}',
    '!',
    '@',
    '%',
    '+',
    ':',
    '[',
    ']',
    '?',
    '*',
    '"\\$x"',
    "\\'",
  ],
];

it('[POL1] a word that is known is what bash passes to the program, for 2,000 random lines', () => {
  const random = randomFrom(7);
  const next = (below: number) => Math.floor((random.next().value ?? 0) * below);
  const lines = Array.from({ length: 2_000 }, () =>
    Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join(''),
  );
  const known = lines.flatMap((line) => {
    const { commands, unclear } = parser.analyse(`printf ${line}`, place);
    const [command] = commands;
    const isKnown = commands.length === 1 && unclear.length === 0 && command?.unknown.length === 0;
    return isKnown && command ? [{ line, argv: command.argv.slice(1) }] : [];
  });
  expect(known.length).toBeGreaterThan(700);
  // One bash for all of them: each line's words, each ended by NUL, each line by a mark.
  const script = known.map(({ line }) => `p ${line}\n`).join('');
  const prelude = 'cd /; p() { for w in "$@"; do printf "%s\\0" "$w"; done; printf "\\1\\0"; }\n';
  const { stdout } = spawnSync('bash', ['--norc', '--noprofile', '-c', prelude + script], {
    env: { ...process.env, HOME: '/home/ada' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const told = stdout
    .toString()
    .split('\x01\0')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
  expect(told.length).toBe(known.length);
  for (const [index, { line, argv }] of known.entries()) expect(argv, JSON.stringify(line)).toEqual(told[index]);
});
