/** What a command is: its words, operands and options as data, and the function that carries it out. */
import type { Api } from './api/client.ts';
import type { Io } from './io.ts';

/** `value` names the option's argument in the help; absent: a switch. */
export interface OptionSpec {
  type: 'string' | 'boolean';
  value?: string;
  summary: string;
  /** It may be given several times, which is the same as with commas between. */
  isRepeatable?: true;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type OptionValue<S extends OptionSpec> = S['type'] extends 'boolean' ? boolean : string;
export type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]?: OptionValue<O[K]> };

/** One call of a command, already parsed. */
export interface Call<O extends OptionSpecs, N extends string> {
  options: OptionValues<O>;
  operands: Readonly<Record<N, string>>;
  /** What followed `--`; null when nothing did. */
  program: string[] | null;
  isJson: boolean;
  io: Io;
  /** The server of this environment. Throws `server.unreachable` with the way to start one. */
  connect(): Promise<Api>;
  /** Prints a result: `value` as one line of JSON with `--json`, else `text`, which is printed as it is. */
  print(value: unknown, text: string): Promise<void>;
}

export interface Command<O extends OptionSpecs = OptionSpecs, N extends string = string> {
  /** As typed after `omnigent`. */
  words: readonly string[];
  summary: string;
  /** Names of required operands, in order, as the help shows them. */
  operands: readonly N[];
  options: O;
  /** True where `-- CMD…` may follow. */
  takesProgram?: boolean;
  /** Resolves to the exit code. */
  run(call: Call<O, N>): Promise<number>;
}

/** A command whose own options and operands are not known by type: what the table of all of them holds. */
export interface AnyCommand extends Omit<Command, 'run'> {
  run(
    call: Omit<Call<OptionSpecs, string>, 'options'> & { options: Record<string, string | boolean> },
  ): Promise<number>;
}

/** Keeps the literal types of a definition, so that `run` sees its own options and operands. */
export const defineCommand = <const O extends OptionSpecs, const N extends string = never>(
  command: Command<O, N>,
): AnyCommand => command as unknown as AnyCommand;
