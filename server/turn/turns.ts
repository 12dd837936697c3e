/**
 * Turns of every session: the log is the queue, one turn runs at a time, a runner is told what the log says and never the
 * other way round. Knows no harness and no policy.
 */
import { surpriseText } from '#policy/effect.ts';
import { AppError } from '#protocol/error.ts';
import { type Fact, type NewEvent, toLine } from '#protocol/event.ts';
import { newId, type SessionId, type TurnId } from '#protocol/id.ts';
import type { TextDelta } from '#protocol/runner-message.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { AgentView } from '#protocol/turn-view.ts';
import type { SurpriseReaction } from '#protocol/workspace-file.ts';
import type { Hello, RunnerLink } from '#server/runner/index.ts';
import { Actions, type ActionsDeps, isOpen, isRunning } from './actions.ts';
import { type AgentWish, agentEvents, chosenAgent, type FamilyOf } from './agent.ts';
import { needsHandover } from './handover.ts';
import type { OpenTexts } from './open-text.ts';
import { type Start, Starts, startedEvent } from './starts.ts';

export interface TurnsDeps extends ActionsDeps {
  /** What follows when an agent of the session changes more than it said. */
  onSurprise: (view: SessionView) => Promise<SurpriseReaction>;
  texts: OpenTexts;
  familyOf: FamilyOf;
  now: () => number;
  random: (bytes: Uint8Array) => void;
}

export interface PromptRequest extends AgentWish {
  sessionId: SessionId;
  prompt: string;
  /** Made by whoever asks, so that asking again is the same prompt; absent: a new one. */
  turnId?: TurnId | undefined;
  /** Who asks. */
  principal: string;
}

const promptable = new Set<SessionView['status']>([
  ...(['starting', 'working', 'waiting', 'idle', 'unreachable', 'interrupted'] as const),
]);
const takesPrompts = ({ status, frozen }: SessionView): boolean => promptable.has(status) || Boolean(frozen);

/** Nobody waits for these: they are written with what follows them, mostly the next question or the end of the turn. */
const canLinger: ReadonlySet<Fact['type']> = new Set([
  'item.started',
  'item.completed',
  'action.acted',
  'file.changed',
]);

