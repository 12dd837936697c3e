/** `omnigent usage` and `diff`: what a session cost and what it changed. */
import { defineCommand } from '../command.ts';
import { printable, table } from '../io.ts';

export const showUsage = defineCommand({
  words: ['usage'],
  summary: 'every model call of the session, in tokens',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    const report = await call.turn.usage.query({ session: operands.SES });
    const rows = report.calls.map((each) => [
      ...[each.at, each.agent, each.provider, each.model, String(each.inputTokens), String(each.cacheReadTokens)],
      ...[String(each.cacheWrite5mTokens + each.cacheWrite1hTokens), String(each.outputTokens), each.status],
    ]);
    const head = ['AT', 'AGENT', 'PROVIDER', 'MODEL', 'INPUT', 'CACHE-READ', 'CACHE-WRITE', 'OUTPUT', 'STATUS'];
    await print(report, rows.length === 0 ? 'no model calls\n' : table([head, ...rows]));
    return 0;
  },
});

export const showDiff = defineCommand({
  words: ['diff'],
  summary:
    'how its checkout differs from the commit it started at, from itself when a turn began (so: what that turn and all after it did), or from another session’s; as a unified diff',
  operands: ['SES'],
  options: { against: { type: 'string', value: 'WHAT', summary: 'base (the default), turn:TRN or a session ses_…' } },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const { patch, files, isCut } = await call.turn.diff.query({ session: operands.SES, against: options.against });
    const shown = patch
      .split('\n')
      .map((line) => printable(line.replaceAll('\t', '    ')))
      .join('\n');
    await print({ files, isCut }, process.stdout.isTTY ? shown : patch);
    return 0;
  },
});
