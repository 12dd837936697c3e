/**
 * Approvals under whatever order of events: questions, looks, two people at once, edits, interruptions, questions that time
 * out, links that break and servers that die, on a real database. The test plays a runner that keeps its facts until acked.
 */
import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { EventPayload, EventType, SessionEvent } from '#protocol/event.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { FromRunner, ToRunner } from '#protocol/runner-message.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import type { Judge } from '#server/turn/index.ts';

const source = { now: () => Date.now(), random };
const patienceMs = 10_000;
const asking: Judge = ({ command }) => ({
  verdict: command?.startsWith('rm') ? 'deny' : 'ask',
  ...{ rule: 'rules[0]', reasons: ['as the rules say'], policyHash: 'p', command: null },
});

type Verdict = ToRunner & { type: 'action.verdict' };
type Fact = FromRunner & { type: 'event' };

/** A runner's gate and journal: facts are said again until they are acked, an action has one verdict. */
class PlayedRunner {
  readonly #server: () => TestServer;
  readonly #sessionId: SessionId;
  #runner: TestRunner | null = null;
  #facts: Fact[] = [];
  #isWelcome = false;
  #n = 0;
  newestTurn: string | null = null;
  readonly waiting = new Set<ActionId>();
  /** What it was told, and took. */
  readonly verdicts: Verdict[] = [];

  constructor(server: () => TestServer, sessionId: SessionId) {
    this.#server = server;
    this.#sessionId = sessionId;
  }

  async connect(): Promise<void> {
    this.#runner?.socket.terminate();
    const server = this.#server();
    const launch = server.host.launches.findLast((each) => each.sessionId === this.#sessionId);
    if (!launch) throw new Error('nothing was launched');
    const runner = new TestRunner(server, launch);
    this.#runner = runner;
    this.#isWelcome = false;
    runner.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary && this.#runner === runner) this.#heard(runner, JSON.parse(data.toString()) as ToRunner);
    });
    runner.socket.on('open', () => runner.hello({ newestTurn: this.newestTurn as never, actions: [...this.waiting] }));
    // One that is replaced meanwhile is never welcome.
    await Promise.race([once(runner.socket, 'close'), vi.waitUntil(() => runner.of('welcome').length > 0, patienceMs)]);
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
    if (message.type !== 'action.verdict' || !this.waiting.delete(message.actionId)) return;
    this.verdicts.push(message);
    const { actionId, approvalId } = message;
    if (approvalId) this.state('approval.delivered', { approvalId, actionId });
    this.state('action.acted', { actionId, outcome: message.verdict === 'allow' ? 'ran' : 'blocked' });
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
    this.waiting.add(actionId);
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

interface Told {
  approvalId: ApprovalId;
  person: Person;
  decision: 'approved' | 'denied';
  edit: string | null;
  /** Null: it was this person's decision. */
  refusal: { code: string; message: string } | null;
}

type Step =
  | { does: 'ask'; command: string }
  | { does: 'show'; which: number }
  | {
      does: 'decide';
      which: number;
      by: 'ada' | 'grace' | 'both';
      decision: 'approved' | 'denied';
      edit: string | null;
    }
  | { does: 'interrupt' }
  | { does: 'expire'; which: number }
  | { does: 'reconnect' }
  | { does: 'restart' };

const which = fc.nat(5);
const of = <T extends Step['does']>(does: T, fields: object = {}) =>
  fc.record({ does: fc.constant(does), ...fields }) as unknown as fc.Arbitrary<Step>;
const decide = of('decide', {
  which,
  by: fc.constantFrom('ada', 'grace', 'both', 'both'),
  decision: fc.constantFrom('approved', 'approved', 'denied'),
  edit: fc.constantFrom(null, null, null, 'echo edited', 'rm -rf edited'),
});
const step = fc.oneof(
  { weight: 8, arbitrary: of('ask', { command: fc.constantFrom('one', 'two', 'three', 'rm -rf x') }) },
  { weight: 4, arbitrary: of('show', { which }) },
  { weight: 10, arbitrary: decide },
  { weight: 1, arbitrary: of('interrupt') },
  { weight: 3, arbitrary: of('expire', { which }) },
  { weight: 2, arbitrary: of('reconnect') },
  { weight: 1, arbitrary: of('restart') },
);
/** Steps that begin together, and how long until the next ones do, ms. */
const moments = fc.array(fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), pauseMs: fc.nat(12) }), {
  ...{ minLength: 5, maxLength: 20, size: 'max' as const },
});

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server.close());