export class Turns {
  readonly #deps: TurnsDeps;
  readonly #actions: Actions;
  readonly #starts: Starts;

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
    this.#actions = new Actions(deps);
    this.#starts = new Starts(deps);
  }

  /** Queues a prompt; it starts at once where nothing else runs. Resolves when it is on disk. */
  async send(request: PromptRequest): Promise<{ turnId: TurnId; agent: string }> {
    const { log, link } = this.#deps;
    const { sessionId, prompt, principal, turnId = newId('turn', this.#deps), ...wish } = request;
    const isLinked = link(sessionId) !== null;
    let agent = '';
    let start: Start | null = null;
    let queuedAt = 0;
    const appended = await log.append(sessionId, (view) => {
      if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
      if (!takesPrompts(view)) throw notRunning(view);
      const added = agentEvents(view.turns, wish, principal, this.#deps.familyOf);
      const chosen = chosenAgent(view.turns, wish, added, this.#deps.familyOf);
      agent = chosen.name;
      const queued: NewEvent = {
        type: 'turn.queued',
        payload: { turnId, agent, prompt },
        principal,
        dedupeKey: turnId,
      };
      const isFree = isLinked && !view.frozen && view.turns.turn === null && view.turns.queue.length === 0;
      const { conversation } = chosen;
      start =
        isFree && !needsHandover(view.turns, chosen) ? { turnId, agent: chosen, conversation, handover: null } : null;
      queuedAt = added.length;
      return [...added, queued, ...(start ? [startedEvent(start)] : [])];
    });
    // Asked again with other words, it is what the log says.
    const isNew = appended[queuedAt]?.isNew === true;
    if (!isNew && (await log.recall(sessionId, `withdrawn:${turnId}`)))
      throw new AppError({ code: 'session.conflict', message: 'this prompt was taken back; send it anew' });
    if (start && appended.at(-1)?.isNew) await this.#starts.tell(sessionId, start, isNew ? prompt : null);
    else {
      if (isNew) this.#starts.remember(turnId, prompt);
      this.#starts.soon(sessionId);
    }
    return { turnId, agent };
  }

  /** Puts a waiting turn before another, or to the end. */
  async move(sessionId: SessionId, turnId: TurnId, before: TurnId | null, principal: string): Promise<void> {
    await this.#deps.log.append(sessionId, (view) => {
      assertWaiting(view, turnId);
      return [{ type: 'turn.moved', payload: { turnId, before }, principal }];
    });
  }

  async withdraw(sessionId: SessionId, turnId: TurnId, principal: string): Promise<void> {
    await this.#deps.log.append(sessionId, (view) => {
      assertWaiting(view, turnId);
      return [{ type: 'turn.withdrawn', payload: { turnId }, principal, dedupeKey: `withdrawn:${turnId}` }];
    });
    this.#starts.forget(turnId);
  }

  /** Adds to the running turn. Throws `session.conflict` when none runs, or what its agent says. */
  async steer(sessionId: SessionId, text: string, by: string): Promise<TurnId> {
    const { turnId, link } = await this.#running(sessionId);
    await link.request({ type: 'turn.steer', turnId, text, by });
    return turnId;
  }

  /** `reason` is what people read. */
  async interrupt(sessionId: SessionId, reason: string): Promise<TurnId> {
    const { turnId, link } = await this.#running(sessionId);
    await link.request({ type: 'turn.interrupt', turnId, reason });
    return turnId;
  }

  /** Shows an agent in its terminal, or takes it back: between turns, on the same conversation. */
  async open(sessionId: SessionId, wish: AgentWish & { agent: string }, principal: string): Promise<void> {
    const { log, link, familyOf } = this.#deps;
    let chosen: AgentView | null = null;
    await log.append(sessionId, (view) => {
      if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
      if (view.frozen)
        throw new AppError({ code: 'session.paused', message: 'the session is paused; resume it first' });
      if (view.turns.turn) throw new AppError({ code: 'session.conflict', message: 'a turn runs; wait for its end' });
      const events = agentEvents(view.turns, wish, principal, familyOf);
      chosen = chosenAgent(view.turns, wish, events, familyOf);
      return events;
    });
    const { name, harness, model, conversation } = chosen as unknown as AgentView;
    const live = link(sessionId);
    if (!live)
      throw new AppError({ code: 'session.not-running', message: 'the session has no runner now; resume it first' });
    await live.request({ type: 'agent.open', agent: { name, harness, model }, conversation });
  }

  async #running(sessionId: SessionId): Promise<{ turnId: TurnId; link: RunnerLink }> {
    const view = await this.#peek(sessionId);
    if (!view?.turns.turn) throw new AppError({ code: 'session.conflict', message: 'no turn runs in this session' });
    const link = this.#deps.link(sessionId);
    if (!link) throw notRunning(view);
    return { turnId: view.turns.turn.turnId, link };
  }

  /** The newest view, without a question to the database where the log has it at hand. */
  async #peek(sessionId: SessionId): Promise<SessionView | null> {
    let newest: SessionView | null = null;
    await this.#deps.log.append(sessionId, (view) => {
      newest = view;
      return [];
    });
    return newest;
  }

  /** A runner has greeted and was welcomed: it is told what it may have missed. */
  async linked(link: RunnerLink, hello: Hello): Promise<void> {
    const { sessionId } = link;
    this.#actions.follow(sessionId);
    const view = await this.#peek(sessionId);
    if (!view) return;
    const { turn } = view.turns;
    if (turn && turn.turnId !== hello.newestTurn) await this.#starts.again(view, turn.turnId);
    this.#actions.resume(view, hello.actions);
    this.#starts.soon(sessionId);
  }

  /** The session has no link any more. */
  unlinked(sessionId: SessionId): void {
    this.#actions.unfollow(sessionId);
  }

  /** Commits a runner's fact about turns; what the log knows better is dropped. */
  async commit(sessionId: SessionId, fact: Fact, principal: string, dedupeKey: string): Promise<void> {
    const { log, texts } = this.#deps;
    if (fact.type === 'action.requested') return this.#actions.request(sessionId, fact.payload, principal);
    if (fact.type === 'effect.surprised') return this.#surprised(sessionId, fact, principal, dedupeKey);
    const decide = (view: SessionView | null) => {
      if (fact.type === 'turn.begun') return begunEvents(view, fact, principal, dedupeKey);
      const isLate = fact.type === 'turn.completed' && view?.turns.turn?.turnId !== fact.payload.turnId;
      const isSettled = fact.type === 'action.acted' && !isOpen(view, fact.payload.actionId);
      if (isLate || isSettled) return [];
      const key = fact.type === 'approval.delivered' ? `delivered:${fact.payload.approvalId}` : dedupeKey;
      return [...closedBy(view, fact), { ...fact, principal, dedupeKey: key } as NewEvent];
    };
    await log.append(sessionId, decide, canLinger.has(fact.type));
    if (fact.type === 'item.completed') texts.end(sessionId, fact.payload.itemId);
    if (fact.type === 'turn.completed') {
      texts.endAll(sessionId);
      this.#starts.soon(sessionId);
    }
  }

  /** The session goes on after a pause: its runner is told what was kept back. */
  async going(sessionId: SessionId): Promise<void> {
    const view = await this.#peek(sessionId);
    if (view) this.#actions.deliverAll(view);
    this.#starts.soon(sessionId);
  }

  /** What follows by policy stands in the same append. What may be a person's doing has no consequence. */
  async #surprised(
    sessionId: SessionId,
    fact: Fact & { type: 'effect.surprised' },
    principal: string,
    dedupeKey: string,
  ): Promise<void> {
    const { log, onSurprise, note } = this.#deps;
    const view = await this.#peek(sessionId);
    const wanted = fact.payload.shared || !view ? 'record' : onSurprise(view);
    const reaction = await Promise.resolve(wanted).catch((cause: unknown) => {
      note(`rules of ${sessionId}: ${String(cause)}`);
      return 'record' as const;
    });
    const surprised = { ...fact, principal, dedupeKey };
    await log.append(sessionId, (now) => [surprised, ...(reaction === 'pause' && now ? pausedBy(now, surprised) : [])]);
  }

  /** Other rules are in force. */
  tellRules(view: SessionView): void {
    this.#actions.tellPlace(view);
    this.#actions.forget(view.id, true);
  }

  delta(sessionId: SessionId, delta: TextDelta): void {
    this.#deps.texts.add(sessionId, delta);
  }
}

