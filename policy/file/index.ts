/** A workspace file from its text to the policy it means, or what is wrong with it and where. Pure. */
import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import {
  maxWorkspaceText,
  type WorkspaceFile,
  workspaceFileSchema,
  type workspaceRowSchema,
} from '#protocol/workspace-file.ts';
import { microUsd } from '../budget.ts';
import type { FileView } from '../file-view.ts';
import { isWithin, resolvePath } from '../path.ts';
import type { Policy } from '../policy.ts';
import { type Located, type Problem, placeOf, problemsOf } from './problem.ts';

export { type Problem, problemLine } from './problem.ts';

export type ReadFile =
  | { ok: true; text: string; file: WorkspaceFile; located: Located }
  | { ok: false; problems: Problem[] };

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
export function readWorkspaceFile(text: string): ReadFile {
  if (text.length > maxWorkspaceText) {
    return {
      ok: false,
      problems: [{ ...start, message: `longer than ${maxWorkspaceText} characters`, fix: 'shorten it' }],
    };
  }
  try {
    return parse(text);
  } catch (cause) {
    // A bomb of aliases, or of brackets.
    if (!(cause instanceof ReferenceError || cause instanceof RangeError)) throw cause;
    return {
      ok: false,
      problems: [{ ...start, message: 'too deeply nested, or too many aliases', fix: 'write it plainly' }],
    };
  }
}

function parse(text: string): ReadFile {
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
  const parsed = workspaceFileSchema.safeParse(document.toJS({ maxAliasCount: maxAliases }));
  return parsed.success
    ? { ok: true, text, file: parsed.data, located }
    : { ok: false, problems: problemsOf(parsed.error.issues, located) };
}

/** A path of the file: absolute, from home, or from `from`. */
const absolute = (from: string, path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? resolvePath(home, `.${path.slice(1)}`) : resolvePath(from, path);

export interface Roots {
  /** The folder that `base_dir` is relative to, absolute. */
  root: string;
  home: string;
}

type Given = Pick<WorkspaceFile, 'policies'> & { workspace: z.infer<typeof workspaceRowSchema>['workspace'] };

/** Where agents work; null: it lies outside of `root`. */
export function baseOf({ workspace }: Given, { root, home }: Roots): string | null {
  const base = absolute(root, workspace.base_dir, home);
  return isWithin(base, root) ? base : null;
}

/** What the file means where its root is. `base` is where agents work. */
export function compilePolicy({ policies, workspace }: Given, base: string, home: string): Policy {
  const { cost_control: cost, security_guardrails: security, on_limit: limit } = policies;
  const meaning = { policies, base_dir: workspace.base_dir, allow_network_access: workspace.allow_network_access };
  return {
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
    onLimit:
      limit === 'pause' || limit === 'deny'
        ? { kind: limit }
        : { kind: 'downgrade', model: limit.slice('downgrade:'.length) },
    onViolation: policies.on_violation,
    onSurprise: policies.on_surprise,
    hash: createHash('sha256').update(canonical(meaning)).digest('hex'),
  };
}

/** The same text for the same meaning, whatever the order of keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );

/** What its owner should know of the files that it names: visible, and no reason to refuse it. */
export function warningsOf(located: Located, policy: Policy, files: FileView): Problem[] {
  return policy.restrictedPaths.flatMap(({ written, absolute: path }, index): Problem[] => {
    const place = placeOf(located, ['policies', 'security_guardrails', 'restricted_paths', index]);
    if (/[*?[]/.test(path)) return [];
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
