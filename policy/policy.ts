/** The rules in force, and what is said by them. Types only: who reads a file is in file/, who judges in judge.ts. */
import type { ActionFacts } from '#protocol/action-facts.ts';

export type VerdictWord = 'allow' | 'ask' | 'deny';
/** Worst first: of several verdicts the first of these that was said stands. */
export const severity: readonly VerdictWord[] = ['deny', 'ask', 'allow'];

/** Where a rule comes from; of what they say the strictest stands. */
export type PolicyLevel = 'server' | 'workspace' | 'session';

export interface Rule {
  /** CEL over the action's facts and the session's state. */
  when: string;
  then: VerdictWord;
  /** For people and for the agent. */
  reason: string | null;
  /** Names or roles of those who may decide; empty: any editor or owner. */
  approvers: readonly string[];
  /** How many of them must approve, from 1. */
  quorum: number;
  /** An approval is worth this long, in ms; null: until it is withdrawn. */
  expiresInMs: number | null;
  /** It is judged and recorded, and changes nothing. */
  isShadow: boolean;
}

/** One level's rules. Absolute paths; money in micro-dollars. */
export interface Policy {
  level: PolicyLevel;
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
  rules: readonly Rule[];
  onViolation: 'deny' | 'pause';
  onLimit: { kind: 'pause' } | { kind: 'deny' } | { kind: 'downgrade'; model: string };
  /** sha256 of the canonical form of all of the above, hex. */
  hash: string;
}

/** What is judged: one action, or one model call before it is sent. */
export type Subject =
  | { kind: 'command'; facts: ActionFacts; text: string }
  | { kind: 'path'; facts: ActionFacts }
  | { kind: 'network'; facts: ActionFacts }
  | { kind: 'other'; facts: ActionFacts; tool: string };

export interface Verdict {
  verdict: VerdictWord;
  /** `security_guardrails.forbidden_commands[1]`, `rules[2]`, `default.unknown-program`. */
  rule: string;
  /** One sentence each, the rule's own first. */
  reasons: readonly string[];
  policyHash: string;
}
