/** Approvals: what waits for people in every session, and their decisions. Each is decided once, whoever else tries. */
import type { Sql } from '#db/client.ts';
import type { Decision, Finding } from '#protocol/approval.ts';
import { AppError } from '#protocol/error.ts';
import type { EventPayload } from '#protocol/event.ts';
import type { ApprovalId, SessionId } from '#protocol/id.ts';
import { isAtLeast } from '#protocol/role.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Asker, Person } from '#server/auth/index.ts';
import type { Log } from '#server/session/index.ts';
import { appendJudged, type Judge, type Judgement, type Propose, subjectOf } from '#server/turn/index.ts';
import {
  type ApprovalEvents,
  type ApprovalSummary,
  type ApprovalView,
  approvalOf,
  pendingOf,
  summaryOf,
} from './approval-view.ts';
import { assertFits, decisionOf, fromOf, invalid, type Outcome, openIn, refusalFor } from './decision.ts';
import { type Radius, radiusOf } from './radius.ts';
import { countPending, findApproval, newestDecided, pendingApprovals, unknownApprovals, waitingIn } from './read.ts';
import { similarTo } from './similar.ts';

export type { ApprovalView } from './approval-view.ts';
export { Deadlines } from './deadlines.ts';

export interface ApprovalLists {
  pending: ApprovalSummary[];
  decided: ApprovalSummary[];
}

/** An approval as one person sees it. */
export interface SeenApproval extends ApprovalView {
  /** Why this person may not approve it, or not say what became of it; null: may. Every editor may deny. */
  refusal: string | null;
}

export interface DecideRequest {
  approvalId: ApprovalId;
  decision: Decision;
  note: string | null;
  /** Runs in place of what was asked. */
  edit: string | null;
  forSession: boolean;
  /** What the person saw; null: not checked. */
  hash: string | null;
}

export interface ApprovalsDeps {
  sql: Sql;
  log: Log;
  /** How long a question is held that no rule gives a time, in ms. */
  holdMs: number;
  /** What would run is judged by it when somebody approves. */
  judge: Judge;
  propose: Propose;
  /** ms since the epoch. */
  now: () => number;
  note: (line: string) => void;
}