class World {
  readonly ada: Person;
  readonly grace: Person;
  readonly sessionId: SessionId;
  readonly runner: PlayedRunner;
  readonly told: Told[] = [];

  private constructor(ada: Person, grace: Person, sessionId: SessionId) {
    this.ada = ada;
    this.grace = grace;
    this.sessionId = sessionId;
    this.runner = new PlayedRunner(() => server, sessionId);
  }

  static async open(): Promise<World> {
    server.judging.judge = asking;
    const { auth, lifecycle, turns } = server.services;
    const [ada, grace] = [await auth.personNamed('ada'), await auth.personNamed('grace')];
    const agent = { agent: 'coder', harness: 'acp:example', model: null };
    const { sessionId } = await lifecycle.create({ dir: server.home, agent }, ada);
    const world = new World(ada, grace, sessionId);
    await world.runner.connect();
    await turns.send({ sessionId, prompt: 'go', principal: ada.personId });
    await vi.waitFor(() => expect(world.runner.newestTurn).not.toBe(null), patienceMs);
    return world;
  }

  async events(): Promise<SessionEvent[]> {
    return server.services.log.read(this.sessionId, { after: 0, limit: 1_000 });
  }

  /** Decided or not, over or not: people see what was true a moment ago. */
  async #approval(at: number): Promise<ApprovalId | null> {
    const found = (await this.events()).flatMap(({ type, payload }) =>
      type === 'approval.requested' ? [(payload as EventPayload<'approval.requested'>).approvalId] : [],
    );
    return found.at(-1 - at) ?? null;
  }

  async take(each: Step): Promise<void> {
    const { runner } = this;
    switch (each.does) {
      case 'ask':
        return runner.ask(each.command);
      case 'interrupt':
        for (const actionId of [...runner.waiting]) runner.giveUp(actionId, 'withdrawn');
        return;
      case 'expire': {
        const actionId = [...runner.waiting][each.which];
        return actionId && runner.giveUp(actionId, 'blocked');
      }
      case 'reconnect':
        return runner.connect();
      case 'show': {
        const approvalId = await this.#approval(each.which);
        return approvalId ? server.services.approvals.show(approvalId, this.grace) : undefined;
      }
      case 'decide': {
        const approvalId = await this.#approval(each.which);
        if (!approvalId) return;
        const people = each.by === 'both' ? [this.ada, this.grace] : [each.by === 'ada' ? this.ada : this.grace];
        await Promise.all(people.map((person) => this.#decide(approvalId, person, each)));
        return;
      }
      case 'restart':
        return;
      default:
        return each satisfies never;
    }
  }

  async #decide(approvalId: ApprovalId, person: Person, each: Step & { does: 'decide' }): Promise<void> {
    const decision = each.by === 'both' && person === this.grace ? 'denied' : each.decision;
    const edit = decision === 'approved' ? each.edit : null;
    const request = { approvalId, decision, edit, note: decision === 'denied' ? 'no' : null };
    const said = await server.services.approvals.decide({ ...request, forSession: false, hash: null }, person).then(
      () => null,
      (cause: { code: string; message: string }) => cause,
    );
    this.told.push({ approvalId, person, decision, edit, refusal: said });
  }

  /** Everything that was begun is over, and the runner has heard what it waits for. */
  async settle(): Promise<void> {
    await this.runner.connect();
    await vi.waitFor(async () => {
      expect(this.runner.hasUnacked).toBe(false);
      const view = await server.services.log.view(this.sessionId);
      const owed = view?.turns.actions.filter(({ judged }) => judged !== null && judged.verdict !== 'ask') ?? [];
      expect(owed).toEqual([]);
    }, patienceMs);
  }
}

