/** What rules demand of approvals, and what happens when nobody acts; on a whole server, the test plays the runner. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { Demand } from '#protocol/approval.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import type { DecideRequest } from './index.ts';

let server: TestServer;
let ada: Person;
let grace: Person;
let alan: Person;
let sessionId: SessionId;
let turnId: string;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const usual: Demand = { approvers: null, quorum: 1, isFourEyes: false, expiresInMs: null, escalate: null };

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  grace = await server.services.auth.personNamed('grace');
  alan = await server.services.auth.personNamed('alan');
});
afterAll(() => server.close());

beforeEach(async () => {
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ dir: server.home, agent }, ada));
  const launch = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!launch) throw new Error('nothing was launched');
  runner = await TestRunner.start(server, launch);
  ({ turnId } = await server.services.turns.send({ sessionId, prompt: 'go', principal: ada.personId }));
  await soon(() => expect(runner.of('turn.start')).toHaveLength(1));
});
afterEach(() => runner.socket.terminate());

async function asked(demand: Partial<Demand>): Promise<{ actionId: ActionId; approvalId: ApprovalId }> {
  server.judging.judge = () => ({
    ...{ verdict: 'ask', rule: 'rules[0]', reasons: ['look'], policyHash: 'p', command: null },
    demand: { ...usual, ...demand },
  });
  const actionId = newId('action', source);
  const subject = {
    actionId,
    turnId,
    agent: 'coder',
    itemId: null,
    kind: 'command',
    tool: 'shell',
    command: 'git push',
  };
  runner.state('action.requested', { ...subject, paths: [], cwd: '/checkout', facts: noFacts });
  return soon(async () => {
    const view = await server.services.log.view(sessionId);
    const open = view?.turns.actions.find((each) => each.actionId === actionId)?.approval;
    if (!open) throw new Error('not yet');
    return { actionId, approvalId: open.approvalId };
  });
}

const decide = (person: Person, approvalId: ApprovalId, more: Partial<DecideRequest> = {}) =>
  server.services.approvals.decide(
    { approvalId, decision: 'approved', note: null, edit: null, forSession: false, hash: null, ...more },
    person,
  );
const verdicts = () => runner.of('action.verdict');
const events = () => server.services.log.read(sessionId, { after: 0, limit: 500 });
const typesOf = async (id: ApprovalId) =>
  (await events())
    .filter((event: SessionEvent) => 'approvalId' in event.payload && event.payload.approvalId === id)
    .map(({ type }) => type);

it('[APR14] only those whom the rule names approve; anybody who may decide denies', async () => {
  const { approvalId } = await asked({ approvers: ['grace'] });
  await expect(decide(ada, approvalId)).rejects.toMatchObject({
    code: 'approval.not-yours',
    message: 'only grace may approve it',
  });
  expect(verdicts()).toEqual([]);
  expect(await decide(grace, approvalId)).toMatchObject({ status: 'approved', decidedBy: 'grace' });
  await soon(() => expect(verdicts()).toHaveLength(1));
  const other = await asked({ approvers: ['grace'] });
  expect(await decide(ada, other.approvalId, { decision: 'denied', note: 'no' })).toMatchObject({ status: 'denied' });
});

it('[APR14] whoever started the work does not approve it where the rule wants four eyes', async () => {
  const { approvalId } = await asked({ isFourEyes: true });
  await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.not-yours' });
  expect(await decide(grace, approvalId)).toMatchObject({ status: 'approved' });
});

it('[APR15] a quorum counts persons, not clicks, and lets nothing through before it is there', async () => {
  const { approvalId } = await asked({ quorum: 2 });
  expect(await decide(ada, approvalId)).toMatchObject({ status: 'pending', votes: ['ada'] });
  expect(await decide(ada, approvalId)).toMatchObject({ status: 'pending', votes: ['ada'] });
  await expect(decide(grace, approvalId, { edit: 'git push --dry-run' })).rejects.toMatchObject({
    code: 'input.invalid',
  });
  await expect(decide(grace, approvalId, { forSession: true })).rejects.toMatchObject({ code: 'input.invalid' });
  expect(verdicts()).toEqual([]);
  expect(await decide(grace, approvalId)).toMatchObject({ status: 'approved', decidedBy: 'grace' });
  await soon(() => expect(verdicts()).toHaveLength(1));
  await expect(decide(alan, approvalId)).rejects.toMatchObject({ code: 'approval.already-decided' });
  expect(await typesOf(approvalId)).toEqual(['approval.requested', 'approval.voted', 'approval.decided']);
});

it('[APR15] of a crowd that approves at once as many count as are needed', async () => {
  const { approvalId } = await asked({ quorum: 3 });
  const people = await Promise.all(
    ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'].map((name) => server.services.auth.personNamed(name)),
  );
  const results = await Promise.allSettled(people.map((person) => decide(person, approvalId)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  const types = await typesOf(approvalId);
  expect(types.filter((type) => type === 'approval.decided')).toHaveLength(1);
  expect(types.filter((type) => type === 'approval.voted')).toHaveLength(2);
});

it('[APR50] every question says until when its agent waits: as its rule says, else as long as any action', async () => {
  const waitMs = async (approvalId: ApprovalId) => {
    const { requestedAt, expiresAt } = await server.services.approvals.get(approvalId);
    return Date.parse(expiresAt) - Date.parse(requestedAt);
  };
  expect(await waitMs((await asked({})).approvalId)).toBe(600_000);
  expect(await waitMs((await asked({ expiresInMs: 120_000 })).approvalId)).toBe(120_000);
});

it('[APR16] a question expires when its rule says so, its agent is told, and a late decision is refused', async () => {
  const { actionId, approvalId } = await asked({ expiresInMs: 120_000 });
  await soon(() => expect(runner.of('action.hold')).toMatchObject([{ actionId, ms: expect.any(Number) }]));
  expect(await server.services.approvals.get(approvalId)).toMatchObject({ expiresAt: expect.any(String) });
  await server.deadlines.check(sessionId);
  expect(verdicts()).toEqual([]);
  server.advance(121_000);
  await server.deadlines.check(sessionId);
  await soon(() =>
    expect(verdicts()).toMatchObject(
      [{ actionId, verdict: 'deny', message: /nobody decided in time/ }].map((each) => ({
        ...each,
        message: expect.stringMatching(each.message),
      })),
    ),
  );
  await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.expired' });
  expect(await server.services.approvals.get(approvalId)).toMatchObject({ status: 'expired' });
});

it('[APR16] a question that waits long is opened to those the rule names then', async () => {
  const { approvalId } = await asked({ approvers: ['grace'], escalate: { afterMs: 60_000, to: ['alan'] } });
  await expect(decide(alan, approvalId)).rejects.toMatchObject({ code: 'approval.not-yours' });
  server.advance(61_000);
  await server.deadlines.check(sessionId);
  expect(await server.services.approvals.get(approvalId)).toMatchObject({ escalatedTo: ['alan'] });
  await expect(decide(ada, approvalId)).rejects.toMatchObject({ message: 'only grace, alan may approve it' });
  expect(await decide(alan, approvalId)).toMatchObject({ status: 'approved', decidedBy: 'alan' });
});

it('[APR17] a decision that comes to nothing for ten seconds raises an alarm, once', async () => {
  const { approvalId } = await asked({});
  await decide(ada, approvalId);
  await server.deadlines.check(sessionId);
  expect(await typesOf(approvalId)).not.toContain('approval.overdue');
  server.advance(11_000);
  await server.deadlines.check(sessionId);
  await server.deadlines.check(sessionId);
  expect((await typesOf(approvalId)).filter((type) => type === 'approval.overdue')).toHaveLength(1);
  expect(await server.services.approvals.get(approvalId)).toMatchObject({ overdueAt: expect.any(String) });
  expect(server.lines.join('\n')).toContain(approvalId);
});

it('[APR52] everybody is told before they try whether and why they may not approve it', async () => {
  const { approvals } = server.services;
  const refusal = async (id: ApprovalId, person: Person) =>
    (await approvals.seenBy(await approvals.get(id), person)).refusal;
  const { approvalId } = await asked({ approvers: ['ada', 'grace'], isFourEyes: true });
  expect(await refusal(approvalId, ada)).toContain('ask somebody else');
  expect(await refusal(approvalId, alan)).toBe('only ada, grace may approve it');
  expect(await refusal(approvalId, { ...grace, role: 'viewer' })).toBe('only editors and owners decide');
  expect(await refusal(approvalId, grace)).toBeNull();
  await decide(grace, approvalId);
  expect(await refusal(approvalId, alan)).toBeNull();
});
