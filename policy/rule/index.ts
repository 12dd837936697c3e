/** Rules as they are judged by: each a condition and what is said where it holds. Knows nothing of files or of what else a policy says. */

import type { ActionFacts } from '#protocol/action-facts.ts';
import type { Demand } from '#protocol/approval.ts';
import { durationMs, type RuleText, type VerdictWord } from '#protocol/rule.ts';
import { type Condition, readCondition } from './language.ts';
import { presets } from './preset.ts';
import type { Situation } from './situation.ts';

export { presets } from './preset.ts';
export { noSituation, type Situation } from './situation.ts';

export interface Rule {
  /** `rules[2]`, as it stands in its file. */
  name: string;
  /** The condition as it is written, or as its preset writes it. */
  when: string;
  preset: string | null;
  verdict: VerdictWord;
  reason: string;
  demand: Demand;
  isShadow: boolean;
  condition: Condition;
  examples: RuleText['examples'];
}

/** What is wrong with a rule: at which key of the list, and how it is mended. */
export interface RuleProblem {
  path: readonly PropertyKey[];
  message: string;
  fix: string;
}

type Compiled = { ok: true; rule: Rule } | { ok: false; problem: RuleProblem };

export function compileRules(texts: readonly RuleText[]): { rules: Rule[]; problems: RuleProblem[] } {
  const compiled = texts.map((text, index) => compileRule(text, index));
  return {
    rules: compiled.flatMap((each) => (each.ok ? [each.rule] : [])),
    problems: compiled.flatMap((each) => (each.ok ? [] : [each.problem])),
  };
}

function compileRule(text: RuleText, index: number): Compiled {
  const meant = text.preset === undefined ? written(text) : presetOf(text, text.preset, index);
  if ('problem' in meant) return { ok: false, problem: meant.problem };
  const name = `rules[${index}]`;
  const read = readCondition(meant.when, meant.verdict === 'allow');
  if (!read.ok) {
    const path = [index, text.preset === undefined ? 'when' : 'preset'];
    return { ok: false, problem: { path, message: `${name}: ${read.problem}`, fix: 'see docs/policy.md' } };
  }
  const { isShadow, demand } = { isShadow: text.shadow, demand: demandOf(text) };
  const reason = short(meant.reason);
  const rule = { name, ...meant, reason, preset: text.preset ?? null, isShadow, demand, condition: read.condition };
  return { ok: true, rule: { ...rule, examples: text.examples } };
}

/** Longest reason, in characters: a condition or a list of hosts may be longer. */
const maxReason = 300;

function short(text: string): string {
  const chars = [...text];
  return chars.length <= maxReason ? text : `${chars.slice(0, maxReason - 1).join('')}…`;
}

type Meant = { when: string; verdict: VerdictWord; reason: string } | { problem: RuleProblem };

function written({ when = '', then: verdict = 'ask', reason }: RuleText): Meant {
  return { when, verdict, reason: reason ?? when };
}

function presetOf(text: RuleText, name: string, index: number): Meant {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!preset) {
    const fix = `write ${Object.keys(presets).join(', ')}`;
    return { problem: { path: [index, 'preset'], message: `rules[${index}].preset: ${name} is not known`, fix } };
  }
  const given = preset.parameters.safeParse(text.with ?? {});
  if (!given.success) {
    const [issue] = given.error.issues;
    const path = [index, 'with', ...(issue?.path ?? [])];
    const where = ['with', ...(issue?.path ?? [])].map(String).join('.');
    const message = `rules[${index}].${where}: ${issue?.message.toLowerCase() ?? 'not what the preset takes'}`;
    return { problem: { path, message, fix: 'see docs/policy.md' } };
  }
  const verdict = text.then ?? preset.verdict;
  if (verdict === 'allow') {
    const message = `rules[${index}].then: a preset asks or denies`;
    return { problem: { path: [index, 'then'], message, fix: 'write ask or deny' } };
  }
  return { when: preset.when(given.data), verdict, reason: text.reason ?? preset.reason(given.data) };
}

const demandOf = ({ approvers, quorum, four_eyes, expires_in, escalate }: RuleText): Demand => ({
  approvers: approvers ?? null,
  quorum,
  isFourEyes: four_eyes,
  expiresInMs: expires_in === undefined ? null : durationMs(expires_in),
  escalate: escalate ? { afterMs: durationMs(escalate.after), to: escalate.to } : null,
});

/** What a rule says of an action. */
export interface RuleWord {
  verdict: VerdictWord;
  rule: string;
  reason: string;
  demand: Demand | null;
}

/** What the first rule that is about it says, and what those in the shadow would say. A rule that cannot be answered asks. */
export function askRules(
  rules: readonly Rule[],
  facts: ActionFacts,
  situation: Situation,
): { word: RuleWord | null; shadow: RuleWord[] } {
  const shadow: RuleWord[] = [];
  for (const rule of rules) {
    const word = wordOf(rule, facts, situation);
    if (!word) continue;
    if (rule.isShadow) shadow.push(word);
    else return { word, shadow: [...shadow, ...shadowsBehind(rules, rule, facts, situation)] };
  }
  return { word: null, shadow };
}

/** Those in the shadow are all asked: they would stand where they stand. */
const shadowsBehind = (rules: readonly Rule[], rule: Rule, facts: ActionFacts, situation: Situation): RuleWord[] =>
  rules
    .slice(rules.indexOf(rule) + 1)
    .filter(({ isShadow }) => isShadow)
    .flatMap((each) => wordOf(each, facts, situation) ?? []);

function wordOf(rule: Rule, facts: ActionFacts, situation: Situation): RuleWord | null {
  const { name, verdict, reason, demand } = rule;
  try {
    if (!rule.condition(facts, situation)) return null;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    return { verdict: 'ask', rule: name, reason: `its condition cannot be answered: ${why}`, demand };
  }
  return { verdict, rule: name, reason, demand: verdict === 'ask' ? demand : null };
}
