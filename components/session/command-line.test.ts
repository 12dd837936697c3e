import { expect, it } from 'vitest';
import { parseCommandLine } from './command-line.ts';

it('[WEB5] splits a program line into arguments as a shell would, without expanding anything', () => {
  expect(parseCommandLine('  ')).toEqual({ ok: true, command: null });
  expect(parseCommandLine('htop -d 10')).toEqual({ ok: true, command: ['htop', '-d', '10'] });
  expect(parseCommandLine(`git commit -m "two \\"words\\"" 'a b'c \\  $HOME ""`)).toEqual({
    ok: true,
    command: ['git', 'commit', '-m', 'two "words"', 'a bc', ' ', '$HOME', ''],
  });
});

it('[WEB5] names what is wrong with a line it cannot run', () => {
  expect(parseCommandLine('echo "open')).toEqual({ ok: false, problem: 'A " has no partner. Close it or remove it.' });
  expect(parseCommandLine('ls | wc')).toEqual({
    ok: false,
    problem: '| needs a shell: write sh -c "…" around the line.',
  });
});
