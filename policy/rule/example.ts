/** Examples of rules: actions that a rule must be about, or must not. Pure; the commands are parsed by whoever has the parser. */
import { noFacts } from '#protocol/action-facts.ts';
import { actionKey, noPolicyState, type PolicyState } from '#protocol/policy-state.ts';
import type { ExampleSession, RuleExample } from '#protocol/rule.ts';
import type { CommandParser } from '../command/index.ts';
import type { Place } from '../file-view.ts';
import { overlay } from '../overlay.ts';
import { resolvePath } from '../path.ts';
import { actionOf, factsOf, noFiles, type Subject } from '../subject.ts';
import type { Rule } from './index.ts';
import type { Situation } from './situation.ts';

/** Where examples happen. */
export type ExamplePlace = Pick<Place, 'base' | 'home' | 'restricted'>;

/** Numbers of the examples that do not hold, ascending. */
export const failingExamples = (
  rule: Pick<Rule, 'condition' | 'examples'>,
  place: ExamplePlace,
  parser: CommandParser,
): number[] => rule.examples.flatMap((example, index) => (holds(rule, example, place, parser) ? [] : [index]));

function holds(
  { condition }: Pick<Rule, 'condition'>,
  example: RuleExample,
  { base, home, restricted }: ExamplePlace,
  parser: CommandParser,
): boolean {
  const setup = (example.files ?? []).map((path) => ({ type: 'file' as const, path }));
  const place: Place = { cwd: base, base, home, restricted, files: overlay(noFiles, setup, base) };
  const subject = subjectOf(example);
  const facts = subject ? factsOf(subject, place, parser) : noFacts;
  try {
    return condition(facts, situationOf(example, subject, base)) === example.matches;
  } catch (cause) {
    if (cause instanceof Error) return false;
    throw cause;
  }
}

function subjectOf({ command, read, write, delete: removed, request }: RuleExample): Subject | null {
  if (command !== undefined) return { kind: 'command', text: command };
  if (request) return { kind: 'request', ...request };
  if (read !== undefined) return { kind: 'path', op: 'read', path: read };
  if (write !== undefined) return { kind: 'path', op: 'write', path: write };
  return removed === undefined ? null : { kind: 'path', op: 'delete', path: removed };
}

/** Working time, where an example says none: a Monday at noon. */
const usualMs = Date.parse('2026-03-02T12:00:00Z');

function situationOf(example: RuleExample, subject: Subject | null, base: string): Situation {
  const { kind, command, paths } = subject ? actionOf(subject) : { kind: 'other' as const, command: null, paths: [] };
  const { agent = 'coder', tool = kind === 'command' ? 'Bash' : kind } = example;
  const atMs = example.at === undefined ? usualMs : Date.parse(example.at);
  const action = { tool, command, paths, cwd: base };
  const state = stateOf(example.session ?? {}, { key: actionKey(action), name: `${agent} ${tool}`, atMs, base });
  return { ...action, kind, agent, atMs, state, startedBy: example.session?.started_by ?? '' };
}

/** The state that an example or a row of `policy check` tells. */
export function stateOf(
  told: ExampleSession,
  { key, name, atMs, base }: { key: string; name: string; atMs: number; base: string },
): PolicyState {
  const others = Array<[string, number]>(told.last_minute ?? 0).fill(['', atMs - 1]);
  const repeats = Array<[string, number]>(told.repeats ?? 0).fill([key, atMs - 120_000]);
  return {
    ...noPolicyState,
    ...{ turns: told.turns ?? 0, actions: told.actions ?? 0, denied: told.denied ?? 0, asked: told.asked ?? 0 },
    spentMicroUsd: Math.round((told.spent_usd ?? 0) * 1_000_000),
    installed: told.installed ?? [],
    fetched: told.fetched ?? [],
    created: (told.created ?? []).map((path) => resolvePath(base, path)),
    recent: [...others, ...repeats],
    uses: { [name]: told.uses ?? 0 },
  };
}
