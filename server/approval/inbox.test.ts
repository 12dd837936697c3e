/** What people are told before they decide, and a long inbox, on a real database; the log is written by the test. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import type { NewEvent } from '#protocol/event.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import { subjectOf } from '#server/turn/index.ts';

let server: TestServer;
let ada: Person;
let sessionId: SessionId;

const runners: TestRunner[] = [];
const source = { now: () => Date.now(), random };
const newSession = async () => {
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  const { sessionId: created } = await server.services.lifecycle.create({ dir: server.home, agent }, ada);
  const launch = server.host.launches.findLast((one) => one.sessionId === created);
  if (!launch) throw new Error('nothing was launched');
  runners.push(await TestRunner.start(server, launch));
  return created;
};

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
});
afterAll(() => {
  for (const { socket } of runners) socket.terminate();
  return server.close();
});
beforeEach(async () => {
  sessionId = await newSession();
});

interface Past {
  command?: string;
  cwd?: string;
  verdict?: 'allow' | 'ask' | 'deny';
  decision?: 'approved' | 'denied';
  facts?: Partial<ActionFacts>;
}

const factsOf = (command: string): ActionFacts => {
  const argv = command.split(' ');
  const program = argv[0] ?? '';
  return { ...noFacts, commands: [{ program, argv, unknown: [], effect: 'write', cwd: '/checkout', via: [] }] };
};

/** An action with what was said of it, as the server records it. */
function told({ command = 'git push', cwd = '/checkout', verdict = 'ask', decision, facts }: Past) {
  const actionId = newId('action', source) as ActionId;
  const approvalId = newId('approval', source) as ApprovalId;
  const about = { approvalId, actionId };
  const action = {
    ...{ turnId: null, agent: 'coder', kind: 'command', tool: 'shell', command, paths: [], cwd },
  } as const;
  const said = { rule: 'rules[0]', reasons: ['a person decides'] };
  const subject = subjectOf(action);
  const judged = {
    actionId,
    verdict,
    ...said,
    policyHash: 'p',
    command: null,
    facts: { ...factsOf(command), ...facts },
  };
  const events: NewEvent[] = [
    event('action.requested', { ...action, actionId, itemId: null }, `requested:${actionId}`),
    event('action.judged', judged, `judged:${actionId}`),
  ];
  if (verdict === 'ask') {
    const asked = { ...about, ...action, ...said, effect: 'write', hash: 'a'.repeat(64), subject };
    events.push(event('approval.requested', asked, `approval:${actionId}`));
  }
  if (decision) {
    const decided = { ...about, decision, note: null, edit: null, subject, forSession: false };
    events.push({ ...event('approval.decided', decided, `decided:${approvalId}`), principal: ada.personId });
    events.push(event('action.acted', { actionId, outcome: 'ran' }, `acted:${actionId}`));
  }
  return { events, approvalId, actionId };
}

const said = { rule: 'rules[0]', reasons: [] };
const judgedBy = { ...said, policyHash: 'p', command: null };

const event = (type: NewEvent['type'], payload: unknown, dedupeKey: string): NewEvent =>
  ({ type, payload, principal: 'server', dedupeKey }) as NewEvent;

async function record(past: Past, into = sessionId) {
  const { events, ...ids } = told(past);
  await server.services.log.append(into, () => events);
  return ids;
}

it('[APR40] before something is allowed for a session, what that would have allowed there so far is told', async () => {
  const first = await record({ decision: 'denied' });
  const second = await record({ decision: 'approved' });
  const third = await record({ verdict: 'allow' });
  await record({ verdict: 'deny' });
  await record({ command: 'git push --force', decision: 'approved' });
  await record({ cwd: '/checkout/other', decision: 'approved' });
  const { approvalId } = await record({});
  await record({});
  expect(await server.services.approvals.radius(approvalId)).toMatchObject({
    ...{ of: 6, count: 3 },
    actions: [
      { actionId: third.actionId, was: 'allowed', by: null },
      { actionId: second.actionId, was: 'approved', by: 'ada' },
      { actionId: first.actionId, was: 'denied', by: 'ada' },
    ],
  });
  const { approvalId: elsewhere } = await record({}, await newSession());
  expect(await server.services.approvals.radius(elsewhere)).toEqual({ of: 0, count: 0, actions: [] });
});

