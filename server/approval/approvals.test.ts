/** Approvals on a whole server with a real database; the test plays the runner. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { EventPayload, EventType } from '#protocol/event.ts';
import { type ActionId, type ItemId, newId, type SessionId, serverChain } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import type { Judge } from '#server/turn/index.ts';
import type { DecideRequest } from './index.ts';

let server: TestServer;
let ada: Person;
let grace: Person;
let sessionId: SessionId;
let turnId: string;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const asking: Judge = ({ command }) => ({
  verdict: command?.startsWith('rm') ? 'deny' : 'ask',
  rule: 'rules[0]',
  reasons: [command?.startsWith('rm') ? 'no rm here' : 'a person decides'],
  policyHash: 'p',
  command: null,
});

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  grace = await server.services.auth.personNamed('grace');
});
afterAll(() => server.close());

beforeEach(async () => {
  server.judging.judge = asking;
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ dir: server.home, agent }, ada));
  runner = await TestRunner.start(server, launch());
  ({ turnId } = await server.services.turns.send({ sessionId, prompt: 'go', principal: ada.personId }));
  await soon(() => expect(runner.of('turn.start')).toHaveLength(1));
});
afterEach(() => runner.socket.terminate());

function launch() {
  const found = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!found) throw new Error('nothing was launched');
  return found;
}

function ask(command = 'git push', itemId: ItemId | null = null): ActionId {
  const actionId = newId('action', source);
  const asked = { actionId, turnId, agent: 'coder', itemId, kind: 'command', tool: 'shell', command };
  runner.state('action.requested', { ...asked, paths: [], cwd: '/checkout', facts: noFacts });
  return actionId;
}

const events = () => server.services.log.read(sessionId, { after: 0, limit: 500 });
const of = async <T extends EventType>(type: T): Promise<EventPayload<T>[]> =>
  (await events()).flatMap((event) => (event.type === type ? [event.payload as EventPayload<T>] : []));

/** The approval of an action, once it is asked for. */
async function asked(command?: string, itemId?: ItemId) {
  const actionId = ask(command, itemId);
  const payload = await soon(async () => {
    const found = (await of('approval.requested')).find((each) => each.actionId === actionId);
    if (!found) throw new Error('not yet');
    return found;
  });
  return { actionId, approvalId: payload.approvalId, hash: payload.hash };
}

const request = (approvalId: DecideRequest['approvalId'], more: Partial<DecideRequest> = {}): DecideRequest => ({
  ...{ approvalId, decision: 'approved', note: null, edit: null, forSession: false, hash: null },
  ...more,
});
const decide = (...args: Parameters<typeof request>) => server.services.approvals.decide(request(...args), ada);
const verdicts = () => runner.of('action.verdict');

describe('asking', () => {
  it('[APR1] a question stands in the append of its verdict, in the inbox and in the status of its session', async () => {
    const { approvalId, actionId } = await asked();
    const types = (await events()).map(({ type }) => type);
    const at = types.indexOf('action.requested');
    expect(types.slice(at, at + 3)).toEqual(['action.requested', 'action.judged', 'approval.requested']);
    expect(await server.services.log.view(sessionId)).toMatchObject({
      status: 'waiting',
      reason: 'approve `git push`',
    });
    const { pending } = await server.services.approvals.list(0);
    expect(pending.find(({ id }) => id === approvalId)).toMatchObject({
      ...{
        sessionId,
        agent: 'coder',
        kind: 'command',
        command: 'git push',
        cwd: '/checkout',
        rule: 'rules[0]',
        status: 'pending',
      },
      ...{
        reasons: ['a person decides'],
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        shownAt: null,
        decidedAt: null,
      },
    });
    expect(verdicts()).toEqual([]);
    await server.services.approvals.show(approvalId, ada);
    await server.services.approvals.show(approvalId, grace);
    expect(await of('approval.shown')).toEqual([{ approvalId, actionId }]);
  });
});

