/**
 * The gate between agents and what they are about to do: each action is stated, waits for the server's verdict under one id
 * over any number of links, and is denied when none comes. Knows no harness and no policy.
 */

import type { ActionFacts } from '#protocol/action-facts.ts';
import { type ActionId, type IdSource, type ItemId, newId, type TurnId } from '#protocol/id.ts';
import type { Subject } from './action-facts.ts';
import type { GateAnswer, ProposedAction } from './harness/harness.ts';

/** The server's word on an action; anything but a plain `allow` is a denial, or has it asked about `again`. */
export interface Verdict {
  actionId: ActionId;
  verdict: string;
  /** What the agent is told of a denial. */
  message: string | null;
  /** An allowed command is run as this instead. */
  command: string | null;
  /** A person decided it. */
  approvalId?: string | null | undefined;
}

export interface GateOptions {
  ids: IdSource;
  /** An action without a verdict is held this long, in ms; always shorter than the lease. */
  holdMs: number;
  /** Records a fact, durably and in order. */
  state: (type: 'action.requested' | 'action.acted' | 'approval.delivered', payload: Record<string, unknown>) => void;
  /** What an action would touch. Never rejects. */
  factsOf: (action: Subject) => ActionFacts | Promise<ActionFacts>;
  /** Resolves when an allowed action may happen. Never rejects. */
  mayAct: () => Promise<void>;
  /** Calls `task` after `ms`; the result cancels it. */
  after: (ms: number, task: () => void) => () => void;
}

type Asked = ProposedAction & { agent: string; turnId: TurnId | null; itemId: ItemId | null };

interface Waiting {
  action: Asked;
  /** As they were when it was asked about. */
  facts: string;
  /** It has a verdict: a further one changes nothing. */
  isJudged: boolean;
  /** Asks about it anew: it is not what was decided about. */
  again(): void;
  /** It is held this long from now, in ms. */
  hold(ms: number): void;
  settle(answer: GateAnswer, outcome: 'ran' | 'blocked' | 'withdrawn'): void;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #waiting = new Map<ActionId, Waiting>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Actions without a verdict; the server is told them with every new link. */
  get waiting(): ActionId[] {
    return [...this.#waiting.keys()];
  }

  /** Resolves with the answer; `signal` withdraws the action. */
  async ask(action: Asked, signal: AbortSignal): Promise<GateAnswer> {
    const facts = this.#options.factsOf(action);
    return this.#ask(action, signal, facts instanceof Promise ? await facts : facts);
  }

  #ask(action: Asked, signal: AbortSignal, facts: ActionFacts): Promise<GateAnswer> {
    const { ids, state, after, holdMs } = this.#options;
    const actionId = newId('action', ids);
    const { item: _item, canEdit: _canEdit, ...subject } = action;
    return new Promise((resolve) => {
      const late = (ms: number) => after(ms, () => settle(denied(lateWords(ms)), 'blocked'));
      let cancel = late(holdMs);
      const hold = (ms: number) => {
        cancel();
        cancel = late(ms);
      };
      const withdraw = () => settle(denied('the turn was interrupted'), 'withdrawn');
      const leave = (outcome: 'ran' | 'blocked' | 'withdrawn'): boolean => {
        if (!this.#waiting.delete(actionId)) return false;
        cancel();
        signal.removeEventListener('abort', withdraw);
        state('action.acted', { actionId, outcome });
        return true;
      };
      const settle: Waiting['settle'] = (answer, outcome) => void (leave(outcome) && resolve(answer));
      const again = () => void (leave('withdrawn') && resolve(this.ask(action, signal)));
      this.#waiting.set(actionId, { settle, again, hold, action, facts: JSON.stringify(facts), isJudged: false });
      state('action.requested', { actionId, ...subject, paths: [...subject.paths], facts });
      if (signal.aborted) return withdraw();
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** People may take longer to decide about it than a verdict may take, or must be quicker. */
  hold(actionId: ActionId, ms: number): void {
    this.#waiting.get(actionId)?.hold(ms);
  }

  /** A verdict for an action that does not wait, or not any more, changes nothing. */
  judged({ actionId, verdict, message, command, approvalId }: Verdict): void {
    const waiting = this.#waiting.get(actionId);
    // Other rules are in force: even what was allowed and may not happen yet is asked about anew.
    if (verdict === 'again') return waiting?.again();
    if (!waiting || waiting.isJudged) return;
    waiting.isJudged = true;
    if (approvalId) this.#options.state('approval.delivered', { approvalId, actionId });
    if (verdict !== 'allow') return waiting.settle(denied(message ?? 'denied'), 'blocked');
    if (command !== null && !waiting.action.canEdit) {
      return waiting.settle(denied(`not as it is; run exactly this instead: ${command}`), 'blocked');
    }
    // Until then it waits, and can be withdrawn.
    void this.#options.mayAct().then(async () => {
      if (approvalId && command === null && (await this.#hasChanged(waiting))) return waiting.again();
      waiting.settle({ verdict: 'allow', command }, 'ran');
    });
  }

  /** People take their time: what the action would touch may be another thing by now. */
  async #hasChanged({ action, facts }: Waiting): Promise<boolean> {
    return JSON.stringify(await this.#options.factsOf(action)) !== facts;
  }
}

const lateWords = (ms: number): string => `no verdict came within ${Math.ceil(ms / 60_000)} minutes`;
const denied = (message: string): GateAnswer => ({ verdict: 'deny', message });
