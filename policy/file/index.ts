/** A workspace file from its text to the policy it means, or what is wrong with it and where. Pure. */
import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { canonicalJson } from '#protocol/canonical-json.ts';
import type { RuleText } from '#protocol/rule.ts';
import {
  type LevelFile,
  levelFileSchema,
  maxWorkspaceText,
  type WorkspaceFile,
  workspaceFileSchema,
  type workspaceRowSchema,
} from '#protocol/workspace-file.ts';
import { microUsd } from '../budget.ts';
import type { CommandParser } from '../command/index.ts';
import type { FileView } from '../file-view.ts';
import { isWithin, resolvePath } from '../path.ts';
import type { Policy } from '../policy.ts';
import { failingExamples } from '../rule/example.ts';
import { compileRules } from '../rule/index.ts';
import { type Located, type Problem, placeOf, problemsOf } from './problem.ts';

export { type Located, type Problem, problemLine } from './problem.ts';

/** What is read of a text of this kind, or what is wrong with it. */
export type Read<F> = { ok: true; text: string; file: F; located: Located } | { ok: false; problems: Problem[] };
export type ReadFile = Read<WorkspaceFile>;

const at = (located: Located, offset: number) => {
  const { line, col } = located.lines.linePos(offset);
  return { line, column: col };
};

/** Aliases that an honest file needs are few. */
const maxAliases = 20;

const start = { line: 1, column: 1 };

/** A file of more bytes is no workspace file, whatever its characters take. */
export const maxWorkspaceBytes = 4 * maxWorkspaceText;

/** The bytes of a file as the text that they are; then as `readWorkspaceFile`. */
export function readWorkspaceBytes(bytes: Uint8Array): ReadFile {
  try {
    return readWorkspaceFile(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    return { ok: false, problems: [{ ...start, message: 'not UTF-8', fix: 'save it as UTF-8' }] };
  }
}

/** Parses and checks the text; says nothing of the files that it names. */
export const readWorkspaceFile = (text: string): ReadFile => readText(text, workspaceFileSchema);

/** What the server or a session adds: `policies` and `rules` as in a workspace file. */
export const readLevelFile = (text: string): Read<LevelFile> => readText(text, levelFileSchema);

function readText<F extends { rules: RuleText[] }>(text: string, schema: z.ZodType<F>): Read<F> {
  if (text.length > maxWorkspaceText) {
    return {
      ok: false,
      problems: [{ ...start, message: `longer than ${maxWorkspaceText} characters`, fix: 'shorten it' }],
    };
  }
  try {
    return parse(text, schema);
  } catch (cause) {
    // A bomb of aliases, or of brackets.
    if (!(cause instanceof ReferenceError || cause instanceof RangeError)) throw cause;
    return {
      ok: false,
      problems: [{ ...start, message: 'too deeply nested, or too many aliases', fix: 'write it plainly' }],
    };
  }
}

function parse<F extends { rules: RuleText[] }>(text: string, schema: z.ZodType<F>): Read<F> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false, version: '1.2' });
  const located = { document, lines };
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    const problems = wrong.slice(0, 20).map(({ message, pos }) => ({
      ...at(located, pos[0]),
      message: (message.split(/ at line |\n/)[0] ?? message).replace(/:$/, ''),
      fix: 'correct the YAML',
    }));
    return { ok: false, problems };
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: maxAliases }));
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error.issues, located) };
  const { problems } = compileRules(parsed.data.rules);
  if (problems.length === 0) return { ok: true, text, file: parsed.data, located };
  const placed = problems.map(({ path, message, fix }) => ({ ...placeOf(located, ['rules', ...path]), message, fix }));
  return { ok: false, problems: placed };
}

