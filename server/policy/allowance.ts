/** What a person allowed beyond one action: the same bytes in the same folder, as far as they were shown what these do. Pure. */

import type { SessionAllowance } from '#protocol/action-view.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { type ProposedAction, subjectOf, touchedOf } from '#server/turn/index.ts';

/** By which rules, of which hash, an action is asked about. */
interface Question {
  policyHash: string;
  rules: readonly string[];
}

/** The allowance that covers the action, whatever asks about it; null without one. */
export function allowanceFor(action: ProposedAction, view: SessionView, question: Question): SessionAllowance | null {
  const allowances = view.turns.allowances ?? [];
  const isNamed = action.command !== null || action.paths.length > 0 || action.facts?.connection !== undefined;
  if (allowances.length === 0 || !isNamed) return null;
  const subject = subjectOf(action);
  const same = allowances.filter((each) => each.subject === subject);
  return same.find((each) => isDue(each, view) && covers(each, action, question)) ?? null;
}

/** What replaces a command may run instead of it only once that is over. */
const isDue = ({ isOnce, actionId }: SessionAllowance, { turns }: SessionView): boolean =>
  !isOnce || !turns.actions.some((each) => each.actionId === actionId);

/** It touches what it touched then, and only rules ask that asked then. */
function covers(
  { policyHash, covers: shown }: SessionAllowance,
  { facts = null }: ProposedAction,
  question: Question,
): boolean {
  if (!shown || (policyHash !== undefined && policyHash !== question.policyHash)) return false;
  return shown.touched === touchedOf(facts) && question.rules.every((rule) => shown.rules.includes(rule));
}