describe('deciding', () => {
  it('[APR2] an approval reaches the runner once, and all five times are known', async () => {
    const { approvalId, actionId, hash } = await asked();
    await server.services.approvals.show(approvalId, ada);
    expect(await decide(approvalId, { hash })).toMatchObject({
      status: 'approved',
      decidedBy: 'ada',
      deliveredAt: null,
    });
    await soon(() => expect(verdicts()).toMatchObject([{ actionId, verdict: 'allow', command: null, approvalId }]));
    runner.state('approval.delivered', { approvalId, actionId });
    runner.state('action.acted', { actionId, outcome: 'ran' });
    await soon(async () => expect((await server.services.approvals.get(approvalId)).actedAt).not.toBe(null));
    const { requestedAt, shownAt, decidedAt, deliveredAt, actedAt, status } =
      await server.services.approvals.get(approvalId);
    const times = [requestedAt, shownAt, decidedAt, deliveredAt, actedAt];
    expect([status, [...times].sort()]).toEqual(['approved', times]);
    expect((await server.services.log.view(sessionId))?.status).toBe('working');
    expect((await server.services.approvals.list(5)).decided[0]).toMatchObject({ id: approvalId });
  });

  it('[APR3] of two people who decide at once one succeeds, and the other is told who', async () => {
    const { approvalId } = await asked();
    const { approvals } = server.services;
    const results = await Promise.allSettled([
      approvals.decide(request(approvalId), ada),
      approvals.decide(request(approvalId, { decision: 'denied', note: 'no' }), grace),
    ]);
    const won = results.filter(({ status }) => status === 'fulfilled');
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect([won.length, lost.length, (await of('approval.decided')).length]).toEqual([1, 1, 1]);
    expect(lost[0]).toMatchObject({
      code: 'approval.already-decided',
      message: expect.stringMatching(/^(ada|grace) has decided already/),
    });
    await soon(() => expect(verdicts()).toHaveLength(1));
  });

  it('[AUD5] where from somebody decided, and changed rules, stands in the log', async () => {
    const { approvalId } = await asked();
    const { approvals, policies } = server.services;
    await approvals.decide(request(approvalId), { ...ada, from: '10.0.0.7, Firefox' });
    await policies.change({ level: 'server', text: '' }, null, { ...ada, from: '10.0.0.8, Firefox' });
    expect((await of('approval.decided')).at(-1)).toMatchObject({ from: '10.0.0.7, Firefox' });
    const [changed] = await server.services.log.readOf(serverChain, 'policy.changed', 1);
    expect(changed?.payload.from).toBe('10.0.0.8, Firefox');
  });

  it('[APR22] a decision that is in the log reaches the runner, though whoever decided had no answer', async () => {
    const { approvalId, actionId } = await asked();
    const about = { approvalId, actionId, subject: 'f'.repeat(64), forSession: false };
    const decided = { ...about, decision: 'denied' as const, note: 'not now', edit: null };
    // As the log does it once it knows that a statement without an answer has happened.
    await server.services.log.append(sessionId, [
      { type: 'approval.decided', payload: decided, principal: ada.personId, dedupeKey: `decided:${approvalId}` },
    ]);
    await soon(() => expect(verdicts()).toMatchObject([{ actionId, verdict: 'deny', message: 'not now', approvalId }]));
  });

  it('[APR4] the note of a denial reaches the agent, and its turn goes on', async () => {
    const { approvalId, actionId } = await asked();
    await decide(approvalId, { decision: 'denied', note: 'use the deploy job' });
    await soon(() => expect(verdicts()).toMatchObject([{ actionId, verdict: 'deny', message: 'use the deploy job' }]));
    expect((await server.services.log.view(sessionId))?.turns.turn?.turnId).toBe(turnId);
  });

  it('[APR5] an edited command is judged before it runs in place of the asked one', async () => {
    const { approvalId, actionId } = await asked();
    runner.socket.on('message', (data: Buffer, isBinary: boolean) => {
      const message = isBinary ? null : JSON.parse(data.toString());
      if (message?.type === 'action.examine')
        runner.say({ type: 'reply', request: message.request, ok: true, result: noFacts });
    });
    await expect(decide(approvalId, { edit: 'rm -rf x' })).rejects.toMatchObject({
      code: 'approval.refused',
      message: 'edit: no rm here',
    });
    await expect(decide(approvalId, { edit: ' ' })).rejects.toMatchObject({ code: 'input.invalid' });
    expect(await decide(approvalId, { edit: 'git push --dry-run' })).toMatchObject({
      status: 'approved',
      edit: 'git push --dry-run',
    });
    await soon(() => expect(verdicts()).toMatchObject([{ actionId, verdict: 'allow', command: 'git push --dry-run' }]));
    // Its runner remembers what the command would touch when it was judged.
    expect(runner.of('action.examine').map((each) => each.actionId)).toEqual([actionId, actionId]);
  });

  it('[APR6] what is not what was seen, not there or not wanted any more cannot be decided', async () => {
    const { approvalId, actionId } = await asked();
    await expect(decide(approvalId, { hash: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'approval.changed' });
    await expect(decide(newId('approval', source))).rejects.toMatchObject({ code: 'approval.not-found' });
    runner.state('action.acted', { actionId, outcome: 'blocked' });
    await soon(async () => expect(await of('approval.expired')).toHaveLength(1));
    await expect(decide(approvalId)).rejects.toMatchObject({ code: 'approval.expired' });
    const other = await asked('npm publish');
    runner.state('action.acted', { actionId: other.actionId, outcome: 'withdrawn' });
    await soon(async () => expect(await of('approval.withdrawn')).toHaveLength(1));
    const { approvals } = server.services;
    expect([(await approvals.get(approvalId)).status, (await approvals.get(other.approvalId)).status]).toEqual([
      'expired',
      'withdrawn',
    ]);
    expect((await approvals.list(0)).pending.filter((each) => each.sessionId === sessionId)).toEqual([]);
  });

  it('[APR7] an approved action whose runner died is unknown, and one that waited is withdrawn', async () => {
    const first = await asked('one');
    const second = await asked('two');
    await decide(first.approvalId);
    await server.services.log.append(sessionId, (view) =>
      view ? [{ type: 'runner.lost', payload: { epoch: 1, reason: 'gone' }, principal: 'server' }] : [],
    );
    await server.services.lifecycle.resume(sessionId, ada);
    const { approvals } = server.services;
    await soon(async () => expect((await approvals.get(first.approvalId)).status).toBe('unknown'));
    expect((await approvals.get(second.approvalId)).status).toBe('withdrawn');
    await expect(decide(first.approvalId)).rejects.toMatchObject({ code: 'approval.already-decided' });
  });
});

describe('a runner that dies', () => {
  it('[APR20] [APR24] what had begun is unknown and waits for somebody to look, what had ended is not', async () => {
    const items = [newId('item', source), newId('item', source)] as const;
    const [ended, begun] = [await asked('one', items[0]), await asked('two', items[1])];
    for (const { approvalId, actionId } of [ended, begun]) {
      await decide(approvalId);
      runner.state('approval.delivered', { approvalId, actionId });
      runner.state('action.acted', { actionId, outcome: 'ran' });
    }
    const subject = {
      itemId: items[0],
      turnId,
      kind: 'command',
      parentId: null,
      title: 'one',
      command: 'one',
      path: null,
    };
    runner.state('item.completed', { ...subject, status: 'completed', text: '', exitCode: 0 });
    await soon(async () => expect(await of('item.completed')).toHaveLength(1));
    const { approvals } = server.services;
    const outcome = async ({ approvalId }: typeof ended) => {
      const { status, outcome: of, actedAt } = await approvals.get(approvalId);
      return [status, of, actedAt === null];
    };
    expect(await outcome(begun)).toEqual(['approved', 'ran', false]);
    const actedAt = (await approvals.get(begun.approvalId)).actedAt;
    server.host.die(server.host.launches.length);
    await soon(async () => expect((await server.services.log.view(sessionId))?.status).toBe('interrupted'));
    expect([await outcome(ended), await outcome(begun)]).toEqual([
      ['approved', 'ran', false],
      ['unknown', 'unknown', false],
    ]);
    expect((await approvals.get(begun.approvalId)).actedAt).toBe(actedAt);
    const inbox = () => approvals.list(5, sessionId);
    expect((await inbox()).pending).toMatchObject([{ id: begun.approvalId, status: 'unknown', settled: null }]);
    expect((await inbox()).decided.some(({ id }) => id === begun.approvalId)).toBe(false);
    await expect(decide(begun.approvalId)).rejects.toMatchObject({ code: 'approval.already-decided' });
    await server.services.lifecycle.resume(sessionId, ada);
    expect((await of('action.acted')).filter(({ actionId }) => actionId === begun.actionId)).toHaveLength(2);

    // [APR24] Somebody looks, and one of two who say so says it.
    await expect(approvals.settle(ended.approvalId, 'happened', ada)).rejects.toMatchObject({
      code: 'session.conflict',
    });
    const both = await Promise.allSettled(
      [ada, grace].map((one) => approvals.settle(begun.approvalId, 'happened', one)),
    );
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await inbox()).pending).toEqual([]);
    const found = (await inbox()).decided.find(({ id }) => id === begun.approvalId);
    expect(found).toMatchObject({ status: 'unknown', settled: { found: 'happened' } });
  });
});

