/** Tools that run a program named behind their own words, where the project keeps its programs. Data, and how it is read. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { asWord, type Call, type Describe, isOneOf, type OptionGrammar, splitArguments } from './call.ts';
import type { Word } from './word.ts';
import { joinText } from './wrapper.ts';

interface Runner extends OptionGrammar {
  /** The subcommands behind which the program stands; none: it stands at once. */
  words: readonly string[];
  /** The subcommand is the program itself. */
  isItself?: boolean;
  /** Options whose value a shell gets. */
  text?: readonly string[];
  /** With one of these a shell gets all further words. */
  shell?: readonly string[];
  /** Options without a value that change nothing about which program runs. */
  flags?: readonly string[];
  /** Operands between the subcommand and the program. */
  operands?: number;
  effect?: CommandEffect;
}

const flags = ['yes', 'y', 'quiet', 'q', 'silent', 's', 'verbose', 'v', 'no-install', 'offline', 'prefer-offline', 'r'];
const npm: Runner = {
  ...{ words: ['exec', 'x'], text: ['c', 'call'], flags: [...flags, 'workspaces', 'ws', 'include-workspace-root'] },
  ...{ short: 'cpw', long: ['call', 'package', 'workspace', 'prefix', 'cache', 'registry', 'userconfig'] },
};
const npx: Runner = { ...npm, words: [] };
const pnpm: Runner = {
  ...{ words: ['exec', 'dlx'], shell: ['c', 'shell-mode'] },
  ...{ short: 'CF', long: ['filter', 'package', 'dir'], flags: [...flags, 'recursive', 'parallel', 'w'] },
};
const uv: Runner = {
  ...{
    words: ['run'],
    short: 'p',
    flags: [...flags, 'no-sync', 'frozen', 'locked', 'isolated', 'no-project', 'no-dev'],
  },
  long: [
    'with',
    'python',
    'project',
    'directory',
    'extra',
    'group',
    'env-file',
    'from',
    'with-requirements',
    'package',
  ],
};
const plain: Runner = { words: ['exec'], flags };
const other: Runner = { ...plain, effect: 'unknown' };

const runners: Readonly<Record<string, Runner>> = {
  ...{ npm, npx, pnpm, pnpx: { ...pnpm, words: [] }, yarn: { ...plain, words: ['exec', 'dlx'], short: 'p' } },
  ...{ bun: { ...plain, words: ['x'] }, bunx: { ...plain, words: [] } },
  corepack: { words: ['npm', 'npx', 'yarn', 'pnpm', 'pnpx'], isItself: true },
  ...{
    bundle: { ...plain, flags: [...flags, 'keep-file-descriptors'] },
    gem: { ...plain, short: 'gv' },
    composer: plain,
  },
  ...{ poetry: { ...plain, words: ['run'], short: 'CP' }, pipenv: { ...plain, words: ['run'] } },
  ...{ uv, uvx: { ...uv, words: [] }, tox: { ...plain, short: 'ec' } },
  conda: {
    ...{ words: ['run'], short: 'np', long: ['name', 'prefix', 'cwd'] },
    flags: [...flags, 'no-capture-output', 'live-stream'],
  },
  ...{ lerna: plain, nx: plain, stack: plain, cabal: plain, mix: { ...plain, words: ['cmd'] } },
  ...{ mise: { ...other, words: ['exec', 'x'] }, asdf: other, rbenv: other, pyenv: other, opam: other, fnm: other },
  ...{ rye: { ...other, words: ['run'] }, pdm: { ...other, words: ['run'] }, hatch: { ...other, words: ['run'] } },
  ...{ pipx: { ...other, words: ['run'] }, direnv: { ...other, operands: 1 }, volta: { ...other, words: ['run'] } },
  ...{ 'xvfb-run': { ...other, words: [], flags: ['a', 'auto-servernum'] } },
};

const runnerNamed = (program: string): Runner | undefined =>
  Object.hasOwn(runners, program) ? runners[program] : undefined;

