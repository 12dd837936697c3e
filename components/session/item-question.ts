/** What people are asked about an item, as its events tell it. Pure. */
import type { SessionEvent } from '#protocol/event.ts';
import type { Question } from './timeline-row.ts';

export type ApprovalEvent = SessionEvent & { type: `approval.${string}` };

/** Whether the row of its action tells it; what is taken back later stands where it happens. */
export const isApproval = (event: SessionEvent): event is ApprovalEvent =>
  event.type.startsWith('approval.') && event.type !== 'approval.revoked';

/** The question after `event`. */
export function questionAfter(question: Question | null, event: ApprovalEvent): Question | null {
  switch (event.type) {
    case 'approval.requested':
      return { approvalId: event.payload.approvalId, askedAt: event.at, status: 'pending', decided: null };
    case 'approval.decided': {
      const { decision, note, edit, forSession } = event.payload;
      return (
        question && {
          ...question,
          status: decision,
          decided: { by: event.principal, at: event.at, note, edit, forSession },
        }
      );
    }
    case 'approval.expired':
      return question && { ...question, status: 'expired' };
    case 'approval.withdrawn':
      return question && { ...question, status: 'withdrawn' };
    default:
      return question;
  }
}
