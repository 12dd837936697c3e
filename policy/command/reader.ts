/** What programs do that only read, by their table. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import { type Arguments, asWord, type Call, type Describe, isOneOf, type Option, splitArguments } from './call.ts';
import { isPlainFilter } from './jq.ts';
import { type Reader, readers } from './reader-table.ts';
import type { Word } from './word.ts';

const compares = /^(?:==?|!=|<|>|-(?:eq|ne|lt|le|gt|ge))$/;

/** What looks like a path is one that is asked about, unless it is only compared with another text. */
function asked({ args, collector, cwds }: Call): void {
  for (const [index, word] of args.entries()) {
    const [before = '', after = ''] = [args[index - 1]?.text, args[index + 1]?.text];
    const isText = /^-[nz]$/.test(before) || compares.test(before) || compares.test(after);
    if (!isText && word.kind !== 'unknown' && word.text.includes('/')) collector.path(word, 'list', cwds);
  }
}

const unary = /^-[a-hknoprstuwxzGLNOS]$/;
const binary = /^(?:==?|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/;

/** `-v a[$(x)]` runs x: a word that is not known must stand where it cannot become such an option. */
function isPlainTest(args: readonly Word[]): boolean {
  return args.every(({ kind, text, source }, index) => {
    const [before = '', after = ''] = [args[index - 1]?.text, args[index + 1]?.text];
    if (/^-[vR]$/.test(before) && !/^[A-Za-z_]\w*$/.test(text)) return false;
    if (kind !== 'unknown' || /^\$[?#$!]$/.test(source)) return true;
    return source.startsWith('"') && (unary.test(before) || binary.test(before) || binary.test(after));
  });
}

/** Without a value or an operand these are read from the folder it stands in. */
const readsHere = new Set(['rg', 'ag', 'du', 'tree', 'cloc', 'ls', 'dir', 'vdir']);

function describeReader(reader: Reader, call: Call): CommandEffect {
  const { options, operands } = splitArguments(call.args, {
    ...reader,
    long: [...(reader.long ?? []), ...(reader.fileLong ?? [])],
  });
  const isRisky = options.map((option) => lookAtOption(option, reader, call)).includes(true);
  if (reader.isData) lookAtWords(operands, reader, call);
  else if (lookAtFiles({ options, operands }, reader, call) && !isRisky) return 'write';
  return isRisky ? 'unknown' : 'read';
}

/** True when it does more than choose what is shown. */
function lookAtOption(option: Option, reader: Reader, { collector, cwds, program }: Call): boolean {
  const { risky = '', riskyLong = [], file = '', fileLong = [] } = reader;
  const { name, value, isLong } = option;
  const isRisky = isOneOf(option, risky, riskyLong);
  if (isRisky) {
    if (value?.kind === 'literal') collector.path(value, 'write', cwds);
    collector.unclear(`${program} with -${name} does more than read`);
  }
  if (reader.onlyKnows) collector.unclear(`${program} -${name} is not known`);
  const isFile = isLong && !isOneOf(option, '', reader.words ?? []);
  if (value && (isFile || isOneOf(option, file, fileLong))) collector.path(value, 'read', cwds);
  // Of several names that it stands for the further ones are files.
  else if (value?.kind === 'glob') collector.path(value, 'read', cwds);
  return isRisky;
}

/** Of those whose operands are no files. */
function lookAtWords(operands: readonly Word[], reader: Reader, call: Call): void {
  const { collector, cwds, program } = call;
  if (program === 'test' || program === '[') {
    asked(call);
    if (!isPlainTest(call.args)) collector.unclear(`what ${program} looks at is not known`);
  }
  for (const word of operands) collector.names(word, cwds);
  const isSetting = operands.some(({ text }) => reader.isAlone || (program === 'date' && !text.startsWith('+')));
  if (isSetting) collector.unclear(`${program} may set what it shows`);
  // Behind its first word printf takes no option.
  const mayBeOptions = program === 'printf' ? operands.slice(0, 1) : program === 'echo' ? [] : operands;
  const isLoose = mayBeOptions.some(({ kind }) => kind === 'unknown');
  if (isLoose && reader.risky) collector.unclear(`an argument of ${program} is known only when it runs`);
}

/** `<(sort a)`: what it runs is looked at by itself, and what it prints is no file. */
const isPipe = ({ kind, source }: Word): boolean => kind === 'unknown' && /^<\(.*\)$/s.test(source);

/** True when one of them is written. */
function lookAtFiles({ options, operands }: Arguments, reader: Reader, call: Call): boolean {
  const { collector, cwds, program } = call;
  const { tree = '', treeLong = ['recursive'], follows = '', followsLong, writesFrom } = reader;
  const files = operands.slice(lookAtPattern({ options, operands }, reader, call));
  if (files.some(({ text }) => text.startsWith('@'))) collector.unclear(`${program} may take options from a file`);
  const has = (letters: true | string, names?: readonly string[]): boolean =>
    letters === true || options.some((option) => isOneOf(option, letters, names));
  const isTree = has(tree, treeLong);
  const isFollowing = has(follows, followsLong);
  const written = writesFrom === undefined ? [] : files.slice(writesFrom);
  for (const word of written) collector.path(word, 'write', cwds);
  for (const word of files.slice(0, writesFrom)) {
    if (isPipe(word)) continue;
    if (isTree) collector.tree(word, cwds, isFollowing);
    else collector.path(word, program === 'ls' ? 'list' : 'read', cwds);
  }
  const isHere = files.length === 0 && (readsHere.has(program) || (isTree && reader.skip !== undefined));
  if (isHere && isTree) collector.tree(asWord('.'), cwds, isFollowing);
  else if (isHere) collector.path(asWord('.'), 'list', cwds);
  return written.length > 0;
}

/** How many operands come before the files. */
function lookAtPattern({ options, operands }: Arguments, reader: Reader, { collector, cwds, program }: Call): number {
  const isOdd = ({ text }: Word) => !isPlainFilter(text) && !/^[\w/-]+\.\w+$/.test(text);
  if ((program === 'jq' || program === 'yq') && operands.some(isOdd))
    collector.unclear('the filter may read something else');
  if (options.some((option) => isOneOf(option, reader.pattern ?? '', reader.patternLong ?? []))) return 0;
  const { skip = 0, long = [], flags = [], riskyLong = [], treeLong = [] } = reader;
  const known = [...long, ...flags, ...riskyLong, ...treeLong];
  // One that nobody here knows may take the next word for itself: then the pattern is a file.
  const isShifted = options.some((option) => option.isLong && !option.value && !isOneOf(option, '', known));
  for (const word of operands.slice(0, skip)) {
    if (word.kind === 'unknown') collector.unclear(`${word.source} may be an option of ${program}`);
    else if (isShifted || word.kind === 'glob') collector.path(word, 'read', cwds);
  }
  return skip;
}

export const readerOf = (program: string): Describe | null => {
  const reader = Object.hasOwn(readers, program) ? readers[program] : undefined;
  return reader ? (call) => describeReader(reader, call) : null;
};
