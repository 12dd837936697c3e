/** Actions before they happen: judged in the append that records them, answered once, whatever dies meanwhile. Knows no policy. */

import { expired, judgedBy, type OpenAction } from '#protocol/action-view.ts';
import type { Demand } from '#protocol/approval.ts';
import { type EventPayload, type NewEvent, type SessionEvent, toLine } from '#protocol/event.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { PolicyPlace } from '#protocol/policy-event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Bus } from '#server/bus/index.ts';
import type { RunnerLink } from '#server/runner/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import { approvalRequested } from './approval-event.ts';
import type { Judge, Judgement } from './judge.ts';
import { appendJudged, askJudge } from './judging.ts';

export interface ActionsDeps {
  log: Log;
  bus: Pick<Bus<SessionTopics>, 'subscribe'>;
  judge: Judge;
  /** The session's live link; null without one. */
  link: (sessionId: SessionId) => RunnerLink | null;
  /** What a runner must learn of rules that changed since it was launched; null where none did. */
  changedPlace: (view: SessionView) => PolicyPlace | null;
  /** Nothing goes on in it now. */
  isFrozen: (sessionId: SessionId) => boolean;
  note: (line: string) => void;
  now: () => number;
  random: (bytes: Uint8Array) => void;
}

type Action = EventPayload<'action.requested'>;

/** A runner holds an action longer than its question lives, in ms: the server says that it expired. */
const holdMarginMs = 60_000;
/** A verdict that the database would not take, or give, is tried again after this long, in ms. */
const retryMs = 1_000;

export class Actions {
  readonly #deps: ActionsDeps;
  /** By session: ends what its live link is told of decisions. */
  readonly #followed = new Map<SessionId, () => void>();

  constructor(deps: ActionsDeps) {
    this.#deps = deps;
  }

  /** From now on the session's runner is told what people decide: whatever the log says, whoever had an answer or not. */
  follow(sessionId: SessionId): void {
    this.unfollow(sessionId);
    const tell = (event: SessionEvent) => {
      if (event.type === 'approval.decided') {
        const { actionId, approvalId, forSession } = event.payload;
        if (forSession) this.forget(sessionId, false);
        this.#deliver(sessionId, actionId, judgedBy(event.payload), approvalId);
      }
      if (event.type === 'approval.revoked') this.forget(sessionId, true);
      if (event.type === 'approval.expired') this.#deliver(sessionId, event.payload.actionId, expired);
      if (event.type === 'approval.withdrawn') this.#release(sessionId, event.payload.actionId);
    };
    this.#followed.set(sessionId, this.#deps.bus.subscribe(`session:${sessionId}`, tell));
  }

  unfollow(sessionId: SessionId): void {
    this.#followed.get(sessionId)?.();
    this.#followed.delete(sessionId);
  }

  /** A runner greets that still holds these: each is answered under its id. */
  resume(view: SessionView, held: readonly ActionId[]): void {
    this.tellPlace(view);
    for (const action of view.turns.actions) if (held.includes(action.actionId)) this.#repeat(view.id, action);
  }

  /** What was kept back while the session was paused. A runner that knows it already does not mind. */
  deliverAll(view: SessionView): void {
    for (const action of view.turns.actions) this.#repeat(view.id, action);
  }

  /** The rules changed: a linked runner states facts by the new ones from here on. */
  tellPlace(view: SessionView): void {
    const place = this.#deps.changedPlace(view);
    if (place) this.#deps.link(view.id)?.send({ type: 'policy.place', place });
  }

  /** What was said of connections may be said otherwise from here on. */
  forget(sessionId: SessionId, isTakenBack: boolean): void {
    const link = this.#deps.link(sessionId);
    if (link?.isKeeping) link.send({ type: 'egress.forget', isTakenBack });
  }

  /** A question of such a rule waits as long as the rule says; whoever decides late finds it expired, not unheard. */
  #hold(sessionId: SessionId, actionId: ActionId, demand: Demand | undefined, sinceMs: number): void {
    if (!demand?.expiresInMs) return;
    const ms = Math.max(1, sinceMs + demand.expiresInMs + holdMarginMs - this.#deps.now());
    this.#deps.link(sessionId)?.send({ type: 'action.hold', actionId, ms });
  }

