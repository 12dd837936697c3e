/**
 * Causes events during a run: terminals are opened and closed, people take the wheel from each other. Remembers which of
 * it the server acknowledged and which got no answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionEvent } from '#protocol/event.ts';
import type { TerminalId } from '#protocol/id.ts';
import type { Random } from '../random.ts';
import type { Visitor } from '../visitor.ts';

export interface CommanderOptions {
  people: Visitor[];
  sessionId: string;
  /** Terminals whose wheel is fought over. */
  wheels: TerminalId[];
  random: Random;
}

/** Answers that say that nothing happened, so the command may be forgotten. */
const refusals = new Set([
  ...['session.not-running', 'session.conflict', 'session.not-found', 'terminal.not-found', 'terminal.closed'],
  ...['auth.required', 'rate.exceeded'],
]);

const wasRefused = (cause: unknown): boolean => {
  const data = cause instanceof Error && 'data' in cause ? (cause.data as { appCode?: string } | null) : null;
  return refusals.has(data?.appCode ?? '');
};

const betweenMs = { wheel: 30, opening: { least: 100, most: 350 } } as const;

export class Commander {
  readonly #options: CommanderOptions;
  #isStopped = false;
  #loops: Promise<void>[] = [];
  #pending = 0;
  /** Acked and unanswered takes per wheel. */
  readonly #takes = new Map<TerminalId, { acked: number; unanswered: number }>();
  readonly #opened = new Set<TerminalId>();
  readonly #closed = new Set<TerminalId>();
  /** Commands that succeeded since the last `mark`. */
  done = 0;

  constructor(options: CommanderOptions) {
    this.#options = options;
  }

  start(): void {
    const { people, wheels } = this.#options;
    this.#loops = wheels.map((wheel) => this.#fight(wheel));
    for (const person of people.slice(0, 1)) this.#loops.push(this.#openAndClose(person));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
  }

  /** Commands without an answer now. */
  get inFlight(): number {
    return this.#pending;
  }

  mark(): void {
    this.done = 0;
  }

  /** What the session's events lack or hold too often of what was acknowledged. */
  violations(events: SessionEvent[]): string[] {
    const wrong: string[] = [];
    const count = (type: SessionEvent['type'], id: TerminalId) =>
      events.filter((event) => event.type === type && 'terminalId' in event.payload && event.payload.terminalId === id)
        .length;
    for (const id of this.#opened) {
      if (count('terminal.opened', id) !== 1)
        wrong.push(`I1 opening of ${id} was acked and is ${count('terminal.opened', id)} times in the log`);
    }
    for (const id of this.#closed) {
      if (count('terminal.closed', id) !== 1)
        wrong.push(`I1 closing of ${id} was acked and is ${count('terminal.closed', id)} times in the log`);
    }
    for (const [id, { acked, unanswered }] of this.#takes) {
      const stored = events.filter(
        (event) => event.type === 'driver.changed' && event.payload.terminalId === id && event.payload.how === 'taken',
      ).length;
      if (stored < acked) wrong.push(`I1 ${acked} takes were acked, ${stored} are in the log`);
      if (stored > acked + unanswered)
        wrong.push(`I2 ${acked + unanswered} takes were asked for, ${stored} are in the log`);
    }
    return wrong;
  }

  get acked(): number {
    const takes = [...this.#takes.values()].reduce((sum, { acked }) => sum + acked, 0);
    return takes + this.#opened.size + this.#closed.size;
  }

  /** Two people take the wheel from each other, so every take is an event, except after a doubt whose wheel it is. */
  async #fight(terminalId: TerminalId): Promise<void> {
    const { people, sessionId } = this.#options;
    const takes = { acked: 0, unanswered: 0 };
    this.#takes.set(terminalId, takes);
    for (let turn = 0, isSure = false; !this.#isStopped; ) {
      const person = people[turn % 2];
      if (!person) return;
      const outcome = await this.#run(() => person.api.terminal.take.mutate({ session: sessionId, terminalId }));
      if (outcome === 'acked' && isSure) takes.acked++;
      else if (outcome !== 'refused') takes.unanswered++;
      if (outcome !== 'refused') turn++;
      isSure = outcome === 'acked' || (isSure && outcome === 'refused');
      await sleep(outcome === 'acked' ? betweenMs.wheel : 100);
    }
  }

  async #openAndClose({ api }: Visitor): Promise<void> {
    const { sessionId: session, random } = this.#options;
    while (!this.#isStopped) {
      let terminalId: TerminalId | null = null;
      await this.#run(async () => {
        const opened = await api.terminal.open.mutate({ session, command: ['sleep', '600'] });
        terminalId = opened.terminalId;
        this.#opened.add(opened.terminalId);
      });
      await sleep(random.between(betweenMs.opening.least, betweenMs.opening.most));
      const id = terminalId as TerminalId | null;
      if (id === null) continue;
      const outcome = await this.#run(() => api.terminal.close.mutate({ terminalId: id }));
      if (outcome === 'acked') this.#closed.add(id);
    }
  }

  async #run(command: () => Promise<unknown>): Promise<'acked' | 'refused' | 'unanswered'> {
    this.#pending++;
    try {
      await command();
      this.done++;
      return 'acked';
    } catch (cause) {
      return wasRefused(cause) ? 'refused' : 'unanswered';
    } finally {
      this.#pending--;
    }
  }
}
