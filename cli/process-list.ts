/** `omnigent ps`: the processes of the server and of every session that has not ended. */
import { defineCommand } from './command.ts';
import { table } from './io.ts';

const pidOf = (process: { pid: number | null } | null): string => String(process?.pid ?? '-');

export const processListCommand = defineCommand({
  words: ['ps'],
  summary: 'processes of the server and of every session that has not ended',
  operands: [],
  options: {},
  async run({ connect, print }) {
    const { call } = await connect();
    const found = await call.session.processes.query();
    const rows = found.sessions.map(({ name, status, reason, runner, id }) => [
      ...[name, status, pidOf(runner), String(runner?.epoch ?? '-'), id],
      reason,
    ]);
    const head = `server ${found.server.pid}, postgres ${found.postgres.pid ?? 'is not ours'}\n`;
    const list = rows.length > 0 ? table([['SESSION', 'STATUS', 'RUNNER', 'EPOCH', 'ID', 'REASON'], ...rows]) : '';
    await print(found, head + list);
    return 0;
  },
});
