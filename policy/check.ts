/** `policy check`: rows of imagined actions in, verdicts out. Pure but for the files it is shown and the clock. */
import * as z from 'zod';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { actionKey } from '#protocol/policy-state.ts';
import { exampleSessionSchema } from '#protocol/rule.ts';
import { workspaceRowSchema } from '#protocol/workspace-file.ts';
import { judgeBudget, microUsd } from './budget.ts';
import type { CommandParser } from './command/index.ts';
import { baseOf, compilePolicy, type Roots } from './file/index.ts';
import type { FileView, Place } from './file-view.ts';
import { judgeAction } from './judge-action.ts';
import { overlay, setupSchema } from './overlay.ts';
import type { Policy, Verdict } from './policy.ts';
import { stateOf } from './rule/example.ts';
import { compileRules, type Situation } from './rule/index.ts';
import { actionOf, factsOf, type Subject } from './subject.ts';

const usd = z.number().min(0).max(1_000_000_000);
const path = z.string().max(65_536);
const common = {
  id: z.unknown().optional(),
  cwd: z.string().startsWith('/').max(4_096).optional(),
  setup: setupSchema.optional(),
  policy: workspaceRowSchema.optional(),
  /** What rules may ask about: what the session did before, which agent and tool it is, and when. */
  session: exampleSessionSchema.optional(),
  agent: z.string().max(60).default(''),
  tool: z.string().max(200).default(''),
  at: z.iso.datetime({ offset: true }).optional(),
};

const headerValue = z.union([z.string().max(65_536), z.number()]).transform(String);
const headersSchema = z
  .record(z.string().max(1_000), z.union([headerValue, z.array(headerValue).max(100)]))
  .refine((headers) => Object.keys(headers).length <= 1_000, 'too many headers');

const rowSchema = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('command'), input: z.string().max(1_000_000) }),
  z.object({
    ...common,
    kind: z.literal('path'),
    input: z.object({ op: z.enum(['read', 'write', 'delete', 'list']), path }),
  }),
  z.object({
    ...common,
    kind: z.literal('network'),
    input: z.object({
      method: z.string().max(40),
      url: path,
      headers: headersSchema.optional(),
      redirect_to: path.optional(),
      resolved_ips: z.array(z.string().max(100)).max(100).optional(),
    }),
  }),
  z.object({
    ...common,
    kind: z.literal('budget'),
    input: z.object({
      spent_usd: usd.default(0),
      reserved_usd: z.array(usd).max(10_000).default([]),
      events_usd: z.array(usd).max(10_000).default([]),
      children_spent_usd: z.array(usd).max(10_000).default([]),
      forked_from_spent_usd: usd.default(0),
      next_call_usd: usd.nullable(),
      store_reachable: z.boolean().default(true),
    }),
  }),
]);
type Row = z.infer<typeof rowSchema>;

export interface CheckOptions {
  parser: CommandParser;
  /** What the file says; a row's own policy replaces it. Null without a file. */
  policy: Policy | null;
  roots: Roots;
  files: FileView;
  /** ms, as exactly as it goes. */
  now: () => number;
}

export interface CheckResult {
  id: unknown;
  verdict: Verdict['verdict'];
  rule: string;
  reasons: readonly string[];
  facts: ActionFacts;
  /** The threshold of the budget is crossed. */
  alert: boolean;
  policyHash: string;
  /** Microseconds that judging took. */
  us: number;
}

/** Of a row that is none: nothing is allowed that cannot be read. */
export const malformed = (id: unknown, reason: string): CheckResult => ({
  ...{ id, verdict: 'deny', rule: 'input.invalid', reasons: [reason], facts: noFacts },
  ...{ alert: false, policyHash: '', us: 0 },
});

