/** What a decision is bound to: the rules of its time, what an edit becomes, its deadline. On a whole server; the test plays the runner. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { Demand } from '#protocol/approval.ts';
import { type ActionId, type ApprovalId, newId, type SessionId } from '#protocol/id.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import type { Judge, Judgement } from '#server/turn/index.ts';
import type { DecideRequest } from './index.ts';

let server: TestServer;
let ada: Person;
let grace: Person;
let sessionId: SessionId;
let turnId: string;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const usual: Demand = { approvers: null, quorum: 1, isFourEyes: false, expiresInMs: null, escalate: null };

/** The rules of a test by their hash: what each says of a command. */
let rules: Record<string, (command: string) => Partial<Judgement>>;
/** By the hash that the log says is in force. */
const byRules: Judge = ({ command }, { sessionPolicy }) => {
  const policyHash = sessionPolicy?.hash ?? 'first';
  const said = rules[policyHash]?.(command ?? '') ?? {};
  return { verdict: 'ask', rule: 'rules[0]', reasons: [policyHash], command: null, ...said, policyHash };
};

beforeAll(async () => {
  server = await openTestServer();
  [ada, grace] = [await server.services.auth.personNamed('ada'), await server.services.auth.personNamed('grace')];
});
afterAll(() => server.close());

beforeEach(async () => {
  rules = {};
  server.judging.judge = byRules;
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ dir: server.home, agent }, ada));
  runner = await TestRunner.start(server, launch());
  answerExamine();
  ({ turnId } = await server.services.turns.send({ sessionId, prompt: 'go', principal: ada.personId }));
  await soon(() => expect(runner.of('turn.start')).toHaveLength(1));
});
afterEach(() => runner.socket.terminate());

function launch() {
  const found = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!found) throw new Error('nothing was launched');
  return found;
}

function answerExamine(): void {
  runner.socket.on('message', (data: Buffer, isBinary: boolean) => {
    const message = isBinary ? null : JSON.parse(data.toString());
    if (message?.type === 'action.examine')
      runner.say({ type: 'reply', request: message.request, ok: true, result: noFacts });
  });
}

async function reconnect(actions: ActionId[]): Promise<void> {
  runner.socket.terminate();
  runner = new TestRunner(server, launch());
  await runner.socket.opened();
  runner.hello({ newestTurn: turnId as never, actions });
  await runner.welcomed();
}

function ask(command: string): ActionId {
  const actionId = newId('action', source);
  const subject = { actionId, turnId, agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command };
  runner.state('action.requested', { ...subject, paths: [], cwd: '/checkout', facts: noFacts });
  return actionId;
}

const view = async () => {
  const found = await server.services.log.view(sessionId);
  if (!found) throw new Error('no session');
  return found;
};
const open = async (actionId: ActionId) => (await view()).turns.actions.find((each) => each.actionId === actionId);

async function asked(command: string): Promise<{ actionId: ActionId; approvalId: ApprovalId }> {
  const actionId = ask(command);
  return soon(async () => {
    const approvalId = (await open(actionId))?.approval?.approvalId;
    if (!approvalId) throw new Error('not yet');
    return { actionId, approvalId };
  });
}

/** From now on these rules are in force. */
const change = (hash: string) => {
  const payload = { level: 'session' as const, text: hash, hash, restricted: [] };
  return server.services.log.append(sessionId, [{ type: 'policy.changed', payload, principal: ada.personId }]);
};
const decide = (person: Person, approvalId: ApprovalId, more: Partial<DecideRequest> = {}) =>
  server.services.approvals.decide(
    { approvalId, decision: 'approved', note: null, edit: null, forSession: false, hash: null, ...more },
    person,
  );
const told = (actionId: ActionId) =>
  runner.of('action.verdict').flatMap((each) => (each.actionId === actionId ? [each.verdict] : []));
const typesOf = async (id: ApprovalId) =>
  (await server.services.log.read(sessionId, { after: 0, limit: 500 })).flatMap(({ type, payload }) =>
    'approvalId' in payload && payload.approvalId === id ? [type] : [],
  );

