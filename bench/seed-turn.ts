/** The events of made-up turns of one agent: what a coding agent says, thinks, runs and edits. The same for the same number. */
import { type EventPayload, type NewEvent, toLine } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import type { ActionKind, ItemKind } from '#protocol/turn-event.ts';

/** Who states what agents do. */
const principal = 'server';

/** Items in each turn, in this order. */
const kinds = [
  'reasoning',
  'message',
  'tool',
  'command',
  'edit',
  'command',
  'reasoning',
  'edit',
  'command',
  'message',
] as const;
export const itemsPerTurn = kinds.length;

const sentence = (n: number): string =>
  `The parser reads \`token ${n}\` before it knows **what** follows, so the table of rules ${n % 97} has to be looked at twice. `;
const code = (n: number): string =>
  `\`\`\`ts\nexport function rule${n}(input: string): number {\n  const at = input.indexOf('${n}');\n  return at < 0 ? 0 : at + ${n % 13};\n}\n\`\`\``;

/** Markdown of about 600 characters. */
export const prose = (n: number): string =>
  `${sentence(n).repeat(2)}\n\n${code(n)}\n\n- first, the case without input\n- then \`rule${n}\`, see [the notes](https://example.com/${n})\n\n${sentence(n + 1)}`;

const output = (n: number): string =>
  Array.from({ length: 12 }, (_, line) => `ok ${line} src/rule-${n}.test.ts (${(n + line) % 40} ms)`).join('\n');
const diff = (n: number): string =>
  `--- src/rule-${n}.ts\n${Array.from({ length: 8 }, (_, line) => `-  const old${line} = ${n};\n+  const now${line} = ${n + line};`).join('\n')}`;

const textOf: Record<(typeof kinds)[number], (n: number) => string> = {
  reasoning: (n) => sentence(n).repeat(3),
  message: prose,
  tool: (n) => `export const rule = ${n};\n`.repeat(20),
  command: output,
  edit: diff,
};

export interface TurnOptions {
  /** Which turn. */
  n: number;
  agent: string;
  personId: string;
  /** Name of its last item in the title of the timeline; null: as the others. */
  last: string | null;
}

/** The whole of one turn, about 50 events, from its prompt to its end. */
export function sampleTurn({ n, agent, personId, last }: TurnOptions): NewEvent[] {
  const ids = {
    now: () => Date.UTC(2026, 0, 1) + n,
    random: (bytes: Uint8Array) => void bytes.set(bytesOf(n, bytes.length)),
  };
  const turnId = newId('turn', ids);
  const events: NewEvent[] = [
    {
      type: 'turn.queued',
      principal: personId,
      payload: { turnId, agent, prompt: `Look at rule ${n}. ${sentence(n)}` },
    },
    {
      type: 'turn.started',
      principal,
      payload: { turnId, agent, harness: 'acp:example', model: null, handover: null },
    },
  ];
  for (const [at, kind] of kinds.entries()) {
    const isLast = at === kinds.length - 1;
    const text = isLast && last !== null ? `${prose(n)}\n\n${last}` : textOf[kind](n * itemsPerTurn + at);
    events.push(...itemEvents({ n: n * itemsPerTurn + at, kind, text, turnId, agent }));
  }
  return [
    ...events,
    { type: 'turn.completed', principal, payload: { turnId, status: 'completed', reason: null, conversation: null } },
    { type: 'file.changed', principal, payload: { turnId, path: `src/rule-${n}.ts`, change: 'modified' } },
  ];
}

interface SampleItem {
  n: number;
  kind: ItemKind;
  text: string;
  turnId: (NewEvent & { type: 'turn.started' })['payload']['turnId'];
  agent: string;
}

const idsOf = (n: number) => ({
  now: () => Date.UTC(2026, 1, 1) + n,
  random: (bytes: Uint8Array) => void bytes.set(bytesOf(n, bytes.length)),
});

/** An item from start to end; what acts is asked about and let through. */
function itemEvents(item: SampleItem): NewEvent[] {
  const { n, kind, text, turnId } = item;
  const command = kind === 'command' ? `npm test -- src/rule-${n}.test.ts` : null;
  const path = kind === 'edit' || kind === 'tool' ? `src/rule-${n}.ts` : null;
  const title = toLine(path ?? command ?? '', 400, kind);
  const subject = { itemId: newId('item', idsOf(n)), turnId, kind, parentId: null, title, command, path };
  const end = { status: 'completed' as const, text, exitCode: kind === 'command' ? 0 : null };
  return [
    { type: 'item.started', principal, payload: subject },
    ...actionEvents(item, subject),
    { type: 'item.completed', principal, payload: { ...subject, ...end } },
    ...usageEvents(item),
  ];
}

const actionKinds: Partial<Record<ItemKind, ActionKind>> = { command: 'command', edit: 'write', tool: 'read' };

function actionEvents(
  { n, kind, turnId, agent }: SampleItem,
  { itemId, command, path }: Pick<EventPayload<'item.started'>, 'itemId' | 'command' | 'path'>,
): NewEvent[] {
  const actionKind = actionKinds[kind];
  if (actionKind === undefined) return [];
  const actionId = newId('action', idsOf(n));
  const what = { kind: actionKind, tool: kind, command, paths: path === null ? [] : [path], cwd: '/tmp' };
  const judgement = { verdict: 'allow' as const, rule: 'record', reasons: [], policyHash: '', command: null };
  return [
    { type: 'action.requested', principal, payload: { actionId, turnId, agent, itemId, ...what } },
    { type: 'action.judged', principal, payload: { actionId, ...judgement } },
    { type: 'action.acted', principal, payload: { actionId, outcome: 'ran' } },
  ];
}

function usageEvents({ n, kind, turnId, agent }: SampleItem): NewEvent[] {
  if (kind !== 'message') return [];
  const tokens = { inputTokens: 900, cacheReadTokens: 12_000, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };
  const whose = { callId: newId('call', idsOf(n)), turnId, agent, provider: 'anthropic', model: 'scripted' };
  const payload = { ...whose, ...tokens, outputTokens: 400, costMicroUsd: null, status: 'settled' as const };
  return [{ type: 'usage.recorded', principal, payload }];
}

/** Bytes that differ for every number. */
const bytesOf = (n: number, length: number): number[] =>
  Array.from({ length }, (_, at) => (at < 4 ? (n >>> (8 * at)) & 255 : (n * 31 + at * 17) & 255));
