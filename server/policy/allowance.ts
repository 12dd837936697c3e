/** What a person allowed for the rest of a session: the same tool on the same bytes in the same folder. Pure. */

import type { SessionAllowance } from '#protocol/action-view.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { type ProposedAction, subjectOf } from '#server/turn/index.ts';

/** The allowance that covers the action under the rules of this hash; null without one. */
export function allowanceFor(action: ProposedAction, view: SessionView, policyHash: string): SessionAllowance | null {
  const allowances = view.turns.allowances ?? [];
  if (allowances.length === 0 || (action.command === null && action.paths.length === 0)) return null;
  const subject = subjectOf(action);
  const isSame = (each: SessionAllowance) => each.policyHash === undefined || each.policyHash === policyHash;
  return allowances.find((each) => each.subject === subject && isSame(each)) ?? null;
}
