/**
 * The gate between agents and what they are about to do: each action is stated, waits for the server's verdict under one id
 * over any number of links, and is denied when none comes. Knows no harness and no policy.
 */

import type { ActionFacts } from '#protocol/action-facts.ts';
import { type ActionId, type IdSource, type ItemId, newId, type TurnId } from '#protocol/id.ts';
import type { Subject } from './action-facts.ts';
import { storable } from './bounded-text.ts';
import type { GateAnswer, GateWord, ProposedAction } from './harness/harness.ts';

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
  /** Which rule says so; absent where a person does. */
  rule?: string | null | undefined;
  /** The same may be said of further connections like it. */
  isKept?: boolean | undefined;
}

export interface GateOptions {
  ids: IdSource;
  /** An action without a verdict is held this long, in ms; always shorter than the lease. */
  holdMs: number;
  /** Records a fact, durably and in order: why it cannot be, or null. */
  state: (
    type: 'action.requested' | 'action.acted' | 'approval.delivered',
    payload: Record<string, unknown>,
  ) => string | null;
  /** What an action would touch. Never rejects. */
  factsOf: (action: Subject) => ActionFacts | Promise<ActionFacts>;
  /** Resolves when an allowed action may happen. Never rejects. */
  mayAct: () => Promise<void>;
  /** Calls `task` after `ms`; the result cancels it. */
  after: (ms: number, task: () => void) => () => void;
}

/** Of the name of a tool, in characters: agents that name each call by itself write long ones. */
const maxTool = 200;

type Asked = Omit<ProposedAction, 'input'> & {
  /** Absent where its facts say all that there is. */
  input?: ProposedAction['input'];
  /** It is a connection and nothing else. */
  connection?: Subject['connection'];
  agent: string;
  turnId: TurnId | null;
  itemId: ItemId | null;
  /** Names of the variables that its agent was started with. */
  env: readonly string[];
};

interface Waiting {
  action: Asked;
  /** As they were when it was asked about. */
  facts: string;
  /** The same of commands that may run in its place, by command; null: they differed from one look to the next. */
  examined: Map<string, string | null>;
  /** It has a verdict: a further one changes nothing. */
  isJudged: boolean;
  /** Asks anew about what would run, the action itself or `command` in its place: it is not what was judged. */
  again(command: string | null): void;
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
    const {
      item: _item,
      canEdit: _canEdit,
      unclear: _unclear,
      request: _request,
      connection: _connection,
      ...subject
    } = action;
    const tool = storable(action.tool, maxTool);
    const refusal = state('action.requested', { actionId, ...subject, tool, facts });
    // Nobody would hear of it, and so nobody would answer.
    if (refusal !== null) return Promise.resolve(denied(refusal));
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
      const again: Waiting['again'] = (command) =>
        void (leave('withdrawn') && resolve(this.#anew(action, signal, command)));
      const judged = { facts: JSON.stringify(facts), examined: new Map<string, string | null>(), isJudged: false };
      this.#waiting.set(actionId, { settle, again, hold, action, ...judged });
      if (signal.aborted) return withdraw();
      signal.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** People may take longer to decide about it than a verdict may take, or must be quicker. */
  hold(actionId: ActionId, ms: number): void {
    this.#waiting.get(actionId)?.hold(ms);
  }

  /** What `command` would touch in the action's place: whoever judges it goes by this. */
  examined(actionId: ActionId, command: string, facts: ActionFacts): void {
    const examined = this.#waiting.get(actionId)?.examined;
    const text = JSON.stringify(facts);
    const isSame = !examined?.has(command) || examined.get(command) === text;
    examined?.set(command, isSame ? text : null);
  }

  /** A verdict for an action that does not wait, or not any more, changes nothing. */
  judged({ actionId, verdict, message, command, approvalId, rule, isKept }: Verdict): void {
    const waiting = this.#waiting.get(actionId);
    // Other rules are in force: even what was allowed and may not happen yet is asked about anew.
    if (verdict === 'again') return waiting?.again(null);
    if (!waiting || waiting.isJudged) return;
    waiting.isJudged = true;
    if (approvalId) this.#options.state('approval.delivered', { approvalId, actionId });
    const word = wordOf(waiting.action, { approvalId, rule, isKept });
    if (verdict !== 'allow') return waiting.settle({ ...denied(message ?? 'denied'), ...word }, 'blocked');
    if (command !== null && !waiting.action.canEdit) {
      return waiting.settle(denied(`not as it is; run exactly this instead: ${command}`), 'blocked');
    }
    // Until then it waits, and can be withdrawn.
    const replacement = command === waiting.action.command ? null : command;
    void this.#options.mayAct().then(() => this.#act(waiting, replacement, word));
  }

  /** What would be touched may be another thing by now than what was judged. */
  async #act(waiting: Waiting, command: string | null, word: GateWord): Promise<void> {
    const { action, facts, examined } = waiting;
    const runs = command === null ? action : { ...action, command };
    const judged = command === null ? facts : examined.get(command);
    const now = this.#options.factsOf(runs);
    if (JSON.stringify(now instanceof Promise ? await now : now) !== judged) return waiting.again(command);
    waiting.settle({ verdict: 'allow', command, ...word }, 'ran');
  }

  async #anew(action: Asked, signal: AbortSignal, command: string | null): Promise<GateAnswer> {
    if (command === null) return this.ask(action, signal);
    const answer = await this.ask({ ...action, command }, signal);
    return answer.verdict === 'allow' && answer.command === null ? { verdict: 'allow', command } : answer;
  }
}

/** Of a connection more is said than yes or no: further ones may be told the same. */
const wordOf = (
  { connection }: Asked,
  { approvalId, rule, isKept }: Pick<Verdict, 'approvalId' | 'rule' | 'isKept'>,
): GateWord =>
  connection ? { ...(rule && { rule }), ...(isKept && { isKept }), ...(approvalId && { isDecided: true }) } : {};

const lateWords = (ms: number): string => `no verdict came within ${Math.ceil(ms / 60_000)} minutes`;
const denied = (message: string): GateAnswer => ({ verdict: 'deny', message });
