/** What becomes of a question when somebody decides it, by the newest view of its session. Pure. */
import { refusalOf } from '#policy/rule/demand.ts';
import type { OpenApproval } from '#protocol/action-view.ts';
import type { Coverage, Decision, Demand } from '#protocol/approval.ts';
import { AppError } from '#protocol/error.ts';
import type { EventPayload, NewEvent } from '#protocol/event.ts';
import type { ApprovalId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Asker, Person } from '#server/auth/index.ts';
import { type Judgement, touchedOf } from '#server/turn/index.ts';
import { expiredEvent, expiresAtMs } from './deadlines.ts';

/** A decision as it would be recorded, and who makes it when. */
export interface Choice {
  asked: EventPayload<'approval.requested'>;
  decided: EventPayload<'approval.decided'>;
  person: Asker;
  /** ms since the epoch. */
  atMs: number;
}

export interface Outcome {
  /** `late`: it does not wait any more; `outdated`: it was asked under other rules. */
  outcome: 'late' | 'expired' | 'outdated' | 'voted' | 'decided';
  events: NewEvent[];
}

/**
 * `judgement` is of what would run, by the rules in force now; null for a denial, which needs none. Throws
 * `approval.not-yours`, and for an edit `approval.refused` and `input.invalid`.
 */
export function decisionOf(view: SessionView | null, choice: Choice, judgement: Judgement | null): Outcome {
  const { asked, decided, person, atMs } = choice;
  const { approvalId, actionId, edit } = decided;
  const about = { approvalId, actionId };
  const open = openIn(view, approvalId);
  if (!view || !open) return { outcome: 'late', events: [] };
  const until = expiresAtMs(open);
  if (!view.frozen && until !== null && until <= atMs) return { outcome: 'expired', events: [expiredEvent(about)] };
  const allowed =
    judgement && (decided.forSession || edit !== null) && coverageOf(judgement, edit === null ? asked : null);
  const event: NewEvent = {
    type: 'approval.decided',
    payload: { ...decided, ...(allowed && { covers: allowed }) },
    principal: person.personId,
    dedupeKey: `decided:${approvalId}`,
  };
  if (!judgement) return { outcome: 'decided', events: [event] };
  if (open.policyHash !== undefined && open.policyHash !== judgement.policyHash)
    return { outcome: 'outdated', events: [outdatedEvent(about)] };
  if (edit !== null) assertEditFits(judgement, decided);
  assertMay(view, open, person, edit === null ? undefined : judgement.demand);
  if (isEnough(open, person)) return { outcome: 'decided', events: [event] };
  return { outcome: 'voted', events: [votedEvent(about, person)] };
}

/** The question while it waits. */
export const openIn = (view: SessionView | null, approvalId: ApprovalId): OpenApproval | null =>
  view?.turns.actions.find(({ approval }) => approval?.approvalId === approvalId && approval.decided === null)
    ?.approval ?? null;

/** What the person was shown: the rules that asked then, though others may by now; an edit is judged when it is made. */
const coverageOf = (judgement: Judgement, asked: Choice['asked'] | null): Coverage => ({
  rules: asked ? (asked.rules ?? [asked.rule]) : (judgement.rules ?? [judgement.rule]),
  touched: touchedOf(judgement.facts ?? null),
});

interface Wish {
  decision: Decision;
  edit: string | null;
  forSession: boolean;
}

/** Each of several must approve the same, and only that. Throws `input.invalid`. */
export function assertFits(demand: Demand | undefined, { decision, edit, forSession }: Wish): void {
  if (!demand || decision === 'denied') return;
  if (forSession) throw invalid('forSession: the rules want each of these approved by itself');
  if (demand.quorum > 1 && edit !== null)
    throw invalid('edit: several must approve the same; deny it and say what to run');
}

/** What replaces a question must hold by the rules about itself, too. */
function assertEditFits({ verdict, reasons, demand }: Judgement, decided: Wish): void {
  if (verdict === 'deny') {
    const refusal = reasons.join('; ') || 'it is denied by policy';
    throw new AppError({ code: 'approval.refused', message: `edit: ${refusal}` });
  }
  assertFits(demand, decided);
}

/** Why this person may not approve what was asked; null: may. */
export const refusalFor = (view: SessionView, { demand, escalatedTo }: OpenApproval, person: Person): string | null =>
  refusalOf(demand, person, { startedBy: view.policyState?.startedBy || view.createdBy, escalatedTo });

/** Further people are asked about what was asked, not about what somebody puts in its place. */
function assertMay(view: SessionView, open: OpenApproval, person: Person, edited: Demand | undefined): void {
  const startedBy = view.policyState?.startedBy || view.createdBy;
  const refusal = refusalFor(view, open, person) ?? refusalOf(edited, person, { startedBy });
  if (refusal !== null) throw new AppError({ code: 'approval.not-yours', message: refusal });
}

/** Whether this person's yes is the last that is needed. */
function isEnough({ demand, votes = [] }: OpenApproval, { personId }: Person): boolean {
  const others = votes.filter((by) => by !== personId);
  return others.length + 1 >= (demand?.quorum ?? 1);
}

type About = Pick<EventPayload<'approval.voted'>, 'approvalId' | 'actionId'>;

const votedEvent = (about: About, person: Asker): NewEvent => ({
  type: 'approval.voted',
  payload: { ...about, ...fromOf(person) },
  principal: person.personId,
  dedupeKey: `voted:${about.approvalId}:${person.personId}`,
});

export const fromOf = ({ from }: Asker): { from?: string } => (from === undefined ? {} : { from });

const outdatedEvent = (about: About): NewEvent => ({
  type: 'approval.withdrawn',
  payload: { ...about, reason: 'the rules have changed; its agent asks anew' },
  principal: 'server',
  dedupeKey: `closed:${about.approvalId}`,
});

export const invalid = (message: string): AppError => new AppError({ code: 'input.invalid', message });
