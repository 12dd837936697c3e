/** The rules in force in a session as people read them: each with whose it is and where it stands. Pure. */
import { dollars } from '#policy/budget.ts';
import type { Policy } from '#policy/policy.ts';
import type { SessionEvent } from '#protocol/event.ts';
import type { PolicyLevel } from '#protocol/policy-event.ts';
import { surpriseRule } from '#protocol/surprise-view.ts';

export interface EffectiveRule {
  level: PolicyLevel;
  /** As verdicts name it. */
  rule: string;
  /** What it says, in one line. */
  says: string;
  verdict: 'allow' | 'ask' | 'deny' | null;
  isShadow: boolean;
  /** The condition, where it has one. */
  when: string | null;
  preset: string | null;
  /** Who must approve, in words; null: anybody who may. */
  demand: string | null;
}

export interface EffectivePolicy {
  level: PolicyLevel;
  /** Of a workspace file: its absolute path. */
  file: string | null;
  /** Of all that it says, as `fullHash`. */
  hash: string;
  /** What its owner should know of it, one line each. */
  warnings: readonly string[];
  rules: EffectiveRule[];
}

/** How often rules in the shadow would have spoken, newest word first. */
export function shadowsIn(judged: readonly (SessionEvent & { type: 'action.judged' })[]) {
  const found = new Map<string, { rule: string; verdict: string; reason: string; count: number; lastAt: string }>();
  for (const { at, payload } of judged) {
    for (const word of payload.shadow ?? []) {
      const key = `${word.rule} ${word.verdict}`;
      found.set(key, { ...word, count: (found.get(key)?.count ?? 0) + 1, lastAt: at });
    }
  }
  return [...found.values()].sort((one, other) => (one.lastAt < other.lastAt ? 1 : -1));
}

const surpriseSays = {
  ask: 'what an agent does after it changed more than it said',
  pause: 'the session pauses when an agent changed more than it said',
} as const;

/** `source`: the workspace file that it was read from. */
export function effectiveOf(
  policy: Policy,
  source: { file: string; warnings?: readonly string[] } | null,
): EffectivePolicy {
  const { level, fullHash: hash } = policy;
  const prefix = level === 'workspace' ? '' : `${level}.`;
  const say = (rule: string, verdict: EffectiveRule['verdict'], says: string): EffectiveRule => ({
    ...{ level, rule: `${prefix}${rule}`, says, verdict },
    ...{ isShadow: false, when: null, preset: null, demand: null },
  });
  const guards = [
    ...policy.forbiddenCommands.map((pattern, index) =>
      say(`security_guardrails.forbidden_commands[${index}]`, 'deny', pattern),
    ),
    ...policy.restrictedPaths.map(({ written }, index) =>
      say(`security_guardrails.restricted_paths[${index}]`, 'deny', written),
    ),
    ...(policy.asksBeforeMutation
      ? [say('security_guardrails.require_human_approval_on_mutation', 'ask', 'whatever changes something')]
      : []),
    ...(policy.allowsNetwork ? [] : [say('workspace.allow_network_access', 'deny', 'the network is switched off')]),
    ...(policy.maxBudgetMicroUsd === null
      ? []
      : [
          say(
            'cost_control.max_budget_usd',
            null,
            `${dollars(policy.maxBudgetMicroUsd)}, told at ${policy.alertThresholdPct} %`,
          ),
        ]),
    ...(policy.onSurprise === 'record'
      ? []
      : [say(surpriseRule, policy.onSurprise === 'ask' ? 'ask' : null, surpriseSays[policy.onSurprise])]),
    ...(policy.onViolation === 'pause' ? [say('on_violation', null, 'the session pauses after a denial')] : []),
  ];
  const rules = policy.rules.map((rule) => ({
    ...say(rule.name, rule.verdict, rule.reason),
    ...{ isShadow: rule.isShadow, when: rule.when, preset: rule.preset, demand: demandWords(rule.demand) },
  }));
  const { file = null, warnings = [] } = source ?? {};
  return { level, file, hash, warnings, rules: [...rules, ...guards] };
}

function demandWords({
  approvers,
  quorum,
  isFourEyes,
  expiresInMs,
  escalate,
}: Policy['rules'][number]['demand']): string | null {
  const parts = [
    ...(quorum > 1 ? [`${quorum} must approve`] : []),
    ...(approvers ? [`only ${approvers.join(', ')}`] : []),
    ...(isFourEyes ? ['not whoever started the work'] : []),
    ...(expiresInMs === null ? [] : [`within ${Math.round(expiresInMs / 60_000)} min`]),
    ...(escalate ? [`after ${Math.round(escalate.afterMs / 60_000)} min also ${escalate.to.join(', ')}`] : []),
  ];
  return parts.length === 0 ? null : parts.join(' · ');
}
