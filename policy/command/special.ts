/** Programs with a small language of their own: find, xargs, ps, sed, awk, shells and what evaluates text. */

import type { CommandEffect } from '#protocol/action-facts.ts';
import { isPlainAwk } from './awk.ts';
import { asWord, type Call, type Describe, type Found, isOneOf, splitArguments } from './call.ts';
import { foundByFind, takeFound } from './found.ts';
import type { Word } from './word.ts';
import { isDangerousVariable, joinText } from './wrapper.ts';

const findTests = new Set(
  (
    'name iname path ipath wholename iwholename regex iregex type xtype size mtime mmin atime amin ctime cmin newer perm user group ' +
    'uid gid maxdepth mindepth links inum empty readable writable executable print print0 ls prune quit not o a and or depth ' +
    'mount xdev follow true false nouser nogroup samefile printf daystart noleaf regextype quit'
  ).split(' '),
);
/** Of these the word behind is their value, whatever it says. */
const findValues = new Set(
  (
    'name iname path ipath wholename iwholename regex iregex type xtype size mtime mmin atime amin ctime cmin newer perm user group ' +
    'uid gid maxdepth mindepth links inum samefile printf regextype'
  ).split(' '),
);
/** `-newermt 2024-01-01`, `-neweram file`. */
const newerThan = /^newer[aBcm][aBcmt]$/;
const findRuns = new Set(['exec', 'execdir', 'ok', 'okdir']);

/** `{}` stands for files that are found: as a word of its own for all of them. */
function runFound(words: readonly Word[], call: Call, found: Found | null): void {
  const [program] = words;
  const isPlain = words.every(({ text }) => text === '{}' || !text.includes('{}')) && program?.text !== '{}';
  if (found && isPlain && words.some(({ text }) => text === '{}')) {
    const taken = takeFound(found, call, true);
    return call.run(words.flatMap((word) => (word.text === '{}' ? taken : [word])));
  }
  const isKnown = words.every(({ text }) => !text.includes('{}'));
  call.run(
    words.map((word) => (word.text.includes('{}') ? { ...word, kind: 'unknown' as const } : word)),
    { tail: !isKnown },
  );
}

/** Where a command that find runs ends: at `;`, or at a `+` behind `{}`. */
function endOfRun(args: readonly Word[], from: number): number {
  const end = args.findIndex(
    ({ text }, index) => index > from && (text === ';' || (text === '+' && args[index - 1]?.text === '{}')),
  );
  return end < 0 ? args.length : end;
}

const find: Describe = (call) => {
  const { args, collector, cwds } = call;
  let [runs, writes] = [false, false];
  let at = args.findIndex(({ text }) => /^[-(!]/.test(text) && !/^-(?:[HLP]|O\d|D)$/.test(text));
  if (at < 0) at = args.length;
  const roots = args.slice(0, at).filter(({ text }) => !text.startsWith('-'));
  const isFollowing = args.some(({ text }) => text === '-L' || text === '-follow');
  for (; at < args.length; at++) {
    const word = args[at];
    const name = word?.text.replace(/^-/, '') ?? '';
    if (word?.kind === 'unknown' && !word.source.startsWith('"'))
      collector.unclear(`${word.source} may be more words than one`);
    if (word?.kind === 'unknown') collector.unclear(`${word.source} may be an action of find`);
    if (!word?.text.startsWith('-')) {
      if (word && !/^[(),!]$/.test(word.text)) collector.unclear(`find takes no ${word.source} there`);
      continue;
    }
    if (findValues.has(name) || newerThan.test(name)) {
      valueOfFind(name, args[++at], call);
    } else if (findRuns.has(name)) {
      const end = endOfRun(args, at);
      const isHere = name === 'exec' || name === 'ok';
      runFound(args.slice(at + 1, end), call, isHere ? foundByFind(args.slice(0, at)) : null);
      runs = true;
      at = end;
    } else if (name === 'delete') writes = true;
    else if (/^f(?:print0?|printf|ls)$/.test(name)) {
      const file = args[at + 1];
      if (file) collector.path(file, 'write', cwds);
      writes = true;
    } else if (!findTests.has(name)) collector.unclear(`find ${word.text} is not known`);
  }
  for (const root of roots.length > 0 ? roots : [asWord('.')]) {
    if (writes) collector.path(root, 'delete', cwds);
    if (runs || isFollowing) collector.tree(root, cwds, isFollowing);
    else if (!writes) collector.path(root, 'list', cwds);
  }
  if (writes) return 'write';
  return runs ? 'execute' : 'read';
};

function valueOfFind(name: string, value: Word | undefined, { collector, cwds }: Call): void {
  if (!value) return;
  if (name === 'samefile' || /^newer(?:$|.[^t])/.test(name)) collector.path(value, 'list', cwds);
  else collector.names(value, cwds);
  const isOne = value.kind !== 'unknown' || /^"(?:[^"\\]|\\.)*"$/s.test(value.source);
  if (!isOne) collector.unclear(`${value.source} may be more words than one`);
}

