/** What rules say, one by one, and the verdict that it amounts to: the worst of it. Pure. */
import { createHash } from 'node:crypto';
import type { Demand } from '#protocol/approval.ts';
import type { Policy, Verdict, VerdictWord } from './policy.ts';
import type { RuleWord } from './rule/index.ts';
import { isSilent } from './silent.ts';

export const mutation = 'security_guardrails.require_human_approval_on_mutation';

export interface Say {
  verdict: VerdictWord;
  rule: string;
  reason: string;
  demand?: Demand | null;
  /** A denial after which the session pauses, whatever is done after violations. */
  isPausing?: boolean;
}

const severity: readonly VerdictWord[] = ['deny', 'ask', 'allow'];

export interface Said {
  said: readonly Say[];
  shadow: readonly RuleWord[];
}

/** The worst that is said; without a word `otherwise`. */
export function worst({ said, shadow }: Said, otherwise: Say, policies: readonly Policy[]): Verdict {
  const verdict = severity.find((word) => said.some((each) => each.verdict === word)) ?? otherwise.verdict;
  const those = said.filter((each) => each.verdict === verdict);
  const { rule } = those[0] ?? otherwise;
  const reasons = [...new Set((those.length > 0 ? those : [otherwise]).map(({ reason }) => reason))];
  const demands = verdict === 'ask' ? those.flatMap(({ demand }) => demand ?? []) : [];
  const pauses = verdict === 'deny' && policies.some(({ onViolation }) => onViolation === 'pause');
  return {
    ...{ verdict, rule, reasons: reasons.slice(0, 20), policyHash: hashOf(policies) },
    ...(verdict === 'ask' && {
      rules: [...new Set((those.length > 0 ? those : [otherwise]).map((each) => each.rule))],
    }),
    ...(demands.length > 0 && { demands }),
    ...(shadow.length > 0 && { shadow: shadow.map(({ demand: _demand, ...word }) => word) }),
    ...((pauses || those.some(({ isPausing }) => isPausing)) && { isPausing: true }),
  };
}

/** A rule's name says whose it is, unless it is the workspace file's. */
export const ofLevel = <S extends Say>(say: S, { level }: Policy): S => ({
  ...say,
  rule: level === 'workspace' || say.rule.startsWith('default.') ? say.rule : `${level}.${say.rule}`,
});

/** One hash names all policies that judge: that of the only one, or one over theirs. Hex. */
export function hashOf(policies: readonly Policy[]): string {
  const [first, ...others] = policies.filter((policy) => !isSilent(policy)).map(({ hash }) => hash);
  if (others.length === 0) return first ?? '';
  return createHash('sha256')
    .update([first, ...others].join(' '))
    .digest('hex');
}