async function restart(world: World): Promise<void> {
  server = await openTestServer({}, await server.crash());
  server.judging.judge = asking;
  await world.runner.connect();
}

async function play(world: World, plan: { steps: Step[]; pauseMs: number }[]): Promise<void> {
  for (const { steps, pauseMs } of plan) {
    // A server that dies takes along what is under way, so everything else begins before it.
    const begun = steps.filter(({ does }) => does !== 'restart').map((each) => world.take(each));
    const all = Promise.allSettled(begun);
    if (begun.length < steps.length) await restart(world);
    else await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (pauseMs % 3 === 0) await all;
  }
}

/** What the log and the people contradict each other in. */
function contradictions({ told, runner, ada, grace }: World, events: readonly SessionEvent[]): string[] {
  const wrong: string[] = [];
  const all = <T extends EventType>(type: T) =>
    events.filter((event): event is SessionEvent & { type: T } => event.type === type);
  const names = new Map([ada, grace].map(({ personId, name }) => [personId as string, name]));
  const ends = (id: ApprovalId) =>
    [...all('approval.decided'), ...all('approval.expired'), ...all('approval.withdrawn')].filter(
      ({ payload }) => payload.approvalId === id,
    );
  const decidedOf = (id: ApprovalId) => all('approval.decided').find(({ payload }) => payload.approvalId === id);
  for (const { payload } of all('approval.requested')) {
    const { approvalId: id } = payload;
    if (ends(id).length > 1) wrong.push(`${id} ended as ${ends(id).map(({ type }) => type)}`);
    if (all('approval.shown').filter((each) => each.payload.approvalId === id).length > 1)
      wrong.push(`${id} shown twice`);
    if (told.filter(({ approvalId, refusal }) => approvalId === id && !refusal).length > 1)
      wrong.push(`${id} won twice`);
  }
  for (const { approvalId, person, decision, edit, refusal } of told) {
    const decided = decidedOf(approvalId);
    const isTheirs = decided?.principal === person.personId && decided.payload.decision === decision;
    if (!refusal && !(isTheirs && decided.payload.edit === edit))
      wrong.push(`${person.name} did not decide ${approvalId}`);
    if (
      refusal?.code === 'approval.already-decided' &&
      !refusal.message.startsWith(names.get(decided?.principal ?? '') ?? '?')
    )
      wrong.push(`${person.name} was told “${refusal.message}” of what ${decided?.principal} decided`);
    if (refusal?.code === 'approval.expired' && decided) wrong.push(`${person.name} was told “${refusal.message}”`);
    if (edit?.startsWith('rm') && !refusal) wrong.push(`an edit that is denied was taken`);
  }
  for (const { actionId, approvalId, verdict, command } of runner.verdicts) {
    const decided = approvalId ? decidedOf(approvalId as ApprovalId) : undefined;
    const judged = all('action.judged').find(({ payload }) => payload.actionId === actionId);
    const wanted = decided
      ? [decided.payload.decision === 'approved' ? 'allow' : 'deny', decided.payload.edit]
      : [judged?.payload.verdict, judged?.payload.command];
    if (approvalId && !decided) wrong.push(`${actionId} was told a decision that is not in the log`);
    if (verdict !== wanted[0] || command !== wanted[1])
      wrong.push(`${actionId} was told ${verdict} ${command}, not ${wanted}`);
  }
  return wrong;
}

it('[APR23] in any order of events one decision wins, the others are told whose, and what the runner hears is what the log says', async () => {
  let [decided, refused, verdicts] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(moments, async (plan) => {
      const world = await World.open();
      try {
        await play(world, plan as { steps: Step[]; pauseMs: number }[]);
        await world.settle();
        const events = await world.events();
        expect(contradictions(world, events)).toEqual([]);
        decided += events.filter(({ type }) => type === 'approval.decided').length;
        refused += world.told.filter(({ refusal }) => refusal?.code.startsWith('approval.')).length;
        verdicts += world.runner.verdicts.length;
      } finally {
        world.runner.close();
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
  // It was about something.
  expect(Math.min(decided, refused, verdicts)).toBeGreaterThan(10);
}, 180_000);