it('[APR25] a question shows all that its tool is given, and so does what its like would have allowed', async () => {
  const given = (digit: string) => ({ digest: digit.repeat(64), text: '+++ a', left: 0 });
  const write = (digit: string) => ({
    ...{ turnId: null, agent: 'coder', kind: 'write', tool: 'Write', command: null, paths: ['a'], cwd: '/checkout' },
    ...{ actionId: newId('action', source), itemId: null, input: given(digit) },
  });
  const [same, another, asked] = [write('1'), write('2'), write('1')];
  const approvalId = newId('approval', source);
  const { input: _input, ...shown } = asked;
  const question = { ...shown, ...said, approvalId, effect: 'write', hash: 'a'.repeat(64), subject: subjectOf(asked) };
  await server.services.log.append(sessionId, () => [
    ...[same, another, asked].flatMap((action) => [
      event('action.requested', action, `requested:${action.actionId}`),
      event('action.judged', { ...judgedBy, actionId: action.actionId, verdict: 'ask' }, `judged:${action.actionId}`),
    ]),
    event('approval.requested', question, `approval:${asked.actionId}`),
  ]);
  const { approvals } = server.services;
  expect(await approvals.get(approvalId)).toMatchObject({ input: given('1') });
  expect(await approvals.radius(approvalId)).toMatchObject({ of: 2, count: 1, actions: [{ actionId: same.actionId }] });
  expect((await approvals.list(0, sessionId)).pending[0]).not.toHaveProperty('input');
});

it('[APR41] the newest five decisions about the same program with the same effect are told, of any session', async () => {
  const other = await newSession();
  const past = [];
  for (const command of [
    'terraform plan',
    'terraform apply',
    'terraform destroy',
    'terraform import x',
    'terraform get',
  ])
    past.push(await record({ command, decision: 'approved' }, other));
  past.push(await record({ command: 'terraform apply -auto', decision: 'denied' }));
  await record({ command: 'git commit', decision: 'approved' });
  const { approvalId } = await record({ command: 'terraform apply' });
  const similar = await server.services.approvals.similar(approvalId);
  expect(similar.map(({ id }) => id)).toEqual(
    past
      .reverse()
      .slice(0, 5)
      .map((each) => each.approvalId),
  );
  expect(similar[0]).toMatchObject({ status: 'denied', decidedBy: 'ada', command: 'terraform apply -auto' });
});

it('[APR42] a thousand questions are counted and listed whole, oldest first, or of one session alone', async () => {
  const sessions = [sessionId, ...(await Promise.all(Array.from({ length: 9 }, newSession)))];
  const { approvals, log } = server.services;
  const before = await approvals.count();
  const outside = { path: '/etc/hosts', real: '/etc/hosts', restricted: false, isInBase: false } as const;
  for (const [n, session] of sessions.entries()) {
    const facts = n === 0 ? { paths: [{ ...outside, effect: 'write' as const }] } : {};
    await log.append(session, () =>
      Array.from({ length: 100 }, (_, k) => told({ command: `touch ${k}`, facts }).events).flat(),
    );
  }
  expect(await approvals.count()).toBe(before + 1_000);
  const { pending } = await approvals.list(0);
  expect(pending).toHaveLength(before + 1_000);
  expect(pending.map(({ requestedAt }) => requestedAt)).toEqual(pending.map(({ requestedAt }) => requestedAt).sort());
  expect(pending[0]).not.toHaveProperty('facts');
  const own = (await approvals.list(0, sessionId)).pending;
  expect([own.length, new Set(own.map((each) => each.sessionId)), own[0]?.outside]).toEqual([
    100,
    new Set([sessionId]),
    'changes',
  ]);
});
