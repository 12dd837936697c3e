/** How turns start: the log says so first, then the runner is told, again and again until it knows. */
import type { NewEvent } from '#protocol/event.ts';
import type { SessionId, TurnId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { AgentView } from '#protocol/turn-view.ts';
import type { RunnerLink } from '#server/runner/index.ts';
import type { Log } from '#server/session/index.ts';
import { handoverFor, needsHandover } from './handover.ts';

export interface StartsDeps {
  log: Log;
  /** The session's live link; null without one. */
  link: (sessionId: SessionId) => RunnerLink | null;
  note: (line: string) => void;
}

export interface Start {
  turnId: TurnId;
  agent: { name: string; harness: string; model: string | null };
  conversation: string | null;
  handover: string | null;
}

/** Events that a hand-over looks back on at most. */
const lookBack = 2_000;

export class Starts {
  readonly #deps: StartsDeps;
  /** Prompts of turns that have not started, so that the log need not be asked; whoever has none asks it. */
  readonly #prompts = new Map<TurnId, string>();

  constructor(deps: StartsDeps) {
    this.#deps = deps;
  }

  remember(turnId: TurnId, prompt: string): void {
    this.#prompts.set(turnId, prompt);
  }

  forget(turnId: TurnId): void {
    this.#prompts.delete(turnId);
  }

  /** Starts the next waiting turn where that is possible, in its own time. */
  soon(sessionId: SessionId): void {
    this.#pump(sessionId).catch((cause: unknown) =>
      this.#deps.note(`turn of ${sessionId} not started: ${String(cause)}`),
    );
  }

  /** Starts the next waiting turn where a runner is linked and none runs. */
  async #pump(sessionId: SessionId): Promise<void> {
    const { log, link } = this.#deps;
    if (!link(sessionId)) return;
    const handovers = new Map<TurnId, string | null>();
    for (;;) {
      let start: Start | null = null;
      let wanted: { turnId: TurnId; agent: AgentView } | null = null;
      await log.append(sessionId, (view) => {
        start = null;
        wanted = null;
        const next = view?.turns.queue[0];
        const agent = view?.turns.agents.find(({ name }) => name === next?.agent);
        if (!view || view.frozen || !next || !agent || view.turns.turn || !link(sessionId)) return [];
        if (needsHandover(view.turns, agent) && !handovers.has(next.turnId)) {
          wanted = { turnId: next.turnId, agent };
          return [];
        }
        start = {
          turnId: next.turnId,
          agent,
          conversation: agent.conversation,
          handover: handovers.get(next.turnId) ?? null,
        };
        return [startedEvent(start)];
      });
      if (start) return this.tell(sessionId, start, null);
      const missing = wanted as { turnId: TurnId; agent: AgentView } | null;
      if (!missing) return;
      handovers.set(missing.turnId, handoverFor(missing.agent, await log.read(sessionId, { limit: lookBack })));
    }
  }

  /** A start that its runner may not have heard of. */
  async again(view: SessionView, turnId: TurnId): Promise<void> {
    const started = await this.#deps.log.recall(view.id, `started:${turnId}`);
    if (started?.type !== 'turn.started') return;
    const { agent: name, harness, model, handover } = started.payload;
    const conversation = view.turns.agents.find((agent) => agent.name === name)?.conversation ?? null;
    await this.tell(view.id, { turnId, agent: { name, harness, model }, conversation, handover }, null);
  }

  /** `known` is the prompt, where it is at hand. */
  async tell(sessionId: SessionId, start: Start, known: string | null): Promise<void> {
    const { turnId, agent, conversation, handover } = start;
    const own = known ?? this.#prompts.get(turnId) ?? (await this.#recall(sessionId, turnId));
    this.#prompts.delete(turnId);
    const prompt = handover === null ? own : `${handover}\n\n---\n\n${own}`;
    const { name, harness, model } = agent;
    this.#deps
      .link(sessionId)
      ?.send({ type: 'turn.start', turnId, agent: { name, harness, model }, prompt, conversation });
  }

  async #recall(sessionId: SessionId, turnId: TurnId): Promise<string> {
    const queued = await this.#deps.log.recall(sessionId, turnId);
    return queued?.type === 'turn.queued' ? queued.payload.prompt : '';
  }
}

export const startedEvent = ({ turnId, agent, handover }: Start): NewEvent => ({
  type: 'turn.started',
  payload: { turnId, agent: agent.name, harness: agent.harness, model: agent.model, handover },
  principal: 'server',
  dedupeKey: `started:${turnId}`,
});
