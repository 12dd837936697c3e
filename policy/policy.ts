/** The rules in force, and what is said by them. Types only: who reads a file is in file/, who judges in judge.ts. */

import type { Demand } from '#protocol/approval.ts';
import type { PolicyLevel } from '#protocol/policy-event.ts';
import type { VerdictWord } from '#protocol/rule.ts';
import type { SurpriseReaction } from '#protocol/workspace-file.ts';
import type { Rule, RuleWord } from './rule/index.ts';

export type { VerdictWord } from '#protocol/rule.ts';

/** One level's rules. Absolute paths; money in micro-dollars. */
export interface Policy {
  level: PolicyLevel;
  /** In order: the first that is about an action speaks. */
  rules: readonly Rule[];
  /** Null: no cap. */
  maxBudgetMicroUsd: number | null;
  /** 1 to 100. */
  alertThresholdPct: number;
  /** As they are written, in order. */
  forbiddenCommands: readonly string[];
  /** As they are written, and what they mean: absolute, resolved against `base`. */
  restrictedPaths: readonly { written: string; absolute: string }[];
  asksBeforeMutation: boolean;
  allowsNetwork: boolean;
  /** The folder that agents work in, absolute. */
  base: string;
  /** What `~` stands for in it, absolute. */
  home: string;
  onLimit: { kind: 'pause' } | { kind: 'deny' } | { kind: 'downgrade'; model: string };
  onViolation: 'deny' | 'pause';
  onSurprise: SurpriseReaction;
  /** sha256 of what it judges by, hex; the same wherever its folder lies, whatever its reasons, examples and rules in the shadow. */
  hash: string;
  /** sha256 of all that it means, these included. */
  fullHash: string;
}

export interface Verdict {
  verdict: VerdictWord;
  /** `security_guardrails.forbidden_commands[1]`, `default.unknown-program`. */
  rule: string;
  /** One sentence each, the rule's own first. */
  reasons: readonly string[];
  policyHash: string;
  /** Where it asks: every rule that does, each once, `rule` first. */
  rules?: readonly string[];
  /** What an approval needs, where rules that ask say so. */
  demands?: readonly Demand[];
  /** What rules in the shadow would have said. */
  shadow?: readonly Pick<RuleWord, 'rule' | 'verdict' | 'reason'>[];
  /** A denial after which the session pauses. */
  isPausing?: boolean;
}