/** A path of the file: absolute, from home, or from `from`. */
const absolute = (from: string, path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? resolvePath(home, `.${path.slice(1)}`) : resolvePath(from, path);

export interface Roots {
  /** The folder that `base_dir` is relative to, absolute. */
  root: string;
  home: string;
}

type Given = Pick<WorkspaceFile, 'policies' | 'rules'> & { workspace: z.infer<typeof workspaceRowSchema>['workspace'] };

/** Where agents work; null: it lies outside of `root`. */
export function baseOf({ workspace }: Given, { root, home }: Roots): string | null {
  const base = absolute(root, workspace.base_dir, home);
  return isWithin(base, root) ? base : null;
}

/** What the file means where its root is. `base` is where agents work. */
export function compilePolicy({ policies, rules, workspace }: Given, base: string, home: string): Policy {
  const { cost_control: cost, security_guardrails: security, on_limit: limit } = policies;
  const { base_dir, allow_network_access } = workspace;
  const hashOf = (own: readonly object[]): string => {
    const meaning = { policies, base_dir, allow_network_access, ...(own.length > 0 && { rules: own }) };
    return createHash('sha256').update(canonicalJson(meaning)).digest('hex');
  };
  return {
    level: 'workspace',
    rules: compileRules(rules).rules,
    maxBudgetMicroUsd: cost ? Math.round(cost.max_budget_usd * microUsd) : null,
    alertThresholdPct: cost?.alert_threshold_pct ?? 100,
    forbiddenCommands: security?.forbidden_commands ?? [],
    restrictedPaths: (security?.restricted_paths ?? []).map((written) => ({
      written,
      absolute: absolute(base, written, home),
    })),
    asksBeforeMutation: security?.require_human_approval_on_mutation ?? true,
    allowsNetwork: workspace.allow_network_access,
    base,
    home,
    onLimit:
      limit === 'pause' || limit === 'deny'
        ? { kind: limit }
        : { kind: 'downgrade', model: limit.slice('downgrade:'.length) },
    onViolation: policies.on_violation,
    onSurprise: policies.on_surprise,
    hash: hashOf(rules.filter(({ shadow }) => !shadow).map(judgedBy)),
    fullHash: hashOf(rules),
  };
}

/** A rule without what only people read of it. */
const judgedBy = ({ reason: _reason, examples: _examples, ...rule }: RuleText): object => rule;

/** What a level adds, where its session works. It never loosens anything: what it leaves out is not asked for. */
export const compileLevel = (
  { policies, rules }: LevelFile,
  level: 'server' | 'session',
  { base, home }: { base: string; home: string },
): Policy => ({
  ...compilePolicy(
    { policies, rules, workspace: { name: level, base_dir: '.', allow_network_access: true } },
    base,
    home,
  ),
  level,
  ...(policies.security_guardrails === undefined && { asksBeforeMutation: false }),
});

/** Examples that do not hold where the rules work, each with its place in the file. */
export function exampleProblems(
  { rules, restrictedPaths, base }: Pick<Policy, 'rules' | 'restrictedPaths' | 'base'>,
  { located, home, parser }: { located: Located; home: string; parser: CommandParser },
): Problem[] {
  const place = { base, home, restricted: restrictedPaths.map(({ absolute: path }) => path) };
  return rules.flatMap((rule, index) =>
    failingExamples(rule, place, parser).map((number) => ({
      ...placeOf(located, ['rules', index, 'examples', number]),
      message: `${rule.name}.examples[${number}]: the rule is ${rule.examples[number]?.matches ? 'not ' : ''}about it`,
      fix: 'correct the rule or the example',
    })),
  );
}

/** What its owner should know of the files that it names: visible, and no reason to refuse it. */
export function warningsOf(located: Located, policy: Policy, files: FileView): Problem[] {
  return policy.restrictedPaths.flatMap(({ written, absolute: path }, index): Problem[] => {
    const place = placeOf(located, ['policies', 'security_guardrails', 'restricted_paths', index]);
    if (/[*?]/.test(path)) return [];
    const found = files.look(path);
    if (!found)
      return [
        {
          ...place,
          message: `${written} is not there, so nothing is protected by it`,
          fix: 'correct it, or create the file',
        },
      ];
    if (found.real !== path)
      return [{ ...place, message: `${written} is a link to ${found.real}`, fix: 'name what it leads to as well' }];
    if (found.kind === 'file' && found.links > 1) {
      return [
        {
          ...place,
          message: `${written} has ${found.links} names, and others lead to it as well`,
          fix: 'remove the other hard links',
        },
      ];
    }
    return [];
  });
}