describe('an edit', () => {
  const pushing = (demand: Partial<Demand>) => (command: string) =>
    command.startsWith('git push') ? { demand: { ...usual, ...demand } } : {};
  const edit = 'git push origin main';

  it('[APR30] needs those whom the rules demand for what it becomes', async () => {
    rules = { first: pushing({ approvers: ['grace'] }) };
    const { actionId, approvalId } = await asked('touch a');
    await expect(decide(ada, approvalId, { edit })).rejects.toMatchObject({ code: 'approval.not-yours' });
    expect(told(actionId)).toEqual([]);
    expect(await decide(grace, approvalId, { edit })).toMatchObject({ status: 'approved', edit });
  });

  it('[APR30] is not by whoever started the work where what it becomes wants four eyes', async () => {
    rules = { first: pushing({ isFourEyes: true }) };
    const { approvalId } = await asked('touch a');
    await expect(decide(ada, approvalId, { edit })).rejects.toMatchObject({ code: 'approval.not-yours' });
  });

  it('[APR30] is refused where several must approve what it becomes, and for the session where they want each by itself', async () => {
    rules = { first: pushing({ quorum: 2, approvers: ['grace', 'alan'] }) };
    const { approvalId } = await asked('touch a');
    await expect(decide(grace, approvalId, { edit })).rejects.toMatchObject({ code: 'input.invalid' });
    rules = { first: pushing({ approvers: ['grace'] }) };
    await expect(decide(grace, approvalId, { edit, forSession: true })).rejects.toMatchObject({
      code: 'input.invalid',
    });
  });

  it('[APR30] does not loosen what was asked: whom its own rule opens it to may not approve the question', async () => {
    rules = { first: (command) => ({ demand: { ...usual, approvers: [command === edit ? 'ada' : 'grace'] } }) };
    const { approvalId } = await asked('npm publish');
    for (const person of [ada, grace])
      await expect(decide(person, approvalId, { edit })).rejects.toMatchObject({ code: 'approval.not-yours' });
  });
});

describe('rules that changed while it waits', () => {
  it('[APR31] an approval under other rules withdraws the question, and the agent asks anew', async () => {
    rules = { second: () => ({ verdict: 'deny', reasons: ['no pushes now'] }) };
    const { actionId, approvalId } = await asked('git push');
    await change('second');
    await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.changed' });
    await soon(() => expect(told(actionId)).toEqual(['again']));
    expect(await server.services.approvals.get(approvalId)).toMatchObject({ status: 'withdrawn' });
    await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.expired' });
    runner.state('action.acted', { actionId, outcome: 'withdrawn' });
    const anew = ask('git push');
    await soon(() => expect(told(anew)).toEqual(['deny']));
  });

  it('[APR31] of two approvals under other rules one withdraws the question; a denial needs no rules', async () => {
    const first = await asked('one');
    const second = await asked('two');
    await change('second');
    const both = await Promise.allSettled([ada, grace].map((person) => decide(person, first.approvalId)));
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await typesOf(first.approvalId)).toEqual(['approval.requested', 'approval.withdrawn']);
    expect(await decide(ada, second.approvalId, { decision: 'denied', note: 'no' })).toMatchObject({
      status: 'denied',
    });
    await soon(() => expect([told(first.actionId), told(second.actionId)]).toEqual([['again'], ['deny']]));
  });

  it('[APR31] votes under other rules do not count', async () => {
    rules = { first: () => ({ demand: { ...usual, quorum: 2 } }) };
    const { approvalId } = await asked('git push');
    await decide(ada, approvalId);
    await change('second');
    await expect(decide(grace, approvalId)).rejects.toMatchObject({ code: 'approval.changed' });
  });

  it('[APR31] the runner of a withdrawn question that was away is told with its next link', async () => {
    const { actionId, approvalId } = await asked('git push');
    runner.socket.terminate();
    await change('second');
    await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.changed' });
    await reconnect([actionId]);
    await soon(() => expect(told(actionId)).toEqual(['again']));
  });

  it('[APR31] what is allowed and did not reach its runner is asked about anew under other rules', async () => {
    rules = { first: (command) => (command === 'ls' ? { verdict: 'allow' } : {}) };
    const { approvalId, actionId } = await asked('git push');
    runner.socket.terminate();
    await decide(ada, approvalId);
    await reconnect([actionId]);
    await soon(() => expect(told(actionId)).toEqual(['allow']));
    await server.services.lifecycle.pause(sessionId, ada);
    const listed = ask('ls');
    await soon(async () => expect((await open(listed))?.judged?.verdict).toBe('allow'));
    await change('second');
    await server.services.lifecycle.resume(sessionId, ada);
    await soon(() => expect(told(listed)).toEqual(['again']));
    await reconnect([actionId]);
    await soon(() => expect(told(actionId)).toEqual(['again']));
  });

  it('[APR31] rules that have to be read first are waited for', async () => {
    let isRead = false;
    const { approvalId } = await asked('git push');
    server.judging.judge = (action, now) => {
      if (isRead) return byRules(action, now);
      return Promise.resolve().then(() => {
        isRead = true;
        return byRules(action, now);
      });
    };
    expect(await decide(ada, approvalId)).toMatchObject({ status: 'approved' });
    expect(isRead).toBe(true);
    server.judging.judge = async (action, now) => byRules(action, now);
    const actionId = ask('one');
    await soon(() => expect(told(actionId)).toEqual(['deny']));
  });
});

