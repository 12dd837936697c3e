/** `omnigent inbox`, `approve`, `deny`: what waits for people, and their decisions. */
import type { ApprovalStatus } from '#protocol/approval.ts';
import { AppError } from '#protocol/error.ts';
import { approvalIdSchema } from '#protocol/id.ts';
import { defineCommand } from '../command.ts';
import { printable, table, write } from '../io.ts';
import { inputText } from './given-input.ts';

const decidedShown = 20;

interface Shown {
  id: string;
  status: ApprovalStatus;
  agent: string;
  sessionName: string;
  kind: string;
  tool: string;
  command: string | null;
  paths: string[];
  rule: string;
}

/** Of what is neither a command nor about a file the tool says more than its kind. */
const whatOf = ({ kind, tool, command, paths }: Pick<Shown, 'kind' | 'tool' | 'command' | 'paths'>): string =>
  command ?? (paths.length > 0 ? `${kind} ${paths.join(' ')}` : tool);

const rowOf = (shown: Shown): string[] => [
  ...[shown.id, shown.status, `${shown.agent} in ${shown.sessionName}`, shown.rule],
  whatOf(shown),
];

/** Of actions without a command it is asked what they are given: so many at most, the oldest. */
const maxGiven = 50;

/** As the contract has it: one of `command` and `path`. */
const jsonOf = <T extends Shown>({ paths, command, ...rest }: T) => ({
  ...rest,
  command,
  path: paths[0] ?? null,
  paths,
});

export const inboxCommand = defineCommand({
  words: ['inbox'],
  summary: 'what waits for a decision, oldest first; as JSON with the newest decided ones as well',
  operands: [],
  options: {},
  async run({ connect, isJson, io }) {
    const { call } = await connect();
    const { pending, decided } = await call.approval.list.query({ decided: isJson ? decidedShown : 0 });
    const all = [...pending, ...decided];
    const unsaid = pending.filter(({ command }) => command === null).slice(0, maxGiven);
    const given = await Promise.all(unsaid.map(({ id }) => call.approval.get.query({ id })));
    const inputs = new Map(given.map(({ id, input }) => [id, { input }]));
    const json = () => all.map((each) => `${JSON.stringify({ ...jsonOf(each), ...inputs.get(each.id) })}\n`).join('');
    const text = () =>
      all.length === 0 ? 'nothing waits for you\n' : [table(all.map(rowOf)), ...given.map(inputText)].join('');
    await write(io.stdout, isJson ? json() : text());
    return 0;
  },
});

function idOf(text: string) {
  const parsed = approvalIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError({
    code: 'input.invalid',
    message: `ID: ${printable(text)} is no id of an approval, see \`omnigent inbox\``,
  });
}

export const approveCommand = defineCommand({
  words: ['approve'],
  summary: 'let an action happen, as it is asked or edited',
  operands: ['ID'],
  options: {
    edit: { type: 'string', value: 'TEXT', summary: 'a command to run in its place; it is judged, too' },
    'for-session': { type: 'boolean', summary: 'the same again needs no decision in this session' },
    hash: { type: 'string', value: 'H', summary: 'only if it is what has this hash in the inbox' },
  },
  async run({ operands, options, connect, print }) {
    const { call } = await connect();
    const result = await call.approval.decide.mutate({
      ...{ id: idOf(operands.ID), decision: 'approved', note: null, edit: options.edit ?? null },
      ...{ forSession: options['for-session'] ?? false, hash: options.hash ?? null },
    });
    const said = `approved ${printable(result.edit ?? result.command ?? (result.paths.join(' ') || result.tool))}\n`;
    await print(jsonOf(result), `${said}${inputText(result)}`);
    return 0;
  },
});

export const denyCommand = defineCommand({
  words: ['deny'],
  summary: 'keep an action from happening; its agent is told the note and goes on',
  operands: ['ID'],
  options: { note: { type: 'string', value: 'TEXT', summary: 'why, for the agent and the log' } },
  async run({ operands, options, connect, print }) {
    if (!options.note?.trim())
      throw new AppError({ code: 'input.invalid', message: '--note: say why, the agent is told' });
    const { call } = await connect();
    const result = await call.approval.decide.mutate({
      id: idOf(operands.ID),
      decision: 'denied',
      note: options.note.trim(),
    });
    await print(jsonOf(result), `denied ${printable(result.command ?? (result.paths.join(' ') || result.tool))}\n`);
    return 0;
  },
});
