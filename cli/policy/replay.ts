/** `omnigent policy replay FILE`: what an edited policy would have said of what sessions recorded. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { inferRouterOutputs } from '@trpc/server';
import { AppError } from '#protocol/error.ts';
import type { AppRouter } from '#server/api/index.ts';
import { defineCommand } from '../command.ts';
import { printable, table } from '../io.ts';

type Replays = inferRouterOutputs<AppRouter>['policy']['replay']['replays'];

export const replayPolicy = defineCommand({
  words: ['policy', 'replay'],
  summary: 'judge what sessions recorded by an edited policy, and list what would change',
  operands: ['FILE'],
  options: {
    session: { type: 'string', value: 'SES', summary: 'only this session' },
    last: { type: 'string', value: 'N', summary: 'the newest N sessions (default: 10)' },
    level: {
      type: 'string',
      value: 'LEVEL',
      summary: 'whose rules FILE replaces: workspace (default), session, server',
    },
  },
  async run({ options, operands, io, connect, print }) {
    const path = resolve(io.cwd, operands.FILE);
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new AppError({ code: 'input.invalid', message: `${operands.FILE}: cannot be read`, cause });
    });
    const level = options.level ?? 'workspace';
    if (level !== 'workspace' && level !== 'session' && level !== 'server')
      throw new AppError({ code: 'input.invalid', message: '--level: write workspace, session or server' });
    const last = options.last === undefined ? 10 : Number(options.last);
    if (!Number.isInteger(last) || last < 1 || last > 50)
      throw new AppError({ code: 'input.invalid', message: '--last: a number from 1 to 50' });
    const { call } = await connect();
    const { replays } = await call.policy.replay.query({
      ...{ last, edited: { level, text } },
      ...(options.session !== undefined && { session: options.session }),
    });
    await print({ replays }, told(replays));
    return 0;
  },
});

function told(replays: Replays): string {
  const actions = replays.reduce((sum, { actions: count }) => sum + count, 0);
  const rows = replays.flatMap(({ sessionName, changes }) =>
    changes.map(({ command, tool, paths, before, after }) => [
      sessionName,
      `${before.verdict} → ${after.verdict}`,
      after.rule,
      printable(command ?? `${tool} ${paths.join(' ')}`),
    ]),
  );
  const changed = replays.reduce((sum, { counts }) => sum + counts.reduce((all, { count }) => all + count, 0), 0);
  const end = `${actions} actions in ${replays.length} sessions, ${changed} would be judged otherwise\n`;
  return rows.length === 0 ? end : `${table(rows)}${end}`;
}