describe('a deadline', () => {
  it('[APR16] counts by the clock when somebody decides, whether or not a timer was there', async () => {
    rules = { first: () => ({ demand: { ...usual, expiresInMs: 120_000 } }) };
    const { actionId, approvalId } = await asked('git push');
    server.deadlines.close();
    server.advance(121_000);
    await expect(decide(ada, approvalId)).rejects.toMatchObject({ code: 'approval.expired' });
    expect(await typesOf(approvalId)).toEqual(['approval.requested', 'approval.expired']);
    await soon(() => expect(told(actionId)).toEqual(['deny']));
  });

  it('[APR16] does not pass while the session is paused', async () => {
    rules = { first: () => ({ demand: { ...usual, expiresInMs: 120_000 } }) };
    const { approvalId } = await asked('git push');
    await server.services.lifecycle.pause(sessionId, ada);
    server.advance(121_000);
    expect(await decide(ada, approvalId)).toMatchObject({ status: 'approved' });
  });
});

describe('what an edit allows', () => {
  const until = async (outcome: string) => {
    const { actionId, approvalId } = await asked('git push');
    await decide(ada, approvalId, { edit: 'npm publish' });
    runner.state('action.acted', { actionId, outcome });
    await soon(async () => expect((await view()).turns.actions).toEqual([]));
    return ((await view()).turns.allowances ?? []).map((each) => each.command);
  };

  it.each(['ran', 'withdrawn', 'unknown'])('[APR32] is over with the action: %s', async (outcome) => {
    expect(await until(outcome)).toEqual([]);
  });

  it('[APR32] is not for another that is asked about before that agent was told', async () => {
    const text = 'version: "2026.1"\nrules: [{ when: "true", then: ask }]\n';
    await server.services.policies.change({ level: 'session', text }, await view(), ada);
    server.judging.judge = server.services.policies.judge;
    const { actionId, approvalId } = await asked('git push');
    await decide(ada, approvalId, { edit: 'npm publish' });
    const early = await asked('npm publish');
    runner.state('action.acted', { actionId, outcome: 'blocked' });
    const meant = ask('npm publish');
    await soon(() => expect([told(early.actionId), told(meant)]).toEqual([[], ['allow']]));
    await asked('npm publish');
  });

  it('[APR32] waits for the agent that must run it itself, until its turn is over', async () => {
    expect(await until('blocked')).toEqual(['npm publish']);
    runner.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: null });
    await soon(async () => expect((await view()).turns.allowances).toEqual([]));
  });
});

describe('two at once', () => {
  it('[APR32] of two that are judged later only one uses up what was allowed once', async () => {
    const allowed = () => ({ approvalId: newId('approval', source), actionId: newId('action', source) });
    const { approvalId } = allowed();
    let isRead = false;
    let answer: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const used = (now: Parameters<Judge>[1]) => now.turns.actions.some(({ judged }) => judged?.verdict === 'allow');
    const once: Judge = (action, now) => ({
      ...(byRules(action, now) as Judgement),
      ...(!used(now) && { verdict: 'allow', rule: `session.allowed:${approvalId}` }),
    });
    server.judging.judge = (action, now) => (isRead ? once(action, now) : reading.then(() => once(action, now)));
    const both = [ask('npm publish'), ask('npm publish')];
    await soon(async () => expect((await view()).turns.actions).toHaveLength(2));
    isRead = true;
    answer();
    await soon(async () =>
      expect((await Promise.all(both.map(open))).map((each) => each?.judged?.verdict)).toEqual(['allow', 'ask']),
    );
  });
});
