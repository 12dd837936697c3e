/** Approvals: what waits for people in every session, and their decisions. Each is decided once, whoever else tries. */
import type { Sql } from '#db/client.ts';
import { refusalOf } from '#policy/rule/demand.ts';
import type { OpenApproval } from '#protocol/action-view.ts';
import type { Decision, Demand, Finding } from '#protocol/approval.ts';
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import type { ActionId, ApprovalId, SessionId } from '#protocol/id.ts';
import { isAtLeast } from '#protocol/role.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Asker, Person } from '#server/auth/index.ts';
import type { Log } from '#server/session/index.ts';
import { subjectOf } from '#server/turn/index.ts';
import {
  type ApprovalEvents,
  type ApprovalSummary,
  type ApprovalView,
  approvalOf,
  pendingOf,
  summaryOf,
} from './approval-view.ts';
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
  /** Judges an edited command of an action: why it is denied, or null. */
  judgeEdit: (sessionId: SessionId, actionId: ActionId, command: string) => Promise<string | null>;
}

export class Approvals {
  readonly #deps: ApprovalsDeps;

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
  }

  /** Those of `session`, or of all, that wait, oldest first, behind those that somebody has to look at; and the newest `decided` that were decided anywhere. */
  async list(decided: number, session: SessionId | null = null): Promise<ApprovalLists> {
    const { sql } = this.#deps;
    const waiting = waitingIn(sql, session);
    const [pending, unknown, newest] = await Promise.all([
      waiting.then((all) => pendingApprovals(sql, all)),
      waiting.then((all) => unknownApprovals(sql, all)),
      newestDecided(sql, decided),
    ]);
    const looked = unknown.map((each) => summaryOf(approvalOf(each)));
    const held = new Set(looked.map(({ id }) => id));
    const past = newest.map((each) => summaryOf(approvalOf(each))).filter(({ id }) => !held.has(id));
    return { pending: [...looked, ...pending.map(pendingOf)], decided: past };
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
    const found = await similarTo(this.#deps.sql, await this.#find(approvalId));
    return found.map((each) => summaryOf(approvalOf(each)));
  }

  /** Throws `approval.not-found`. */
  async get(approvalId: ApprovalId): Promise<ApprovalView> {
    return approvalOf(await this.#find(approvalId));
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
   * `approval.expired`, `approval.changed` when it is not what the person saw, `approval.refused` for an edit that policy denies.
   */
  async decide(request: DecideRequest, person: Asker): Promise<ApprovalView> {
    const { log } = this.#deps;
    const { approvalId, decision, note, forSession, hash } = request;
    const { requested } = await this.#find(approvalId);
    const { sessionId } = requested;
    const { actionId, command, hash: asked } = requested.payload;
    if (hash !== null && hash !== asked) {
      throw new AppError({ code: 'approval.changed', message: 'it is not what you saw; look at it again' });
    }
    assertFits(requested.payload.demand, request);
    const edit = request.edit === null || request.edit === command ? null : await this.#checkEdit(request, requested);
    const subject = edit === null ? requested.payload.subject : subjectOf({ ...requested.payload, command: edit });
    const decided: NewEvent = {
      type: 'approval.decided',
      payload: {
        approvalId,
        actionId,
        decision,
        note,
        edit,
        subject,
        forSession: forSession && decision === 'approved',
        ...fromOf(person),
      },
      principal: person.personId,
      dedupeKey: `decided:${approvalId}`,
    };
    let outcome: 'late' | 'voted' | 'decided' = 'late';
    await log.append(sessionId, (view) => {
      const open = openIn(view, approvalId);
      outcome = 'late';
      if (!view || !open) return [];
      const isEnough = decision === 'denied' || isEnoughWith(view, open, person);
      outcome = isEnough ? 'decided' : 'voted';
      return isEnough ? [decided] : [votedEvent(open, actionId, person)];
    });
    if ((outcome as string) === 'late') throw await this.#lateFor(approvalId);
    return this.get(approvalId);
  }

  async #checkEdit({ edit }: DecideRequest, { sessionId, payload }: ApprovalEvents['requested']): Promise<string> {
    if (payload.command === null) {
      throw new AppError({ code: 'input.invalid', message: 'edit: only a command can be edited' });
    }
    const command = edit ?? '';
    if (command.trim() === '') throw new AppError({ code: 'input.invalid', message: 'edit: the command is empty' });
    const refusal = await this.#deps.judgeEdit(sessionId as SessionId, payload.actionId, command);
    if (refusal === null) return command;
    throw new AppError({ code: 'approval.refused', message: `edit: ${refusal}` });
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

const openIn = (view: SessionView | null, approvalId: ApprovalId): OpenApproval | null =>
  view?.turns.actions.find(({ approval }) => approval?.approvalId === approvalId && approval.decided === null)
    ?.approval ?? null;

/** Each of several must approve the same, and only that. Throws `input.invalid`. */
function assertFits(demand: Demand | undefined, { decision, edit, forSession }: DecideRequest): void {
  if (!demand || decision === 'denied') return;
  if (forSession) throw invalid('forSession: the rules want each of these approved by itself');
  if (demand.quorum > 1 && edit !== null)
    throw invalid('edit: several must approve the same; deny it and say what to run');
}

/** Why this person may not approve it; null: may. */
const refusalFor = (view: SessionView, { demand, escalatedTo }: OpenApproval, person: Person): string | null =>
  refusalOf(demand, person, { startedBy: view.policyState?.startedBy || view.createdBy, escalatedTo });

/** Whether this person's yes is the last that is needed. Throws `approval.not-yours`. */
function isEnoughWith(view: SessionView, open: OpenApproval, person: Person): boolean {
  const { demand, votes = [] } = open;
  const refusal = refusalFor(view, open, person);
  if (refusal !== null) throw new AppError({ code: 'approval.not-yours', message: refusal });
  const others = votes.filter((by) => by !== person.personId);
  return others.length + 1 >= (demand?.quorum ?? 1);
}

const votedEvent = ({ approvalId }: OpenApproval, actionId: ActionId, person: Asker): NewEvent => ({
  type: 'approval.voted',
  payload: { approvalId, actionId, ...fromOf(person) },
  principal: person.personId,
  dedupeKey: `voted:${approvalId}:${person.personId}`,
});

const fromOf = ({ from }: Asker): { from?: string } => (from === undefined ? {} : { from });

const invalid = (message: string): AppError => new AppError({ code: 'input.invalid', message });
