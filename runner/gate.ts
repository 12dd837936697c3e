/**
 * The gate between agents and what they are about to do: each action is stated, waits for the server's verdict under one id
 * over any number of links, and is denied when none comes. Knows no harness and no policy.
 */
import { type ActionId, type IdSource, type ItemId, newId, type TurnId } from '#protocol/id.ts';
import type { GateAnswer, ProposedAction } from './harness/harness.ts';

/** The server's word on an action; anything but a plain `allow` is a denial. */
export interface Verdict {
  actionId: ActionId;
  verdict: string;
  /** What the agent is told of a denial. */
  message: string | null;
  /** An allowed command is run as this instead. */
  command: string | null;
}

export interface GateOptions {
  ids: IdSource;
  /** An action without a verdict is held this long, in ms; always shorter than the lease. */
  holdMs: number;
  /** Records a fact, durably and in order. */
  state: (type: 'action.requested' | 'action.acted', payload: Record<string, unknown>) => void;
  /** Resolves when an allowed action may happen. Never rejects. */
  mayAct: () => Promise<void>;
  /** Calls `task` after `ms`; the result cancels it. */
  after: (ms: number, task: () => void) => () => void;
}

interface Waiting {
  canEdit: boolean;
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
  ask(
    action: ProposedAction & { agent: string; turnId: TurnId | null; itemId: ItemId | null },
    signal: AbortSignal,
  ): Promise<GateAnswer> {
    const { ids, state, after, holdMs } = this.#options;
    const actionId = newId('action', ids);
    const { item: _item, canEdit, ...facts } = action;
    return new Promise((resolve) => {
      const late = `no verdict came within ${Math.ceil(holdMs / 60_000)} minutes`;
      const cancel = after(holdMs, () => settle(denied(late), 'blocked'));
      const withdraw = () => settle(denied('the turn was interrupted'), 'withdrawn');
      const settle: Waiting['settle'] = (answer, outcome) => {
        if (!this.#waiting.delete(actionId)) return;
        cancel();
        signal.removeEventListener('abort', withdraw);
        state('action.acted', { actionId, outcome });
        resolve(answer);
      };
      this.#waiting.set(actionId, { settle, canEdit });
      state('action.requested', { actionId, ...facts, paths: [...facts.paths] });
      if (signal.aborted) return withdraw();
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** A verdict for an action that does not wait, or not any more, changes nothing. */
  judged({ actionId, verdict, message, command }: Verdict): void {
    const waiting = this.#waiting.get(actionId);
    if (!waiting) return;
    if (verdict !== 'allow') return waiting.settle(denied(message ?? 'denied'), 'blocked');
    if (command === null || waiting.canEdit) {
      // Until then it waits, and can be withdrawn.
      return void this.#options.mayAct().then(() => waiting.settle({ verdict: 'allow', command }, 'ran'));
    }
    waiting.settle(denied(`not as it is; run exactly this instead: ${command}`), 'blocked');
  }
}

const denied = (message: string): GateAnswer => ({ verdict: 'deny', message });