describe('a server that dies', () => {
  it('[APR8] questions and decisions outlive it: each is decided once and told to the runner when it is back', async () => {
    const waiting = await asked('one');
    const decided = await asked('two');
    runner.socket.terminate();
    await decide(decided.approvalId, { decision: 'denied', note: 'not now' });
    const { host } = server;
    server = await openTestServer({}, await server.crash());
    server.judging.judge = asking;
    const found = host.launches.findLast((one) => one.sessionId === sessionId);
    if (!found) throw new Error('nothing was launched');
    runner = new TestRunner(server, found);
    await runner.socket.opened();
    runner.hello({ newestTurn: turnId as never, actions: [waiting.actionId, decided.actionId] });
    await soon(() =>
      expect(verdicts()).toMatchObject([
        { actionId: decided.actionId, verdict: 'deny', message: 'not now', approvalId: decided.approvalId },
      ]),
    );
    await expect(decide(decided.approvalId)).rejects.toMatchObject({ code: 'approval.already-decided' });
    await decide(waiting.approvalId);
    await soon(() => expect(verdicts()).toHaveLength(2));
    expect((await of('approval.requested')).length).toBe(2);
    expect((await of('approval.decided')).map(({ approvalId }) => approvalId).sort()).toEqual(
      [waiting.approvalId, decided.approvalId].sort(),
    );
  });
});