/** An action that is over while people are still asked about it: nobody decided in time, or it is not wanted any more. */
function closedBy(view: SessionView | null, fact: Fact): NewEvent[] {
  if (fact.type !== 'action.acted') return [];
  const { actionId, outcome } = fact.payload;
  const approval = view?.turns.actions.find((action) => action.actionId === actionId)?.approval;
  if (!approval || approval.decided) return [];
  const about = { approvalId: approval.approvalId, actionId };
  const dedupeKey = `closed:${approval.approvalId}`;
  if (outcome === 'withdrawn') {
    const payload = { ...about, reason: 'the turn was interrupted' };
    return [{ type: 'approval.withdrawn', payload, principal: 'server', dedupeKey }];
  }
  return [{ type: 'approval.expired', payload: about, principal: 'server', dedupeKey }];
}

/** A session that is paused, or does not run, stays as it is. */
function pausedBy(
  view: SessionView,
  { payload: surprise, dedupeKey }: NewEvent & { type: 'effect.surprised' },
): NewEvent[] {
  if (!isRunning(view)) return [];
  const payload = {
    reason: toLine(surpriseText(surprise), 400, 'an agent changed what its command did not say'),
    programs: 'frozen' as const,
  };
  return [{ type: 'session.paused', payload, principal: 'server', dedupeKey: `${dedupeKey}:paused` }];
}

/** Whoever drives the agent's terminal began it; while another turn runs it is none. */
function begunEvents(
  view: SessionView | null,
  fact: Fact & { type: 'turn.begun' },
  by: string,
  dedupeKey: string,
): NewEvent[] {
  if (!view || view.turns.turn) return [];
  const terminal = view.terminals.findLast(({ name, closed }) => name === fact.payload.agent && !closed);
  return [{ ...fact, principal: terminal?.driver ?? by, dedupeKey }];
}

function assertWaiting(view: SessionView | null, turnId: TurnId): void {
  if (view?.turns.queue.some((waiting) => waiting.turnId === turnId)) return;
  throw new AppError({ code: 'session.conflict', message: 'this prompt does not wait any more' });
}

const notRunning = (view: SessionView): AppError =>
  new AppError({
    code: 'session.not-running',
    message: `the session is ${view.status}: ${view.reason}; resume it first`,
  });