export class Approvals {
  readonly #deps: ApprovalsDeps;

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
  }

  /** Those of `session`, or of all, that wait, oldest first, behind those that somebody has to look at; and the newest `decided` that were decided anywhere. */
  async list(decided: number, session: SessionId | null = null): Promise<ApprovalLists> {
    const { sql, holdMs } = this.#deps;
    const waiting = waitingIn(sql, session);
    const [pending, unknown, newest] = await Promise.all([
      waiting.then((all) => pendingApprovals(sql, all)),
      waiting.then((all) => unknownApprovals(sql, all)),
      newestDecided(sql, decided),
    ]);
    const looked = unknown.map((each) => summaryOf(approvalOf(each, holdMs)));
    const held = new Set(looked.map(({ id }) => id));
    const past = newest.map((each) => summaryOf(approvalOf(each, holdMs))).filter(({ id }) => !held.has(id));
    return { pending: [...looked, ...pending.map((each) => pendingOf(each, holdMs))], decided: past };
  }

  /** How many wait. */
  count(): Promise<number> {
    return countPending(this.#deps.sql);
  }

  /** What allowing it for its session would have allowed there so far. Throws `approval.not-found`. */
  async radius(approvalId: ApprovalId): Promise<Radius> {
    return radiusOf(this.#deps.sql, await this.#find(approvalId));
  }

  /** The newest decisions about the same program with the same effect. Throws `approval.not-found`. */
  async similar(approvalId: ApprovalId): Promise<ApprovalSummary[]> {
    const { sql, holdMs } = this.#deps;
    const found = await similarTo(sql, await this.#find(approvalId));
    return found.map((each) => summaryOf(approvalOf(each, holdMs)));
  }

  /** Throws `approval.not-found`. */
  async get(approvalId: ApprovalId): Promise<ApprovalView> {
    return approvalOf(await this.#find(approvalId), this.#deps.holdMs);
  }

  /** The same with what `person` is told who may not approve it. */
  async seenBy(approval: ApprovalView, person: Person): Promise<SeenApproval> {
    const { status, sessionId, id } = approval;
    if (status !== 'pending' && status !== 'unknown') return { ...approval, refusal: null };
    if (!isAtLeast(person.role, 'editor')) return { ...approval, refusal: 'only editors and owners decide' };
    const view = status === 'pending' ? await this.#deps.log.view(sessionId) : null;
    const open = openIn(view, id);
    return { ...approval, refusal: view && open ? refusalFor(view, open, person) : null };
  }

  async #find(approvalId: ApprovalId): Promise<ApprovalEvents> {
    const found = await findApproval(this.#deps.sql, approvalId);
    if (found) return found;
    throw new AppError({ code: 'approval.not-found', message: `no approval ${approvalId}` });
  }

  /** Somebody looks at it; only the first time counts. */
  async show(approvalId: ApprovalId, person: Person): Promise<void> {
    const { requested } = await this.#find(approvalId);
    const { actionId } = requested.payload;
    await this.#deps.log.append(requested.sessionId, (view) =>
      openIn(view, approvalId)
        ? [
            {
              type: 'approval.shown',
              payload: { approvalId, actionId },
              principal: person.personId,
              dedupeKey: `shown:${approvalId}`,
            },
          ]
        : [],
    );
  }

  /**
   * Decides it, once: of several who try one succeeds. Throws `approval.already-decided` naming who was faster,
   * `approval.expired`, `approval.changed` when it is not what the person saw or was asked under other rules,
   * `approval.not-yours`, `approval.refused` for an edit that policy denies.
   */
  async decide(request: DecideRequest, person: Asker): Promise<ApprovalView> {
    const { approvalId, decision, hash } = request;
    const { requested } = await this.#find(approvalId);
    if (hash !== null && hash !== requested.payload.hash) throw changed('it is not what you saw; look at it again');
    const decided = { ...decidedPayload(request, requested.payload), ...fromOf(person) };
    assertFits(requested.payload.demand, decided);
    let outcome: Outcome['outcome'] = 'late';
    const weigh = (view: SessionView | null, judgement: Judgement | null) => {
      const found = decisionOf(view, { asked: requested.payload, decided, person, atMs: this.#deps.now() }, judgement);
      outcome = found.outcome;
      return found.events;
    };
    const sessionId = requested.sessionId as SessionId;
    if (decision === 'denied') await this.#deps.log.append(sessionId, (view) => weigh(view, null));
    else await this.#approve(sessionId, decided, weigh);
    return this.#answer(approvalId, outcome);
  }

  /** What a person allowed for the session, or once, is no reason to let somebody else put it in the place of a question. */
  async #approve(
    sessionId: SessionId,
    { actionId, edit }: EventPayload<'approval.decided'>,
    weigh: Parameters<typeof appendJudged>[2],
  ): Promise<void> {
    const { log, judge, propose, note } = this.#deps;
    const action = await propose(sessionId, actionId, edit);
    const byRules: Judge = (each, view) => judge(each, { ...view, turns: { ...view.turns, allowances: [] } });
    await appendJudged({ log, note, judge: byRules }, action, weigh);
  }

  async #answer(approvalId: ApprovalId, outcome: Outcome['outcome']): Promise<ApprovalView> {
    if (outcome === 'outdated') throw changed('the rules have changed since it was asked; its agent asks anew');
    if (outcome === 'late' || outcome === 'expired') throw await this.#lateFor(approvalId);
    return this.get(approvalId);
  }

  /** Why it cannot be decided any more, with who was faster. */
  async #lateFor(approvalId: ApprovalId): Promise<AppError> {
    const { status, decidedBy } = await this.get(approvalId);
    if (status === 'approved' || status === 'denied' || status === 'unknown') {
      return new AppError({
        code: 'approval.already-decided',
        message: `${decidedBy ?? 'somebody'} has decided already: ${status}`,
      });
    }
    return new AppError({ code: 'approval.expired', message: `it is ${status}: its agent does not wait any more` });
  }

  /** Somebody has looked whether an unknown one happened. Throws `session.conflict` where that is not asked, or not any more. */
  async settle(approvalId: ApprovalId, found: Finding, person: Asker): Promise<ApprovalView> {
    const { requested } = await this.#find(approvalId);
    const { actionId } = requested.payload;
    let isAsked = false;
    await this.#deps.log.append(requested.sessionId, (view) => {
      isAsked = view?.turns.unknown?.some((each) => each.approvalId === approvalId) ?? false;
      if (!isAsked) return [];
      const payload = { approvalId, actionId, found, ...fromOf(person) };
      const dedupeKey = `settled:${approvalId}`;
      return [{ type: 'approval.settled', payload, principal: person.personId, dedupeKey }];
    });
    if (isAsked) return this.get(approvalId);
    throw new AppError({ code: 'session.conflict', message: 'nobody has to look at it, or somebody has already' });
  }

  /** What was allowed for the session is asked about again. */
  async revoke(approvalId: ApprovalId, person: Asker): Promise<void> {
    const { requested } = await this.#find(approvalId);
    const { actionId } = requested.payload;
    await this.#deps.log.append(requested.sessionId, (view) =>
      view?.turns.allowances?.some((each) => each.approvalId === approvalId)
        ? [
            {
              type: 'approval.revoked',
              payload: { approvalId, actionId, ...fromOf(person) },
              principal: person.personId,
              dedupeKey: `revoked:${approvalId}`,
            },
          ]
        : [],
    );
  }
}

/** What is recorded of a decision. Throws `input.invalid` for an edit that is none. */
function decidedPayload(
  { approvalId, decision, note, edit: wanted, forSession }: DecideRequest,
  asked: EventPayload<'approval.requested'>,
): EventPayload<'approval.decided'> {
  const isApproved = decision === 'approved';
  const isForSession = isApproved && (forSession || asked.isLasting === true);
  const edit = isApproved && wanted !== asked.command ? wanted : null;
  if (edit !== null && asked.command === null) throw invalid('edit: only a command can be edited');
  if (edit?.trim() === '') throw invalid('edit: the command is empty');
  const subject = edit === null ? asked.subject : subjectOf({ ...asked, command: edit });
  return { approvalId, actionId: asked.actionId, decision, note, edit, subject, forSession: isForSession };
}

const changed = (message: string): AppError => new AppError({ code: 'approval.changed', message });
