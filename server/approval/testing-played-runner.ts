/** For tests: a runner's gate and journal under one session, over any number of links and servers. Knows no agent and no file. */
import { vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { EventType } from '#protocol/event.ts';
import { type ActionId, newId, type SessionId } from '#protocol/id.ts';
import type { FromRunner, ToRunner } from '#protocol/runner-message.ts';
import { random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

const source = { now: () => Date.now(), random };
/** How long a test waits for what must happen, in ms. */
export const patienceMs = 10_000;

interface Verdict {
  said: ToRunner & { type: 'action.verdict' };
  /** The newest event when the link began that it came over. */
  linkSeq: number;
}
type Fact = FromRunner & { type: 'event' };

/** A runner's gate and journal: facts are said again until they are acked, an action has one verdict. */
export class PlayedRunner {
  readonly #server: () => TestServer;
  readonly #sessionId: SessionId;
  #runner: TestRunner | null = null;
  #facts: Fact[] = [];
  #isWelcome = false;
  #n = 0;
  #linkSeq = 0;
  newestTurn: string | null = null;
  /** Commands by action. */
  readonly waiting = new Map<ActionId, string>();
  /** What becomes of edited commands, one after the other: an agent that cannot have them replaced is told them. */
  readonly #edited = ['ran', 'blocked', 'withdrawn', 'blocked'];
  #edits = 0;
  /** What it was told, and took. */
  readonly verdicts: Verdict[] = [];

  constructor(server: () => TestServer, sessionId: SessionId) {
    this.#server = server;
    this.#sessionId = sessionId;
  }

  async connect(): Promise<void> {
    const server = this.#server();
    const linkSeq = (await server.services.log.view(this.#sessionId))?.lastSeq ?? 0;
    this.#runner?.socket.terminate();
    const launch = server.host.launches.findLast((each) => each.sessionId === this.#sessionId);
    if (!launch) throw new Error('nothing was launched');
    const runner = new TestRunner(server, launch);
    this.#runner = runner;
    this.#linkSeq = linkSeq;
    this.#isWelcome = false;
    runner.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary && this.#runner === runner) this.#heard(runner, JSON.parse(data.toString()) as ToRunner);
    });
    runner.socket.on('open', () =>
      runner.hello({ newestTurn: this.newestTurn as never, actions: [...this.waiting.keys()] }),
    );
    // One that is replaced meanwhile is never welcome.
    await Promise.race([runner.socket.ended, vi.waitUntil(() => runner.of('welcome').length > 0, patienceMs)]);
  }

  #heard(runner: TestRunner, message: ToRunner): void {
    if (message.type === 'welcome') {
      this.#isWelcome = true;
      for (const fact of this.#facts) runner.say(fact);
    }
    if (message.type === 'ack') this.#facts = this.#facts.filter(({ n }) => n > message.n);
    if (message.type === 'turn.start') this.newestTurn = message.turnId;
    if (message.type === 'action.examine')
      runner.say({ type: 'reply', request: message.request, ok: true, result: noFacts });
    if (message.type === 'action.verdict') this.#judged(message);
  }

  #judged(said: Verdict['said']): void {
    const { actionId, approvalId, verdict, command } = said;
    const asked = this.waiting.get(actionId);
    if (asked === undefined) return;
    this.waiting.delete(actionId);
    this.verdicts.push({ said, linkSeq: this.#linkSeq });
    if (verdict === 'again') {
      this.state('action.acted', { actionId, outcome: 'withdrawn' });
      return this.ask(asked);
    }
    if (approvalId) this.state('approval.delivered', { approvalId, actionId });
    const allowed = command === null ? 'ran' : this.#edited[this.#edits++ % this.#edited.length];
    this.state('action.acted', { actionId, outcome: verdict === 'allow' ? allowed : 'blocked' });
  }

  state(type: EventType, payload: unknown): void {
    const fact: Fact = { type: 'event', n: ++this.#n, event: { type, payload } } as Fact;
    this.#facts.push(fact);
    // Before the welcome nothing is said: it follows with the rest.
    const { socket } = this.#runner ?? {};
    if (this.#isWelcome && socket?.readyState === socket?.OPEN) this.#runner?.say(fact);
  }

  ask(command: string): void {
    const actionId = newId('action', source);
    this.waiting.set(actionId, command);
    const about = { actionId, turnId: this.newestTurn, agent: 'coder', itemId: null, kind: 'command', tool: 'shell' };
    this.state('action.requested', { ...about, command, paths: [], cwd: '/checkout', facts: noFacts });
  }

  /** What waits does not any more: the turn was interrupted, or nobody decided in time. */
  giveUp(actionId: ActionId, outcome: 'withdrawn' | 'blocked'): void {
    if (this.waiting.delete(actionId)) this.state('action.acted', { actionId, outcome });
  }

  get hasUnacked(): boolean {
    return this.#facts.length > 0;
  }

  close(): void {
    this.#runner?.socket.terminate();
  }
}
