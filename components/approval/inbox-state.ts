/** The inbox as it is loaded and as changes arrive. Pure; knows no transport. */
import type { Approval, ApprovalLists } from '#components/api/api.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { attentionFor } from '#protocol/status.ts';

/** What a session asks now, by its view: as the server lists it. */
function askedBy(view: SessionView): string[] {
  if (attentionFor(view) !== 'needs') return [];
  return [
    ...view.turns.actions.flatMap(({ approval }) => (approval?.decided === null ? [approval.approvalId] : [])),
    ...(view.turns.unknown ?? []).map(({ approvalId }) => approvalId),
  ];
}

/** Whether a changed session asks something else than the inbox shows, so that its part has to be read again. */
export function isStale({ pending }: ApprovalLists, view: SessionView): boolean {
  const held = pending.filter(({ sessionId }) => sessionId === view.id);
  const asked = new Set(askedBy(view));
  return held.length !== asked.size || held.some(({ id }) => !asked.has(id));
}

/** The inbox after one session's part was read again. */
export function withSession(lists: ApprovalLists, session: string, part: ApprovalLists): ApprovalLists {
  const others = lists.pending.filter(({ sessionId }) => sessionId !== session);
  return { pending: [...others, ...part.pending], decided: part.decided };
}

/** The inbox after a decision: it waits no longer, and stands first among the `most` decided ones. One of several approvals decides nothing yet. */
export function withDecided(lists: ApprovalLists, decided: Approval, most: number): ApprovalLists {
  if (decided.status === 'pending') return lists;
  const isOther = ({ id }: Approval) => id !== decided.id;
  return {
    pending: lists.pending.filter(isOther),
    decided: [decided, ...lists.decided.filter(isOther)].slice(0, most),
  };
}

/** Questions of one kind are decided together: the same tool kind with the same effect. */
export const kindOf = ({ kind, effect }: Approval): string => `${kind} ${effect}`;
