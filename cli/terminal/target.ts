/** How a command names a terminal: a session and, optionally, one of its terminals. */
import type { OptionSpec } from '../command.ts';

export const terminalOption = {
  type: 'string',
  value: 'T',
  summary: 'its id or name (default: the first open one)',
} as const satisfies OptionSpec;

/** The API's input for it. */
export const targetOf = (session: string, terminal: string | undefined) =>
  terminal === undefined ? { session } : { session, terminalId: terminal };
