/** What a script does with functions, declarations and folders. */
import { beforeAll, expect, it } from 'vitest';
import { loadCommandParser } from '#facts/command-parser.ts';
import { noFiles } from '../subject.ts';
import type { CommandParser } from './index.ts';

let parser: CommandParser;
beforeAll(async () => {
  parser = await loadCommandParser();
});

const place = { cwd: '/base', base: '/base', home: '/home/ada', restricted: [], files: noFiles };
const analyse = (text: string) => parser.analyse(text, place);
const programs = (text: string) => analyse(text).commands.map(({ program }) => program);
const cwdsOf = (text: string, program: string) =>
  analyse(text).commands.flatMap((command) => (command.program === program ? [command.cwd] : []));

it('[POL13] a function stands for a program only where it surely runs in its place', () => {
  for (const text of ['env() { :; }; env', 'env() { :; }\nls\nenv x', 'env() { :; }; f() { env; }; f'])
    expect(programs(text), text).not.toContain('env');
  for (const text of [
    ...['env; env() { :; }', '(env() { :; }); env', 'env() { :; } & env', 'x && env() { :; }; env'],
    ...['if x; then env() { :; }; fi; env', 'env() { :; }; unset -f env; env', 'env() { :; } | cat; env'],
    ...['env() { :; }; env() { :; }; env', "env() { :; }; for i in 1 2; do env; e''val 'unset -f env'; done"],
    ...["sh -c 'eval() { :; }; eval env'", 'env() { :; }; command env', 'env() { :; }; nohup env'],
  ])
    expect(programs(text), text).toContain('env');
});

it('[POL13] whatever may run of the functions of a name is looked at, and one that calls itself is not understood', () => {
  expect(programs('if x; then f() { cat; }; else f() { head; }; fi; f')).toEqual(
    expect.arrayContaining(['cat', 'head', 'f']),
  );
  expect(cwdsOf('f() { cat a; }; cd b && f', 'cat')).toEqual(['/base', '/base/b']);
  for (const text of ['f() { f; }; f', 'a() { b; }; b() { a; }; a'])
    expect(analyse(text).unclear, text).not.toEqual([]);
});

it('[POL14] a declaration without a name shows every variable', () => {
  for (const text of ['declare', 'declare -g', 'typeset -x', 'export -p', 'readonly -a', 'export -n'])
    expect(analyse(text).unclear.join(), text).toMatch(/shows every variable|is not looked into/);
  for (const text of ['declare -f', 'declare -F', 'export A=1', 'declare -r A=1', 'export A', 'typeset -f name'])
    expect(analyse(text).unclear, text).toEqual([]);
});

it('[POL14] what an array gets in quotes is run, and asked about', () => {
  for (const text of [
    ...["declare -a x='($(env))'", "declare -A x='([$(env)]=1)'", "export -a x='(1)'", "x=(1); declare x='(1)'"],
    ...['declare -a x="$1"', 'declare -a x=\\(1\\)', 'read -a x; export x="$1"', 'declare DIRSTACK="$1"'],
  ])
    expect(analyse(text).unclear, text).not.toEqual([]);
  for (const text of ['declare -a x=(a b)', "declare -a x='a b'", 'export x="$1"', "x=(1); export y='a b'"])
    expect(analyse(text).unclear, text).toEqual([]);
});

it('[POL16] what follows && runs where the command before it leads', () => {
  expect(cwdsOf('cd a && cd .. && cat x', 'cat')).toEqual(['/base']);
  expect(cwdsOf('cd a && cd b && ls && cat x', 'cat')).toEqual(['/base/a/b']);
  expect(cwdsOf('{ cd a && cd .; } && cat x', 'cat')).toEqual(['/base/a']);
  expect(cwdsOf('cd a & cat x', 'cat')).toEqual(['/base']);
  // Each of these may be in several places.
  for (const text of [
    'cd a; cat x',
    'cd a || cat x; cat y',
    '! cd a && cat x',
    'f() { cd a; return; cd ..; }; f && cat x',
  ])
    expect(cwdsOf(text, 'cat'), text).toContain(null);
});
