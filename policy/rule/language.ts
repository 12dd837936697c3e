/**
 * The language of conditions: CEL over typed names, so that a condition that could fail is refused when its file loads. Every
 * function ends in time linear in its text: what an agent writes never makes judging slow.
 */
import { Environment } from '@marcbachmann/cel-js';
import type { ActionFacts, CommandFact } from '#protocol/action-facts.ts';
import { matchForbidden } from '../forbidden.ts';
import { holdsPersonalData, holdsSecret } from './sensitive.ts';
import { bindings, outgoingOf, type Situation } from './situation.ts';

/** Facts as the language sees them. What is not known is '' or `*`, never absent. */
class RuleFacts {
  readonly commands;
  readonly paths;
  readonly hosts;
  readonly requests;
  readonly unclear;
  readonly installs;
  readonly outgoing: string;
  readonly #facts: ActionFacts;

  constructor(facts: ActionFacts) {
    this.#facts = facts;
    this.commands = facts.commands.map(({ program, argv, effect, cwd, via }) => ({
      ...{ program, argv, effect, via, cwd: cwd ?? '' },
    }));
    this.paths = facts.paths.map(({ path, real, effect, restricted, isInBase, exists }) => ({
      ...{ path, effect, restricted, real: real ?? '', in_base: isInBase, exists: exists ?? true },
    }));
    this.requests = facts.requests.map(({ method, url }) => ({ method: method ?? '*', url }));
    this.hosts = facts.hosts;
    this.unclear = facts.unclear;
    this.installs = facts.installs ?? [];
    this.outgoing = outgoingOf(facts);
  }

  runs(pattern: string): boolean {
    return matchForbidden(pattern, this.#facts) !== null;
  }

  onlyRuns(patterns: readonly string[]): boolean {
    const { commands, paths, unclear } = this.#facts;
    const isRedirected = paths.some(({ effect, isRedirect }) => isRedirect && effect !== 'read');
    const wanted = patterns.map((pattern) => pattern.trim().split(/\s+/));
    return (
      commands.length > 0 &&
      !isRedirected &&
      unclear.length === 0 &&
      commands.every((each) => wanted.some((words) => begins(each, words)))
    );
  }
}

/** The command is these words, and perhaps further ones; all of them are known. */
const begins = ({ argv, unknown }: CommandFact, words: readonly string[]): boolean =>
  unknown.length === 0 && words.every((word, index) => isLike(argv[index] ?? '\0', word));

/** `*` stands for any characters. No backtracking: each part is looked for once, behind the one before. */
export function isLike(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

const strings = 'list<string>';

const createEnvironment = (): Environment =>
  new Environment({ unlistedVariablesAreDyn: false, limits: { maxAstNodes: 500, maxDepth: 30, maxListElements: 200 } })
    .registerType('Command', {
      fields: { program: 'string', argv: strings, effect: 'string', cwd: 'string', via: strings },
    })
    .registerType('Path', {
      fields: {
        ...{ path: 'string', real: 'string', effect: 'string' },
        ...{ restricted: 'bool', in_base: 'bool', exists: 'bool' },
      },
    })
    .registerType('Request', { fields: { method: 'string', url: 'string' } })
    .registerType('Facts', {
      ctor: RuleFacts,
      fields: {
        ...{ commands: 'list<Command>', paths: 'list<Path>', hosts: strings, requests: 'list<Request>' },
        ...{ unclear: strings, installs: strings, outgoing: 'string' },
      },
    })
    .registerType('Action', {
      fields: { kind: 'string', tool: 'string', agent: 'string', command: 'string', cwd: 'string' },
    })
    .registerType('Session', {
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
    .registerFunction('string.like(string): bool', isLike)
    .registerFunction('string.holds_secret(): bool', holdsSecret)
    .registerFunction('string.holds_personal_data(): bool', holdsPersonalData);

const environment = createEnvironment();

/** A condition that is ready to be asked. Throws where it cannot be answered. */
export type Condition = (facts: ActionFacts, situation: Situation) => boolean;

/** Facts with more parts are not put to rules: conditions may go through each with each. */
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
    const value: unknown = parsed({ ...bindings(facts, situation), facts: new RuleFacts(facts) });
    if (typeof value === 'boolean') return value;
    throw new Error('it is neither true nor false');
  };
  return { ok: true, condition };
}

function problemOf(text: string, isAllowing: boolean): string | null {
  const checked = environment.check(text);
  if (!checked.valid) return firstLine(checked.error?.message);
  if (String(checked.type) !== 'bool') return `it is of type ${String(checked.type)}, not bool`;
  const names = calledIn(environment.parse(text).ast);
  if (names.includes('matches')) return 'matches is not offered; use like("*.example.com")';
  if (isAllowing && names.includes('runs')) {
    return 'runs is true where one of many commands is it; what is allowed is said by only_runs(["npm test"])';
  }
  return nested(environment.parse(text).ast) > maxNested ? 'lists are gone through within each other too deep' : null;
}

const firstLine = (message: string | undefined): string =>
  (message ?? 'it cannot be read').split('\n')[0]?.trim() ?? '';

interface Call {
  name: string | null;
  parts: readonly unknown[];
}

/** A node of the tree: the function that it calls, if it calls one, and what is below it. */
function callOf(node: unknown): Call {
  if (Array.isArray(node)) return { name: null, parts: node };
  if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node))
    return { name: null, parts: [] };
  const { op, args } = node;
  const parts = Array.isArray(args) ? args : [args];
  const isCall = (op === 'rcall' || op === 'call') && typeof parts[0] === 'string';
  return { name: isCall ? String(parts[0]) : null, parts };
}

function calledIn(node: unknown): string[] {
  const { name, parts } = callOf(node);
  return [...(name === null ? [] : [name]), ...parts.flatMap(calledIn)];
}

const goesThrough = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

function nested(node: unknown): number {
  const { name, parts } = callOf(node);
  const below = Math.max(0, ...parts.map(nested));
  return below + (name !== null && goesThrough.has(name) ? 1 : 0);
}
