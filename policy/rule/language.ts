/**
 * The language of conditions: CEL over typed names, so that a condition that could fail is refused when its file loads. Every
 * function ends in time linear in its text: what an agent writes never makes judging slow.
 */
import { Environment } from '@marcbachmann/cel-js';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { isLike } from './like.ts';
import { RuleCommand, RuleFacts, RulePath, RuleRequest } from './rule-facts.ts';
import { holdsPersonalData, holdsSecret } from './sensitive.ts';
import { bindings, RuleSession, type Situation } from './situation.ts';

const strings = 'list<string>';

const createEnvironment = (): Environment =>
  new Environment({ unlistedVariablesAreDyn: false, limits: { maxAstNodes: 500, maxDepth: 30, maxListElements: 200 } })
    .registerType('Command', {
      ctor: RuleCommand,
      fields: { program: 'string', argv: strings, effect: 'string', cwd: 'string', via: strings },
    })
    .registerType('Path', {
      ctor: RulePath,
      fields: {
        ...{ path: 'string', real: 'string', effect: 'string' },
        ...{ restricted: 'bool', in_base: 'bool', exists: 'bool' },
      },
    })
    .registerType('Request', { ctor: RuleRequest, fields: { method: 'string', url: 'string' } })
    .registerType('Facts', {
      ctor: RuleFacts,
      fields: {
        ...{ commands: 'list<Command>', paths: 'list<Path>', hosts: strings, requests: 'list<Request>' },
        ...{ unclear: strings, installs: strings, outgoing: 'string', open_ended: 'bool' },
      },
    })
    .registerType('Action', {
      fields: { kind: 'string', tool: 'string', agent: 'string', command: 'string', cwd: 'string' },
    })
    .registerType('Session', {
      ctor: RuleSession,
      fields: {
        ...{ spent_usd: 'double', unpriced_calls: 'int', turns: 'int', actions: 'int', denied: 'int', asked: 'int' },
        ...{ last_minute: 'int', repeats: 'int', uses: 'int' },
        ...{ installed: strings, fetched: strings, created: strings, started_by: 'string' },
      },
    })
    .registerVariable('action', 'Action')
    .registerVariable('facts', 'Facts')
    .registerVariable('session', 'Session')
    .registerVariable('now', 'google.protobuf.Timestamp')
    .registerFunction('Facts.runs(string): bool', (facts: RuleFacts, pattern: string) => facts.runs(pattern))
    .registerFunction('Facts.only_runs(list<string>): bool', (facts: RuleFacts, patterns: string[]) =>
      facts.onlyRuns(patterns),
    )
    .registerFunction('Session.uses_of(string): int', (session: RuleSession, tools: string) => session.usesOf(tools))
    .registerFunction('string.like(string): bool', isLike)
    .registerFunction('string.holds_secret(): bool', holdsSecret)
    .registerFunction('string.holds_personal_data(): bool', holdsPersonalData);

const environment = createEnvironment();

/** A condition that is ready to be asked. Throws where it cannot be answered. */
export type Condition = (facts: ActionFacts, situation: Situation) => boolean;

/** Facts with more parts are not put to rules. */
const maxParts = 1_000;
/** Lists may be gone through within each other this deep. */
const maxNested = 2;

/** Why the text is no condition, in one line; or the condition. */
export function readCondition(
  text: string,
  isAllowing: boolean,
): { ok: true; condition: Condition } | { ok: false; problem: string } {
  const problem = problemOf(text, isAllowing);
  if (problem !== null) return { ok: false, problem };
  const parsed = environment.parse(text);
  const condition: Condition = (facts, situation) => {
    if (facts.commands.length + facts.paths.length + facts.requests.length > maxParts) {
      throw new Error('it touches too much to look at each');
    }
    const value: unknown = parsed({
      ...bindings(situation),
      facts: new RuleFacts(facts, situation),
    });
    if (typeof value === 'boolean') return value;
    throw new Error('it is neither true nor false');
  };
  return { ok: true, condition };
}

function problemOf(text: string, isAllowing: boolean): string | null {
  const checked = environment.check(text);
  if (!checked.valid) return firstLine(checked.error?.message);
  if (String(checked.type) !== 'bool') return `it is of type ${String(checked.type)}, not bool`;
  const { ast } = environment.parse(text);
  const fields = fieldProblem(text, ast);
  if (fields !== null) return fields;
  const names = calledIn(ast);
  if (names.includes('matches')) return 'matches is not offered; use like("*.example.com")';
  if (isAllowing && names.includes('runs')) {
    return 'runs is true where one of many commands is it; what is allowed is said by only_runs(["npm test"])';
  }
  return nested(ast) > maxNested ? 'lists are gone through within each other too deep' : null;
}

/** The checker passes over fields in `has(…)`, where a slip would be silent for good: each is put where it is looked at. */
function fieldProblem(text: string, ast: unknown): string | null {
  const all = hasIn(ast).sort((one, other) => other.start - one.start);
  if (all.length === 0) return null;
  const spread = all.reduce((now, { start, end }) => {
    const field = now.slice(start, end).replace(/^has/, '');
    return `${now.slice(0, start)}size([${field}]) == 1${now.slice(end)}`;
  }, text);
  const { valid, error } = environment.check(spread);
  return valid ? null : firstLine(error?.message);
}

const firstLine = (message: string | undefined): string =>
  (message ?? 'it cannot be read').split('\n')[0]?.trim() ?? '';

interface Call {
  name: string | null;
  parts: readonly unknown[];
  /** Where it stands in the text. */
  start: number;
  end: number;
}

/** A node of the tree: the function that it calls, if it calls one, and what is below it. */
function callOf(node: unknown): Call {
  const nowhere = { name: null, start: 0, end: 0 };
  if (Array.isArray(node)) return { ...nowhere, parts: node };
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node))
    return { ...nowhere, parts: [] };
  const { op, args } = node;
  const { start, end } = node as { start?: number; end?: number };
  const parts = Array.isArray(args) ? args : [args];
  const isCall = (op === 'rcall' || op === 'call') && typeof parts[0] === 'string';
  return { name: isCall ? String(parts[0]) : null, parts, start: start ?? 0, end: end ?? 0 };
}

function hasIn(node: unknown): Call[] {
  const call = callOf(node);
  return [...(call.name === 'has' ? [call] : []), ...call.parts.flatMap(hasIn)];
}

function calledIn(node: unknown): string[] {
  const { name, parts } = callOf(node);
  return [...(name === null ? [] : [name]), ...parts.flatMap(calledIn)];
}

/** `bind` holds a list that is gone through without being asked for again. */
const goesThrough = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

function nested(node: unknown): number {
  const { name, parts } = callOf(node);
  const below = Math.max(0, ...parts.map(nested));
  return below + (name !== null && goesThrough.has(name) ? 1 : 0);
}
