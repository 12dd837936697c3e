/** `omnigent terminal list`, and terminals as rows of a table. */
import type { SessionView, TerminalView } from '#protocol/session-view.ts';
import { defineCommand } from '../command.ts';
import { table } from '../io.ts';

function stateOf({ closed }: TerminalView): string {
  if (!closed) return 'open';
  if (closed.exitCode !== null) return `exited ${closed.exitCode}`;
  return closed.signal === null ? (closed.reason ?? 'closed') : `ended by signal ${closed.signal}`;
}

/** One row each, below a row of headings. */
export function terminalRows({ terminals, members }: SessionView): string[][] {
  const nameOf = (id: string | null) => members.find(({ personId }) => personId === id)?.name ?? id ?? '-';
  const rows = terminals.map((terminal) => [
    ...[terminal.name, stateOf(terminal), nameOf(terminal.driver), terminal.terminalId],
    terminal.command?.join(' ') ?? 'shell',
  ]);
  return [['TERMINAL', 'STATE', 'DRIVER', 'ID', 'PROGRAM'], ...rows];
}

export const listTerminals = defineCommand({
  words: ['terminal', 'list'],
  summary: 'its terminals, open and closed ones',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    const { view } = await call.session.get.query({ session: operands.SES });
    const { terminals } = view;
    await print({ terminals }, terminals.length > 0 ? table(terminalRows(view)) : 'no terminals\n');
    return 0;
  },
});