/** Judges one line of input. `isValid` is false for a row that is none. */
export function checkRow(line: string, options: CheckOptions): { isValid: boolean; result: CheckResult } {
  const since = options.now();
  const json = parseJson(line);
  if (json === undefined) return { isValid: false, result: malformed(null, 'it is not JSON') };
  const row = rowSchema.safeParse(json);
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null;
  if (!row.success) return { isValid: false, result: malformed(id, z.prettifyError(row.error).slice(0, 1_000)) };
  const policy = policyOf(row.data, options);
  if (typeof policy === 'string') return { isValid: false, result: malformed(id, policy) };
  try {
    const { facts, verdict, alert } = judgeRow(row.data, policy, options);
    const us = Math.round((options.now() - since) * 1_000);
    return { isValid: true, result: { id, ...verdict, facts, alert, us } };
  } catch (cause) {
    // Whatever makes this fail: a row gets its answer, and the others are judged.
    return { isValid: false, result: malformed(id, `it cannot be judged: ${String(cause).slice(0, 200)}`) };
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Why there is none, where there is none. */
function policyOf(row: Row, { policy, roots }: CheckOptions): Policy | string {
  if (!row.policy) return policy ?? 'policy: missing, and there is no workspace file';
  const own = { ...roots, root: row.policy.workspace.root ?? roots.root };
  const base = baseOf(row.policy, own);
  const [problem] = compileRules(row.policy.rules).problems;
  if (problem) return `policy.${problem.message}; ${problem.fix}`;
  return base === null
    ? 'policy.workspace.base_dir: it lies outside of its root'
    : compilePolicy(row.policy, base, roots.home);
}

function judgeRow(
  row: Row,
  policy: Policy,
  options: CheckOptions,
): { facts: ActionFacts; verdict: Verdict; alert: boolean } {
  const cwd = row.cwd ?? policy.base;
  const files = row.setup ? overlay(options.files, row.setup, cwd) : options.files;
  const place: Place = {
    cwd,
    base: policy.base,
    home: options.roots.home,
    restricted: policy.restrictedPaths.map(({ absolute }) => absolute),
    files,
  };
  switch (row.kind) {
    case 'command':
    case 'path':
    case 'network': {
      const subject = subjectOf(row);
      const facts = factsOf(subject, place, options.parser);
      return { facts, verdict: judgeAction(facts, [policy], situationOf(row, subject, cwd)), alert: false };
    }
    case 'budget': {
      const { alert, ...verdict } = judgeBudget(budgetFacts(row.input), [policy]);
      return { facts: noFacts, verdict, alert };
    }
  }
}

type ActionRow = Exclude<Row, { kind: 'budget' }>;

function subjectOf(row: ActionRow): Subject {
  switch (row.kind) {
    case 'command':
      return { kind: 'command', text: row.input };
    case 'path':
      return { kind: 'path', ...row.input };
    case 'network': {
      const { redirect_to: redirectTo, resolved_ips: addresses, ...request } = row.input;
      return { kind: 'request', ...request, redirectTo, addresses };
    }
  }
}

/** What rules may ask about it beside its facts. */
function situationOf({ agent, at, session = {}, ...row }: ActionRow, subject: Subject, cwd: string): Situation {
  const { kind, command, paths } = actionOf(subject);
  const atMs = at === undefined ? Date.now() : Date.parse(at);
  const tool = row.tool || kind;
  const action = { tool, command, paths, cwd };
  const state = stateOf(session, { key: actionKey(action), name: `${agent} ${tool}`, atMs, base: cwd });
  return { ...action, kind, agent, state, atMs, startedBy: session.started_by ?? '' };
}

const micro = (amount: number): number => Math.round(amount * microUsd);

const budgetFacts = (input: (Row & { kind: 'budget' })['input']) => ({
  spent: micro(input.spent_usd),
  reserved: input.reserved_usd.map(micro),
  events: input.events_usd.map(micro),
  children: input.children_spent_usd.map(micro),
  forkedFrom: micro(input.forked_from_spent_usd),
  next: input.next_call_usd === null ? null : micro(input.next_call_usd),
  isStoreReachable: input.store_reachable,
});
