/** The inbox as it is loaded and as changes arrive. Pure; knows no transport. */
import type { Approval, ApprovalDetail, ApprovalLists } from '#components/api/api.ts';
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

/** Whether its session tells by now something else of a question than was loaded. */
export function isOutdated(detail: ApprovalDetail, { id: session, turns }: SessionView): boolean {
  const { id, status, votes, escalatedTo, overdueAt, settled } = detail;
  if (detail.sessionId !== session) return false;
  const open = turns.actions.find(({ approval }) => approval?.approvalId === id)?.approval;
  const isUnknown = turns.unknown?.some(({ approvalId }) => approvalId === id) ?? false;
  if (status === 'unknown') return settled === null && !isUnknown;
  if (status !== 'pending') return isUnknown || (overdueAt === null && open?.overdueAt !== undefined);
  if (open?.decided !== null) return true;
  return votes.length !== (open.votes?.length ?? 0) || escalatedTo.length !== (open.escalatedTo?.length ?? 0);
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
