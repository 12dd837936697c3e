/** `omnigent session new`: a session on a copy of a folder. */
import { defineCommand } from '../command.ts';
import { printable, warn } from '../io.ts';
import { sizeOf } from '../terminal/size.ts';
import { agentOptions } from '../turn/run.ts';
import { placeOf, placeOptions } from './place.ts';

export const newSession = defineCommand({
  words: ['session', 'new'],
  summary: 'start a session on a copy of a folder, with a shell or CMD in its first terminal',
  operands: [],
  options: {
    name: { type: 'string', value: 'NAME', summary: 'its name (default: the name of the folder)' },
    ...placeOptions,
    ...agentOptions,
    'include-changes': { type: 'boolean', summary: 'with uncommitted and untracked files' },
  },
  takesProgram: true,
  async run({ options, program, io, connect, print }) {
    const { call } = await connect();
    const { sessionId, url, checkout, branch, terminalId, warnings } = await call.session.create.mutate({
      ...(options.name === undefined ? {} : { name: options.name }),
      ...placeOf(options, io.cwd),
      includeChanges: options['include-changes'] ?? false,
      command: program,
      ...(options.harness === undefined ? {} : { harness: options.harness }),
      ...(options.model === undefined ? {} : { model: options.model }),
      ...sizeOf(io.stdout),
    });
    await warn(io, warnings);
    const text = `${sessionId}\n${url}\ncheckout ${printable(checkout)} on branch ${branch}\n`;
    await print({ sessionId, url, checkout, branch, terminalId }, text);
    return 0;
  },
});