const xargs: Describe = (call) => {
  const { options, operands } = splitArguments(call.args, {
    ...{ short: 'IEdLnPsa', long: ['max-args', 'max-procs', 'max-chars', 'delimiter', 'arg-file'], isStrict: true },
  });
  const known = ['null', 'no-run-if-empty', 'verbose', 'replace', 'max-args', 'max-procs', 'delimiter', 'exit'];
  for (const option of options) {
    if (!isOneOf(option, 'I0rtpxLnPsdE', known)) call.collector.unclear(`xargs -${option.name} is not known`);
  }
  const mark = options.find((option) => isOneOf(option, 'I', ['replace']))?.value?.text;
  const { input } = call;
  if (input.kind === 'names' && !options.some((option) => isOneOf(option, 'a', ['arg-file']))) {
    const isExact = options.some(
      (option) =>
        isOneOf(option, '0', ['null']) || (isOneOf(option, 'd', ['delimiter']) && option.value?.text === '\\n'),
    );
    return runTaken(operands, mark, takeFound(input.found, call, isExact), call);
  }
  const words = operands.map((word) =>
    mark !== undefined && word.text.includes(mark) ? { ...word, kind: 'unknown' as const } : word,
  );
  call.run(words.length > 0 ? words : [asWord('echo')], { tail: true });
  return 'execute';
};

/** Names of files behind the words, or where the mark stands. */
function runTaken(words: readonly Word[], mark: string | undefined, taken: readonly Word[], call: Call): CommandEffect {
  if (mark === undefined) call.run([...(words.length > 0 ? words : [asWord('echo')]), ...taken]);
  else {
    const isPart = ({ text }: Word) => text.includes(mark) && text !== mark;
    const isProgram = words[0]?.text.includes(mark) ?? false;
    const unknown = (word: Word): Word => ({ ...word, kind: 'unknown' });
    call.run(
      words.flatMap((word, index) =>
        isPart(word) || (index === 0 && isProgram) ? [unknown(word)] : word.text === mark ? taken : [word],
      ),
    );
  }
  return 'execute';
}

/** `sed -n 1,40p` reads; `-i` writes; the commands `e`, `w`, `r` reach further. */
const sed: Describe = (call) => {
  const { collector, cwds } = call;
  const { options, operands } = splitArguments(call.args, {
    ...{ short: 'efl', attached: 'i', long: ['expression', 'file', 'line-length'] },
  });
  const isInPlace = options.some((option) => isOneOf(option, 'i', ['in-place']));
  const given = options.filter((option) => isOneOf(option, 'e', ['expression'])).map(({ value }) => value);
  if (options.some((option) => isOneOf(option, 'f', ['file']))) collector.unclear('the script of sed is in a file');
  const scripts = given.length > 0 ? given : [operands[0] ?? null];
  for (const script of scripts) {
    if (script?.kind === 'glob') collector.path(script, 'read', cwds);
    if (!script || script.kind === 'unknown') collector.unclear('the script of sed is known only when it runs');
    else if (!isPlainSed(script.text)) collector.unclear('the script of sed may run or write something');
  }
  for (const word of operands.slice(given.length > 0 ? 0 : 1)) collector.path(word, isInPlace ? 'write' : 'read', cwds);
  return isInPlace ? 'write' : 'read';
};

