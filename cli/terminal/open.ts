/** `omnigent terminal new` and `terminal close`. */
import { defineCommand } from '../command.ts';
import { sizeOf } from './size.ts';
import { targetOf, terminalOption } from './target.ts';

export const openTerminal = defineCommand({
  words: ['terminal', 'new'],
  summary: 'open one with CMD, or a shell, in the checkout; you drive it',
  operands: ['SES'],
  options: { name: { type: 'string', value: 'NAME', summary: 'its name (default: that of the program)' } },
  takesProgram: true,
  async run({ operands, options, program, io, connect, print }) {
    const { call } = await connect();
    const opened = await call.terminal.open.mutate({
      session: operands.SES,
      command: program,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...sizeOf(io.stdout),
    });
    await print(opened, `${opened.terminalId}\n`);
    return 0;
  },
});

export const closeTerminal = defineCommand({
  words: ['terminal', 'close'],
  summary: 'end its program',
  operands: ['SES'],
  options: { terminal: terminalOption },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const found = await call.terminal.resolve.query(targetOf(operands.SES, options.terminal));
    await call.terminal.close.mutate(found);
    await print(found, `closed ${found.terminalId}\n`);
    return 0;
  },
});
