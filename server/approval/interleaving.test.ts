/**
 * Approvals under whatever order of events: questions, looks, two people at once, edits, interruptions, questions that time
 * out, rules that change, links that break and servers that die, on a real database and by real rules. The test plays a
 * runner that keeps its facts until acked.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import type { ApprovalId, SessionId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, type TestServer } from '#server/testing.ts';
import { contradictions, type Told } from './testing-contradictions.ts';
import { PlayedRunner, patienceMs } from './testing-played-runner.ts';

/** Rules that people change meanwhile: they differ in what they say of `two`. */
const rulesFor = (two: string) => `version: "2026.1"
rules:
  - { when: 'action.command.startsWith("rm")', then: deny, reason: no }
  - { when: 'action.command == "two"', then: ${two}, reason: two }
  - { when: 'action.command == "three"', then: ask, expires_in: 30s }
  - { when: 'action.command.startsWith("echo")', then: ask, approvers: [grace] }
`;

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
  | { does: 'change'; two: string }
  | { does: 'later' }
  | { does: 'cut' }
  | { does: 'reconnect' }
  | { does: 'restart' };

const which = fc.nat(3);
const of = <T extends Step['does']>(does: T, fields: object = {}) =>
  fc.record({ does: fc.constant(does), ...fields }) as unknown as fc.Arbitrary<Step>;
const decide = of('decide', {
  which,
  by: fc.constantFrom('ada', 'grace', 'both', 'both'),
  decision: fc.constantFrom('approved', 'approved', 'denied'),
  edit: fc.constantFrom(null, null, null, 'four', 'four', 'echo edited', 'rm -rf edited'),
});
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: of('ask', { command: fc.constantFrom('one', 'two', 'two', 'three', 'four', 'rm -rf x', 'echo edited') }),
  },
  { weight: 4, arbitrary: of('show', { which }) },
  { weight: 10, arbitrary: decide },
  { weight: 1, arbitrary: of('interrupt') },
  { weight: 3, arbitrary: of('expire', { which }) },
  { weight: 3, arbitrary: of('cut') },
  { weight: 3, arbitrary: of('change', { two: fc.constantFrom('ask', 'ask', 'deny', 'allow') }) },
  { weight: 1, arbitrary: of('later') },
  { weight: 2, arbitrary: of('reconnect') },
  { weight: 1, arbitrary: of('restart') },
);
type Plan = { steps: Step[]; pauseMs: number }[];
/** Steps that begin together, and how long until the next ones do, ms. */
const moments: fc.Arbitrary<Plan> = fc.array(
  fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), pauseMs: fc.nat(12) }),
  {
    ...{ minLength: 5, maxLength: 20, size: 'max' as const },
  },
);

/** One after the other, each over before the next begins. */
const slowly = (...steps: Step[]): [Plan] => [steps.map((each) => ({ steps: [each], pauseMs: 60 }))];
const ask = (command: string): Step => ({ does: 'ask', command });
const approve = (by: 'ada' | 'grace', edit: string | null = null): Step => ({
  ...{ does: 'decide', which: 0, by, decision: 'approved', edit },
});
/** What went wrong once, or is rare. */
const examples: [Plan][] = [
  slowly(ask('one'), approve('ada', 'echo edited'), approve('grace', 'echo edited')),
  slowly(ask('two'), { does: 'change', two: 'deny' }, approve('ada')),
  slowly(ask('two'), { does: 'cut' }, approve('ada'), { does: 'change', two: 'deny' }, { does: 'reconnect' }),
  slowly(ask('two'), { does: 'cut' }, { does: 'change', two: 'deny' }, approve('ada'), { does: 'restart' }),
  slowly(ask('three'), { does: 'later' }, approve('ada')),
  // Edited three times: it runs in place of the question, is told to the agent, is withdrawn.
  slowly(...[1, 2, 3].flatMap(() => [ask('one'), approve('ada', 'four'), ask('four'), ask('four')])),
];

let server: TestServer;
/** Of the clock of every server, in ms. */
let skewMs = 0;
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
    server.judging.judge = server.services.policies.judge;
    const { auth, lifecycle, turns } = server.services;
    const [ada, grace] = [await auth.personNamed('ada'), await auth.personNamed('grace')];
    const agent = { agent: 'coder', harness: 'acp:example', model: null };
    const { sessionId } = await lifecycle.create({ dir: server.home, agent }, ada);
    const world = new World(ada, grace, sessionId);
    await world.#change('ask');
    await world.runner.connect();
    await turns.send({ sessionId, prompt: 'go', principal: ada.personId });
    await vi.waitFor(() => expect(world.runner.newestTurn).not.toBe(null), patienceMs);
    return world;
  }

  async events(): Promise<SessionEvent[]> {
    return server.services.log.read(this.sessionId, { after: 0, limit: 1_000 });
  }

  async #change(two: string): Promise<void> {
    const view = await server.services.log.view(this.sessionId);
    await server.services.policies.change({ text: rulesFor(two), level: 'session' }, view, this.ada);
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
        for (const actionId of [...runner.waiting.keys()]) runner.giveUp(actionId, 'withdrawn');
        return;
      case 'expire': {
        const actionId = [...runner.waiting.keys()][each.which];
        return actionId && runner.giveUp(actionId, 'blocked');
      }
      case 'change':
        return this.#change(each.two);
      case 'later':
        skewMs += 40_000;
        return server.advance(40_000);
      case 'cut':
        return runner.close();
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
      const owed = view?.turns.actions.filter(
        ({ judged, approval }) => judged && (judged.verdict !== 'ask' || !approval),
      );
      expect(owed ?? []).toEqual([]);
    }, patienceMs);
  }
}

async function restart(world: World): Promise<void> {
  server = await openTestServer({}, await server.crash());
  server.advance(skewMs);
  server.judging.judge = server.services.policies.judge;
  await world.runner.connect();
}

async function play(world: World, plan: Plan): Promise<void> {
  for (const { steps, pauseMs } of plan) {
    // A server that dies takes along what is under way, so everything else begins before it.
    const begun = steps.filter(({ does }) => does !== 'restart').map((each) => world.take(each));
    const all = Promise.allSettled(begun);
    if (begun.length < steps.length) await restart(world);
    else await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (pauseMs % 3 === 0) await all;
  }
}

it('[APR23] [APR30] [APR31] [APR32] in any order of events one decision wins, under the rules of its time and by whom they demand, the others are told whose, and what the runner hears is what the log says', async () => {
  let [decided, refused, verdicts] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(moments, async (plan) => {
      const world = await World.open();
      try {
        await play(world, plan);
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
    { examples, numRuns: 25 + examples.length, endOnFailure: true },
  );
  // It was about something.
  expect(Math.min(decided, refused, verdicts)).toBeGreaterThan(10);
}, 180_000);
