/** Finds the command that an argument list means and parses what follows its words. Pure. */
import { parseArgs } from 'node:util';
import { AppError } from '#protocol/error.ts';
import type { AnyCommand } from './command.ts';
import { printable } from './io.ts';

export interface CommandLine {
  command: AnyCommand;
  options: Record<string, string | boolean>;
  operands: Record<string, string>;
  program: string[] | null;
  isJson: boolean;
}

/** Asks for help instead: of one command, or null for all of them. */
export interface HelpLine {
  helpOf: AnyCommand | null;
}

const usage = (message: string, cause?: unknown) => new AppError({ code: 'input.invalid', message, cause });

const startsWith = (words: readonly string[], given: readonly string[]): boolean =>
  words.every((word, at) => given[at] === word);

function find(commands: readonly AnyCommand[], words: readonly string[]): AnyCommand {
  const found = commands.find((command) => startsWith(command.words, words));
  if (found) return found;
  const [noun = '', verb] = words;
  const verbs = commands.filter(({ words: [first] }) => first === noun).map(({ words: [, second] }) => second);
  if (verbs.length > 0 && (verb === undefined || verb.startsWith('-'))) {
    throw usage(`${noun} what? One of: ${verbs.join(', ')}`);
  }
  const name = printable(verbs.length > 0 ? `${noun} ${verb}` : noun);
  throw usage(`unknown command: ${name}; \`omnigent help\` lists them`);
}

function operandsOf(command: AnyCommand, given: string[]): Record<string, string> {
  const missing = command.operands[given.length];
  const name = command.words.join(' ');
  if (missing !== undefined) throw usage(`${name} needs ${missing}; see \`omnigent ${name} --help\``);
  const surplus = given[command.operands.length];
  if (surplus !== undefined) throw usage(`${name}: ${printable(surplus)} is one argument too many`);
  return Object.fromEntries(command.operands.map((operand, at) => [operand, given[at] ?? '']));
}

/** node's own sentence, on one line and without its advice about `--`. */
const firstSentence = (cause: unknown): string =>
  printable(cause instanceof Error ? (cause.message.split(/[\n.] /)[0] ?? '') : String(cause)).replace(/\.$/, '');

function parse(
  command: AnyCommand,
  args: string[],
): { values: Record<string, string | boolean>; positionals: string[] } {
  const own = Object.entries(command.options).map(([name, { type, isRepeatable }]) => [
    ...[name, { type, ...(isRepeatable && { multiple: true }) }],
  ]);
  const common = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...Object.fromEntries(own), ...common },
      allowPositionals: true,
      strict: true,
    });
    const joined = Object.entries(values).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]);
    return { values: Object.fromEntries(joined) as Record<string, string | boolean>, positionals };
  } catch (cause) {
    throw usage(`${command.words.join(' ')}: ${firstSentence(cause)}`, cause);
  }
}

/**
 * `argv` without node and script. Throws `input.invalid` (exit 2) naming the unknown command, the missing operand or
 * the option that is not one.
 */
export function parseCommandLine(commands: readonly AnyCommand[], argv: readonly string[]): CommandLine | HelpLine {
  const dashes = argv.indexOf('--');
  const program = dashes < 0 ? null : argv.slice(dashes + 1);
  const given = dashes < 0 ? [...argv] : argv.slice(0, dashes);
  const isJsonFirst = given[0] === '--json';
  const words = isJsonFirst ? given.slice(1) : given;
  if (words[0] === undefined) throw usage('which command? `omnigent help` lists them');
  if (['help', '--help', '-h'].includes(words[0])) return { helpOf: null };
  const command = find(commands, words);
  const { values, positionals } = parse(command, words.slice(command.words.length));
  const { json, help, ...options } = values;
  if (help) return { helpOf: command };
  if (program && !command.takesProgram) throw usage(`${command.words.join(' ')} takes no program after --`);
  if (program?.length === 0) throw usage('a program has to follow --');
  const operands = operandsOf(command, positionals);
  return { command, options, operands, program, isJson: isJsonFirst || json === true };
}
