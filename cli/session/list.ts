/** `omnigent session list` and `session show`. */
import { AppError } from '#protocol/error.ts';
import type { Attention, SessionView } from '#protocol/session-view.ts';
import type { Api, Outputs } from '../api/client.ts';
import { defineCommand } from '../command.ts';
import { table } from '../io.ts';
import { terminalRows } from '../terminal/list.ts';

const pageLimit = 200;

async function parseGroup(text: string | undefined): Promise<{ group?: Attention }> {
  if (text === undefined) return {};
  const { attentions } = await import('#protocol/session-view.ts');
  const group = attentions.find((one) => one === text);
  if (group) return { group };
  throw new AppError({ code: 'input.invalid', message: `--group: one of ${attentions.join(', ')}` });
}

async function listAll(call: Api['call'], group: { group?: Attention }) {
  const sessions: SessionView[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Outputs['session']['list'] = await call.session.list.query({ ...group, cursor, limit: pageLimit });
    sessions.push(...page.sessions);
    if (page.next === null) return { sessions, counts: page.counts };
    cursor = page.next;
  }
}

export const listSessions = defineCommand({
  words: ['session', 'list'],
  summary: 'all sessions, those that need somebody first',
  operands: [],
  options: { group: { type: 'string', value: 'GROUP', summary: 'only needs, working, idle or done' } },
  async run({ options, connect, print }) {
    const group = await parseGroup(options.group);
    const { call } = await connect();
    const found = await listAll(call, group);
    const rows = found.sessions.map(({ name, status, updatedAt, id, reason }) => [name, status, updatedAt, id, reason]);
    const text = rows.length > 0 ? table([['NAME', 'STATUS', 'CHANGED', 'ID', 'REASON'], ...rows]) : 'no sessions\n';
    await print(found, text);
    return 0;
  },
});

function detailsOf(view: SessionView): string {
  const people = view.members.map(({ name, role }) => `${name} (${role})`).join(', ');
  const rows = [
    ['id', view.id],
    ['name', view.name],
    ['status', `${view.status}: ${view.reason}`],
    ['since', view.statusSince],
    ['source', view.source],
    ['checkout', `${view.checkout} (${view.checkoutState})`],
    ['branch', view.branch ?? '-'],
    ['people', people],
    ['events', String(view.lastSeq)],
    ...(view.runner?.warning ? [['warning', view.runner.warning]] : []),
  ];
  return table(rows) + (view.terminals.length > 0 ? `\n${table(terminalRows(view))}` : '');
}

export const showSession = defineCommand({
  words: ['session', 'show'],
  summary: 'one session: its state, checkout, people and terminals',
  operands: ['SES'],
  options: {},
  async run({ operands, connect, print }) {
    const { call } = await connect();
    const { view } = await call.session.get.query({ session: operands.SES });
    await print(view, detailsOf(view));
    return 0;
  },
});
