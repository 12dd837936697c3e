/** One call of a program, as those who know the program see it, and how its options are told from its operands. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import type { Collector } from './collector.ts';
import type { Word } from './word.ts';

/** Files that one program finds for another. */
export interface Found {
  /** Where it looks; every name begins with one of them. */
  roots: readonly Word[];
  /** What their names are like, as far as that is said. */
  names: readonly Word[];
  /** No links among them. */
  isFilesOnly: boolean;
  /** They are printed as they are in the folder, without it in front: one may look like an option. */
  isBare: boolean;
}

/** What comes in at its input. */
export type Input =
  | { kind: 'none' }
  | { kind: 'text'; text: string }
  /** Names of files, one in each line. */
  | { kind: 'names'; found: Found }
  | { kind: 'unknown' };

export interface Call {
  /** Base name. */
  program: string;
  args: readonly Word[];
  input: Input;
  /** Folders it may run in; null: not known. */
  cwds: readonly string[] | null;
  collector: Collector;
  /** Another program that it runs, with words it is surely given; `tail`: and others that are not known. */
  run(words: readonly Word[], how?: { cwds?: readonly string[] | null; tail?: boolean }): void;
  /** Text that it gives to a shell. */
  runText(text: string): void;
}

/** States what the call touches, and answers what it does at worst. */
export type Describe = (call: Call) => CommandEffect;

export interface Option {
  /** `o`, `output`; a beginning of a long name that takes a value is that name. */
  name: string;
  isLong: boolean;
  /** The grammar has it by this very name: it is not the beginning of another. */
  isWhole: boolean;
  value: Word | null;
}

export interface Arguments {
  options: Option[];
  operands: Word[];
}

export interface OptionGrammar {
  /** Letters that take a value. */
  short?: string;
  /** Letters that take a value only where it follows at once. */
  attached?: string;
  /** Long names that take a value. */
  long?: readonly string[];
  /** Long names that take none, or none of their own. */
  flags?: readonly string[];
  /** Options end at the first operand. */
  isStrict?: boolean;
}

const literal = (text: string): Word => ({ text, kind: 'literal', source: text });

/** By the habits of GNU: options anywhere before `--`, letters bundled, `--name=value`, long names cut short. */
export function splitArguments(args: readonly Word[], grammar: OptionGrammar): Arguments {
  const options: Option[] = [];
  const operands: Word[] = [];
  let at = 0;
  const next = (): Word | null => args[++at] ?? null;
  for (; at < args.length; at++) {
    const word = args[at];
    if (!word) break;
    const { text, kind } = word;
    if (kind !== 'unknown' && text === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    const isOption = kind !== 'unknown' && text.length > 1 && text.startsWith('-');
    if (!isOption) {
      operands.push(word);
      if (!grammar.isStrict) continue;
      operands.push(...args.slice(at + 1));
      break;
    }
    if (text.startsWith('--')) options.push(longOption(text, grammar, next));
    else options.push(...shortOptions(text, grammar, next));
  }
  return { options, operands };
}

function longOption(text: string, { long = [], flags = [] }: OptionGrammar, next: () => Word | null): Option {
  const [given = '', ...value] = text.slice(2).split('=');
  const isExact = long.includes(given) || flags.includes(given);
  const found = isExact ? given : long.find((each) => names(given, each));
  const option = { name: found ?? given, isLong: true, isWhole: found !== undefined };
  if (value.length > 0) return { ...option, value: literal(value.join('=')) };
  return { ...option, value: long.includes(option.name) ? next() : null };
}

function shortOptions(text: string, { short = '', attached = '' }: OptionGrammar, next: () => Word | null): Option[] {
  const options: Option[] = [];
  for (let letter = 1; letter < text.length; letter++) {
    const name = text[letter] ?? '';
    const rest = text.slice(letter + 1);
    const option = { name, isLong: false, isWhole: true };
    const takesRest = rest !== '' && (short.includes(name) || attached.includes(name));
    if (takesRest) return [...options, { ...option, value: literal(rest) }];
    options.push({ ...option, value: short.includes(name) ? next() : null });
  }
  return options;
}

/** GNU takes any beginning of a long name for the whole: `--outp` is `--output`. */
export const names = (given: string, name: string): boolean => given !== '' && name.startsWith(given);

/** The option is one of these letters or long names. */
export const isOneOf = (
  { name, isLong, isWhole }: Option,
  letters: string,
  longNames: readonly string[] = [],
): boolean =>
  isLong ? longNames.some((each) => (isWhole ? name === each : names(name, each))) : letters.includes(name);

/** The value of `--color=auto` as a word of its own. */
export const asWord = literal;
