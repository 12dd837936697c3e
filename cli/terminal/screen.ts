/** `omnigent terminal screen` and `terminal resize`. */
import { defineCommand } from '../command.ts';
import { printable } from '../io.ts';
import { parseCount } from './size.ts';
import { targetOf, terminalOption } from './target.ts';

export const showScreen = defineCommand({
  words: ['terminal', 'screen'],
  summary: 'what it shows now, as text',
  operands: ['SES'],
  options: { terminal: terminalOption },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const screen = await call.terminal.screen.query(targetOf(operands.SES, options.terminal));
    await print(screen, screen.lines.map((line) => `${printable(line)}\n`).join(''));
    return 0;
  },
});

export const resizeTerminal = defineCommand({
  words: ['terminal', 'resize'],
  summary: 'give it C columns and R rows; only its driver may, or anybody where nobody drives',
  operands: ['SES', 'C', 'R'],
  options: { terminal: terminalOption },
  async run({ operands, options, connect, print }) {
    const cols = parseCount('C', operands.C);
    const rows = parseCount('R', operands.R);
    const { call } = await connect();
    const found = await call.terminal.resolve.query(targetOf(operands.SES, options.terminal));
    await call.terminal.resize.mutate({ session: operands.SES, ...found, cols, rows });
    await print({ ...found, cols, rows }, `${cols} × ${rows}\n`);
    return 0;
  },
});
