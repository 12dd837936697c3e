/** One call of a program, as those who know the program see it, and how its options are told from its operands. */
import type { CommandEffect } from '#protocol/action-facts.ts';
import type { Collector } from './collector.ts';
import type { Word } from './word.ts';

/** What comes in at its input. */
export type Input = { kind: 'none' } | { kind: 'text'; text: string } | { kind: 'unknown' };

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
  /** `o`, `output`. */
  name: string;
  value: Word | null;
}

export interface Arguments {
  options: Option[];
  operands: Word[];
}

export interface OptionGrammar {
  /** Letters that take a value. */
  short?: string;
  /** Long names that take a value. */
  long?: readonly string[];
  /** Options end at the first operand. */
  isStrict?: boolean;
  /** Words such as `-name` are one option. */
  hasLongDash?: boolean;
}

const literal = (text: string): Word => ({ text, kind: 'literal', source: text });

/** By the habits of GNU: options anywhere before `--`, letters bundled, `--name=value`. */
export function splitArguments(
  args: readonly Word[],
  { short = '', long = [], isStrict, hasLongDash }: OptionGrammar,
): Arguments {
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
      if (!isStrict) continue;
      operands.push(...args.slice(at + 1));
      break;
    }
    if (text.startsWith('--')) {
      const [name = '', ...value] = text.slice(2).split('=');
      const given = value.length > 0 ? literal(value.join('=')) : null;
      options.push({ name, value: given ?? (long.includes(name) ? next() : null) });
    } else if (hasLongDash) {
      const name = text.slice(1);
      options.push({ name, value: long.includes(name) ? next() : null });
    } else {
      for (let letter = 1; letter < text.length; letter++) {
        const name = text[letter] ?? '';
        const rest = text.slice(letter + 1);
        if (!short.includes(name)) options.push({ name, value: null });
        else {
          options.push({ name, value: rest === '' ? next() : literal(rest) });
          break;
        }
      }
    }
  }
  return { options, operands };
}

/** GNU takes any beginning of a long name for the whole: `--outp` is `--output`. */
export const names = (given: string, name: string): boolean =>
  given === name || (given.length > 1 && name.length > 1 && name.startsWith(given));

/** The option is one of these letters or long names. */
export const isOneOf = ({ name }: Option, letters: string, longNames: readonly string[] = []): boolean =>
  name.length === 1 ? letters.includes(name) : longNames.some((each) => names(name, each));

/** The value of `--color=auto` as a word of its own. */
export const asWord = literal;
