/** The help texts, made from the commands themselves. */
import type { AnyCommand } from './command.ts';
import { table } from './io.ts';

/** `session show SES [--json]`. */
function usageOf(command: AnyCommand): string {
  const options = Object.entries(command.options).map(([name, { value }]) => `[--${name}${value ? ` ${value}` : ''}]`);
  const program = command.takesProgram ? ['[-- CMD…]'] : [];
  return [...command.words, ...command.operands, ...options, ...program].join(' ');
}

const helpOf = (command: AnyCommand): string => {
  const specs = { ...command.options, json: { type: 'boolean', summary: 'print JSON' } as const };
  const rows = Object.entries(specs).map(([name, spec]) => [
    `  --${name}${'value' in spec ? ` ${spec.value}` : ''}`,
    spec.summary,
  ]);
  return `omnigent ${usageOf(command)}\n${command.summary}\n\n${table(rows)}`;
};

/** Help of one command, or the list of all. */
export function help(commands: readonly AnyCommand[], command: AnyCommand | null): string {
  if (command) return helpOf(command);
  const rows = commands.map(({ words, operands, summary }) => [`  ${[...words, ...operands].join(' ')}`, summary]);
  return [
    'omnigent COMMAND [--json]; `omnigent COMMAND --help` says more. SES is a session, by id or unique name.\n\n',
    table(rows),
    '\nThe server is found through OMNIGENT_URL and OMNIGENT_TOKEN, else in OMNIGENT_HOME. `npm start` starts one here.\n',
  ].join('');
}
