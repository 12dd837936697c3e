/** Levels that judge nothing: they hold only rules in the shadow. Pure. */
import type { Policy } from './policy.ts';

/** What is written to be tried must not change a verdict by being there. A workspace file always judges. */
export function isSilent(policy: Policy): boolean {
  const { level, rules, forbiddenCommands, restrictedPaths, asksBeforeMutation, maxBudgetMicroUsd } = policy;
  if (level === 'workspace' || rules.some(({ isShadow }) => !isShadow)) return false;
  if (forbiddenCommands.length + restrictedPaths.length > 0 || asksBeforeMutation) return false;
  return maxBudgetMicroUsd === null && policy.onViolation === 'deny' && policy.onSurprise === 'record';
}