/** Where the subcommand stands: before it only options, and words that may be their values. -1: it is another one. */
function placeOf(args: readonly Word[], words: readonly string[]): number {
  for (const [index, { text, kind }] of args.entries()) {
    if (kind !== 'literal') return -1;
    if (words.includes(text)) return index;
    const isValue = index > 0 && /^-/.test(args[index - 1]?.text ?? '') && !args[index - 1]?.text.includes('=');
    if (!text.startsWith('-') && !isValue) return -1;
  }
  return -1;
}

/** What the text would do is read as bash does: other shells take these for something else. */
const ofShell = /[$`(\\]|\|&|&>/;

function runText(words: readonly Word[], call: Call): void {
  if (words.some(({ text }) => ofShell.test(text)))
    call.collector.unclear(`how the shell of ${call.program} reads its text is not certain`);
  joinText(words, call);
}

const isKnown = ({ flags: known = [], long = [], short = '', shell = [] }: Runner, name: string): boolean =>
  known.includes(name) || long.includes(name) || shell.includes(name) || (name.length === 1 && short.includes(name));

function run(runner: Runner, args: readonly Word[], call: Call): void {
  const { collector, program } = call;
  const { text = [], shell = [] } = runner;
  const { options, operands } = splitArguments(args, { ...runner, isStrict: true });
  for (const option of options) {
    if (!isKnown(runner, option.name)) collector.unclear(`${program} -${option.name} is not known`);
    if (!isOneOf(option, text.join(''), text)) continue;
    if (option.value) runText([option.value], call);
    else collector.unclear(`what ${program} -${option.name} runs is not known`);
  }
  const [first, ...rest] = operands.slice(runner.operands ?? 0);
  if (!first) return;
  const isShell = options.some(({ name }) => shell.includes(name)) || /\s/.test(first.text);
  if (isShell) runText([first, ...rest], call);
  else if (/\.py$/.test(first.text)) call.run([asWord('python'), first, ...rest]);
  else call.run([first, ...rest]);
}

/** `cmake -E` has commands of its own, called like the system's. */
function describeCmake({ args, collector, run: runOther }: Call): void {
  const at = args.findIndex(({ text }) => text === '-E');
  const [first, ...rest] = at < 0 ? [] : args.slice(at + 1);
  if (!first) return;
  if (/^(?:cat|env|rm|rmdir|touch|echo|sleep|true|false|time|tar)$/.test(first.text)) runOther([first, ...rest]);
  else if (first.text === 'environment') runOther([asWord('env')]);
  else collector.unclear(`cmake -E ${first.source} is not looked into`);
}

/** States the programs that the call runs. True where that is all it does. */
export function runs(call: Call): boolean {
  if (call.program === 'cmake') describeCmake(call);
  const runner = runnerNamed(call.program);
  if (!runner) return false;
  const at = runner.words.length === 0 ? -1 : placeOf(call.args, runner.words);
  if (at < 0 && runner.words.length > 0) return false;
  const before = splitArguments(call.args.slice(0, Math.max(at, 0)), runner).options;
  for (const { name } of before)
    if (!isKnown(runner, name)) call.collector.unclear(`${call.program} -${name} is not known`);
  if (runner.isItself) call.run(call.args.slice(at));
  else run(runner, call.args.slice(at + 1), call);
  return true;
}

/** What it runs is what the project depends on, as its scripts are. */
export function runsPackages(program: string): boolean {
  const runner = runnerNamed(program);
  return runner !== undefined && runner.effect === undefined;
}

/** A runner that does nothing else that is known. */
export function runnerOf(program: string): Describe | null {
  if (runnerNamed(program)?.effect === undefined) return null;
  return (call) => {
    runs(call);
    for (const word of call.args)
      if (word.kind === 'unknown') call.collector.unclear(`${word.source} is known only when it runs`);
    return 'unknown';
  };
}
