/** Money before a model call is sent: what is spent, reserved and asked for, held against the cap. Integers only. */
import type { Policy, Verdict } from './policy.ts';

/** One dollar. */
export const microUsd = 1_000_000;

export interface BudgetFacts {
  /** All in micro-dollars. */
  spent: number;
  reserved: readonly number[];
  /** Spent by calls that are not in `spent` yet. */
  events: readonly number[];
  children: readonly number[];
  /** What the session that this one was cloned from had spent. */
  forkedFrom: number;
  /** Null: the model has no price. */
  next: number | null;
  isStoreReachable: boolean;
}

/** Verdict on the next call, and whether the alert threshold is crossed by it. */
export function judgeBudget(facts: BudgetFacts, policies: readonly Policy[]): Verdict & { alert: boolean } {
  const capped = policies.flatMap((policy) =>
    policy.maxBudgetMicroUsd === null ? [] : [{ policy, cap: policy.maxBudgetMicroUsd }],
  );
  const strictest = capped.reduce<(typeof capped)[number] | null>(
    (least, each) => (least && least.cap <= each.cap ? least : each),
    null,
  );
  const policyHash = (strictest?.policy ?? policies[0])?.hash ?? '';
  const say = (verdict: Verdict['verdict'], rule: string, reason: string, alert = false) => ({
    verdict,
    rule,
    reasons: [reason],
    policyHash,
    alert,
  });
  if (!facts.isStoreReachable) return say('deny', 'default.no-ledger', 'what was spent cannot be read');
  const amounts = [facts.spent, ...facts.reserved, ...facts.events, ...facts.children, facts.forkedFrom];
  const wrong = [...amounts, facts.next ?? 0].some((amount) => !Number.isSafeInteger(amount) || amount < 0);
  if (wrong) return say('deny', 'input.invalid', 'an amount is not a number of micro-dollars');
  if (!strictest) return say('allow', 'default.no-budget', 'no budget is set');
  const { cap, policy } = strictest;
  const used = amounts.reduce((sum, amount) => sum + amount, 0);
  const after = used + (facts.next ?? 0);
  // In integers: share of 100 against share of the cap.
  const alert = after * 100 >= cap * policy.alertThresholdPct;
  const money = `${dollars(used)} of ${dollars(cap)} are spent or reserved`;
  if (used >= cap || after > cap) {
    const verdict = policy.onLimit.kind === 'deny' ? 'deny' : 'ask';
    return say(
      used >= cap ? 'deny' : verdict,
      'cost_control.max_budget_usd',
      `${money}, the next call may cost ${dollars(facts.next ?? 0)}`,
      alert,
    );
  }
  if (facts.next === null) return say('ask', 'default.unpriced', `the model has no price; ${money}`, alert);
  return say('allow', 'cost_control.max_budget_usd', money, alert);
}

export const dollars = (amount: number): string => `$${(amount / microUsd).toFixed(2)}`;