/** Addresses with p, d, q, =, s/…/…/flags and y: nothing that opens a file or runs a program. */
function isPlainSed(script: string): boolean {
  const address = String.raw`(?:\d+|\$|\/(?:[^/\\\n]|\\.)*\/I?)(?:,(?:[+~]?\d+|\$|\/(?:[^/\\\n]|\\.)*\/I?))?\s*!?`;
  const substitute = String.raw`[sy]([/|#,:@!])(?:(?!\1)[^\\\n]|\\.)*\1(?:(?!\1)[^\\\n]|\\.)*\1[gipI0-9]*`;
  const one = new RegExp(String.raw`^\s*(?:${address})?\s*(?:[pdqDPgGhHxnN=]\d*|${substitute})\s*$`);
  return script.split(/;|\n/).every((part) => part.trim() === '' || one.test(part)) || one.test(script);
}

const awk: Describe = (call) => {
  const { collector, cwds } = call;
  const { options, operands } = splitArguments(call.args, { short: 'Fvf', isStrict: true });
  const fromFile = options.some(({ name }) => name === 'f');
  if (fromFile || options.some((option) => !isOneOf(option, 'Fv')))
    collector.unclear('the program of awk is not known');
  const program = operands[0];
  if (program?.kind !== 'literal') collector.unclear('the program of awk is known only when it runs');
  else if (!isPlainAwk(program.text)) collector.unclear('the program of awk may run, write or read something else');
  for (const word of operands.slice(1)) {
    if (!/^[A-Za-z_]\w*=/.test(word.text)) collector.path(word, 'read', cwds);
  }
  return 'read';
};

const shell: Describe = (call) => {
  const { collector, cwds, program, input } = call;
  const { options, operands } = splitArguments(call.args, {
    short: 'oO',
    long: ['rcfile', 'init-file'],
    isStrict: true,
  });
  for (const option of options) {
    if (!isOneOf(option, 'cexuvnfols', ['norc', 'noprofile', 'posix', 'login', 'verbose'])) {
      collector.unclear(`${program} -${option.name} is not known`);
    }
  }
  const [first] = operands;
  if (options.some(({ name }) => name === 'c')) {
    if (first?.kind === 'literal') runShell(first.text, call);
    else collector.unclear(`the text that ${program} runs is known only when it runs`);
  } else if (first) {
    collector.path(first, 'execute', cwds);
    collector.unclear(`what the script ${first.source} does is not looked at`);
  } else if (input.kind === 'text') runShell(input.text, call);
  else collector.unclear(`what ${program} reads as a script is known only when it runs`);
  return 'execute';
};