  /** Records the action and, where the judge knows at once, the verdict with it. */
  async request(sessionId: SessionId, payload: Action, principal: string): Promise<void> {
    const { log } = this.#deps;
    const dedupeKey = `requested:${payload.actionId}`;
    const requested: NewEvent = { type: 'action.requested', payload, principal, dedupeKey };
    const { actionId } = payload;
    let answer: Judgement | Promise<Judgement> | null = null;
    let recorded: OpenAction | null = null;
    const [first] = await log.append(sessionId, (view) => {
      const open = view?.turns.actions.find((action) => action.actionId === actionId);
      recorded = open ?? null;
      answer = view && !open ? askJudge(this.#deps, { ...payload, sessionId }, view) : null;
      const isLater = answer === null || answer instanceof Promise;
      return isLater ? [requested] : [requested, ...this.#judgedEvents(view, payload, answer as Judgement)];
    });
    // Asked again: what the log says stands, whatever a judge would say now.
    const known = recorded as OpenAction | null;
    if (!first?.isNew) return known ? this.#repeat(sessionId, known) : undefined;
    const given = answer as Judgement | Promise<Judgement> | null;
    if (given instanceof Promise) this.#insist(sessionId, actionId, () => this.#settle(sessionId, payload));
    else if (given) {
      this.#hold(sessionId, actionId, given.demand, this.#deps.now());
      this.#deliver(sessionId, actionId, given);
    }
  }

  /** What the log says is said again. */
  #repeat(sessionId: SessionId, { actionId, judged, approval }: OpenAction): void {
    if (judged?.verdict === 'deny') this.#deliver(sessionId, actionId, judged, approval?.approvalId ?? null);
    else if (approval && !approval.decided)
      this.#hold(sessionId, actionId, approval.demand, Date.parse(approval.at) + (approval.pausedMs ?? 0));
    else this.#release(sessionId, actionId);
  }

  /** Its verdict was kept back, or is missing: the server that was asked is gone, or its question was withdrawn. */
  #release(sessionId: SessionId, actionId: ActionId): void {
    this.#insist(sessionId, actionId, async () => {
      const requested = await this.#deps.log.recall(sessionId, `requested:${actionId}`);
      if (requested?.type === 'action.requested') await this.#settle(sessionId, requested.payload);
    });
  }

  /**
   * Whatever is not told at once is told here: judged by the newest view where it is not yet, and allowed only under the
   * rules that allowed it. Under others its runner asks anew, with what it would touch by them.
   */
  async #settle(sessionId: SessionId, payload: Action): Promise<void> {
    const { actionId } = payload;
    const found: { view: SessionView | null; open: OpenAction | undefined; said: Judgement | null } = {
      ...{ view: null, open: undefined, said: null },
    };
    const [stored] = await appendJudged(this.#deps, { ...payload, sessionId }, (view, said) => {
      const open = view.turns.actions.find((action) => action.actionId === actionId);
      Object.assign(found, { view, open, said });
      return open && !open.judged ? this.#judgedEvents(view, payload, said) : [];
    });
    const { view, open, said } = found;
    if (!view || !open || !said) return;
    const { judged, approval } = open;
    if (!judged) {
      if (!stored?.isNew) return;
      this.#hold(sessionId, actionId, said.demand, this.#deps.now());
      this.#deliver(sessionId, actionId, said);
    } else if (
      judged.verdict === 'ask' ? !approval : judged.verdict === 'allow' && judged.policyHash !== said.policyHash
    ) {
      this.tellPlace(view);
      this.#deliver(sessionId, actionId, anew);
    } else this.#deliver(sessionId, actionId, judged, approval?.approvalId ?? null);
  }

  /** Its runner does not ask again while the link lasts; with the next one all that it holds is gone through. */
  #insist(sessionId: SessionId, actionId: ActionId, task: () => Promise<void>): void {
    const { note, link } = this.#deps;
    const attempt = () =>
      void task().catch((cause: unknown) => {
        note(`verdict on ${actionId} not stored or told yet: ${String(cause)}`);
        setTimeout(() => link(sessionId) && attempt(), retryMs).unref();
      });
    attempt();
  }

  /** What follows from a verdict stands in the same append: the question to people, or the pause of the session. */
  #judgedEvents(view: SessionView | null, payload: Action, judgement: Judgement): NewEvent[] {
    const judged = judgedEvent(payload.actionId, judgement);
    if (!view) return [judged];
    if (judgement.isPausing && judgement.verdict === 'deny' && isRunning(view))
      return [judged, pausedBy(payload, judgement)];
    if (judgement.verdict !== 'ask') return [judged];
    const approvalId = newId('approval', this.#deps);
    return [judged, approvalRequested(view.id, approvalId, payload, judgement)];
  }

  /** `ask` waits for a person; whoever decides says so in the log. In a paused session only the policy's own no is heard. */
  #deliver(
    sessionId: SessionId,
    actionId: ActionId,
    { verdict, reasons, command, rule, isKept }: Answer,
    approvalId: ApprovalId | null = null,
  ): void {
    if (verdict === 'ask') return;
    const { isFrozen, link } = this.#deps;
    if (isFrozen(sessionId) && (verdict === 'allow' || approvalId !== null)) return;
    const message = verdict === 'allow' ? null : reasons.join('; ').slice(0, 8_000) || 'denied by policy';
    const said = { ...(rule !== undefined && { rule }), ...(isKept && { isKept }) };
    link(sessionId)?.send({ type: 'action.verdict', actionId, verdict, message, command, approvalId, ...said });
  }
}

/** What a runner is told of an action. */
interface Answer extends Pick<Judgement, 'reasons' | 'command'> {
  verdict: Judgement['verdict'] | 'again';
  /** Absent where a person said it, or it is not known any more. */
  rule?: string;
  isKept?: boolean | undefined;
}

/** Whoever does not know the word takes it for a denial. */
const anew: Answer = { verdict: 'again', reasons: ['the rules have changed meanwhile; try it again'], command: null };

const running = new Set<SessionView['status']>(['starting', 'working', 'waiting', 'idle', 'unreachable']);
/** It has a runner, or is about to, and does not stand still. */
export const isRunning = ({ status, frozen }: SessionView): boolean => running.has(status) && !frozen;

const judgedEvent = (
  actionId: ActionId,
  { demand: _demand, isPausing: _isPausing, rules: _rules, isKept: _isKept, ...judged }: Judgement,
): NewEvent => ({
  type: 'action.judged',
  payload: { actionId, ...judged },
  principal: 'server',
  dedupeKey: `judged:${actionId}`,
});

/** A guardrail that was run into pauses the session where its policy says so. */
const pausedBy = (action: Action, { rule, reasons }: Pick<Judgement, 'rule' | 'reasons'>): NewEvent => ({
  type: 'session.paused',
  payload: {
    reason: toLine(`paused by policy, ${rule}: ${reasons[0] ?? action.tool}`, 400, 'paused by policy'),
    programs: 'frozen',
  },
  principal: 'server',
  dedupeKey: `paused:${action.actionId}`,
});

/** Its outcome is not known yet. */
export const isOpen = (view: SessionView | null, actionId: ActionId): boolean =>
  view?.turns.actions.some((action) => action.actionId === actionId) ?? false;