/** What bash and other shells read differently: quotes with a `$`, and two parentheses. */
const ofBash = /\$['"]|\(\(|\|&|&>/;

/** Text for a shell that may be another one than bash. */
function runShell(text: string, call: Call): void {
  const isBash = /^r?bash$/.test(call.program);
  const isPosix = /^(?:sh|dash|ash)$/.test(call.program);
  if (!isBash && (!isPosix || ofBash.test(text)))
    call.collector.unclear(`how ${call.program} reads its text is not certain`);
  call.runText(text);
}

const evaluate: Describe = (call) => {
  joinText(call.args, call);
  return 'execute';
};

const source: Describe = ({ args, collector, cwds }) => {
  if (args[0]) collector.path(args[0], 'execute', cwds);
  collector.unclear('what the sourced file does is not looked at');
  return 'execute';
};

/** They give variables values: only plain names of harmless ones. */
const setsNames: Describe = ({ program, args, collector }) => {
  const short = { read: 'adinNptu', getopts: '' }[program] ?? '';
  const { options, operands } = splitArguments(args, { short });
  const arrays = options.filter(({ name }) => name === 'a').map(({ value }) => value);
  const names = [...operands.slice(program === 'getopts' ? 1 : 0, program === 'getopts' ? 2 : undefined), ...arrays];
  for (const name of names) {
    const isPlain = name?.kind === 'literal' && /^[A-Za-z_]\w*$/.test(name.text) && !isDangerousVariable(name.text);
    if (!isPlain) collector.unclear(`what ${program} sets is not looked into`);
  }
  return 'read';
};

/** Sums, and what `-x` and `-p` do: only without. */
const onlyPlain: Describe = ({ program, args, collector }) => {
  const isPlain = args.every(
    ({ text, kind }) => kind === 'literal' && /^(?:%?\d+|-[lnrs]+|[A-Za-z_]\w*[+*/-]?=\d+)$/.test(text),
  );
  const isSafe = args.every(({ text }) => !isDangerousVariable(text.split(/[+*/-]?=/)[0] ?? ''));
  if (!isPlain || !isSafe) collector.unclear(`what ${program} is told is not looked into`);
  return 'read';
};

/** What it shows stays on the screen with a program of its own, that takes commands: without one it is `cat`. */
const pager: Describe = ({ program, args, collector, cwds }) => {
  for (const word of args) {
    if (word.kind !== 'unknown' && /^-[NSRFXEeinrsS]+$/.test(word.text)) continue;
    if (/^[-+]/.test(word.text)) collector.unclear(`${program} ${word.text} is not known`);
    else collector.path(word, 'read', cwds);
  }
  return 'read';
};

/** Names of pages; a word with a slash is a file. */
const manual: Describe = ({ args, collector, cwds }) => {
  for (const word of args) {
    if (word.kind === 'unknown' || /^-(?![kf]$)/.test(word.text)) collector.unclear(`man ${word.source} is not known`);
    else if (/[/.]/.test(word.text)) collector.path(word, 'read', cwds);
  }
  return 'read';
};

/** They change what later words mean. */
const changesMeaning: Describe = ({ program, args, collector }) => {
  if (args.length > 0) collector.unclear(`${program} changes what later commands mean`);
  return args.length > 0 ? 'unknown' : 'read';
};

const shellOptions = /^(?:pipefail|errexit|nounset|xtrace|noclobber|errtrace)$/;

/** `set -euo pipefail` stops sooner and tells more; other options change what later words mean. */
const set: Describe = (call) => {
  const isPlain = call.args.every(({ kind, text }, index) => {
    const isNamed = /o$/.test(call.args[index - 1]?.text ?? '') && shellOptions.test(text);
    return kind === 'literal' && (isNamed || /^[-+][euxCE]*o?$/.test(text)) && text.length > 1;
  });
  const isWhole = !/o$/.test(call.args.at(-1)?.text ?? '');
  return isPlain && isWhole ? 'read' : changesMeaning(call);
};

/** Behind these stands a value, in whatever way the options are read; a command's name does where no other value can be wrong. */
const valueOfPs = /^-\w*[oOp]$|^--(?:p?pid|sort|format|[uU]ser|[gG]roup|tty|cols|columns|width|rows|lines|sid)$/;

/** `ps e` shows the environment of every process, `ps -e` does not; but what is wrong with dashes is read without them. */
const ps: Describe = ({ args, collector }) => {
  const mayBeWrong = args.some(({ text }) => /^-\w*[uUgGst]/.test(text));
  const isValue = (index: number): boolean => {
    const before = args[index - 1]?.text ?? '';
    return valueOfPs.test(before) || (before === '-C' && !mayBeWrong);
  };
  const shows = args.some(({ text, kind }, index) => {
    if (kind === 'unknown' || /^-\w*E|^-(?=\w*e)\w*[ux]|environ/.test(text)) return true;
    return /^[^-].*e|^e/i.test(text) && !isValue(index);
  });
  if (shows) collector.unclear('ps may show the environment of processes');
  return 'read';
};

const specials: Readonly<Record<string, Describe>> = {
  ...{ find, xargs, sed, gsed: sed, awk, gawk: awk, mawk: awk, nawk: awk, eval: evaluate, source, '.': source },
  ...{ bash: shell, sh: shell, dash: shell, zsh: shell, ksh: shell, ash: shell, rbash: shell, fish: shell },
  ps,
  ...{ read: setsNames, getopts: setsNames, let: onlyPlain, jobs: onlyPlain, wait: onlyPlain },
  ...{ less: pager, more: pager, man: manual },
  ...{
    alias: changesMeaning,
    unalias: changesMeaning,
    trap: changesMeaning,
    shopt: changesMeaning,
    enable: changesMeaning,
  },
  ...{
    set,
    complete: changesMeaning,
    bind: changesMeaning,
    mapfile: changesMeaning,
    readarray: changesMeaning,
  },
};

export const specialOf = (program: string): Describe | null =>
  Object.hasOwn(specials, program) ? (specials[program] ?? null) : null;
