/** Pauses on a real server, with runners that the test plays. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventPayload } from '#protocol/event.ts';
import { newId, type TurnId } from '#protocol/id.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { startSession, TestRunner, type TestSession } from '#server/testing-runner.ts';

const source = { now: () => Date.now(), random };
let server: TestServer;
let ada: Visitor;
let session: TestSession;
let runner: TestRunner;
const person = () => server.services.auth.personNamed('ada');

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.judging.judge = () => ({ verdict: 'ask', rule: 'r', reasons: [], policyHash: '', command: null });
  session = await startSession(server, ada);
  runner = session.runner;
});

const view = async () => {
  const found = await server.services.log.view(session.sessionId);
  if (!found) throw new Error('no session');
  return found;
};
const pause = async () => server.services.lifecycle.pause(session.sessionId, await person());
const resume = async () => server.services.lifecycle.resume(session.sessionId, await person());
const told = (of = runner) => of.of('session.freeze').map(({ isFrozen }) => isFrozen);
const events = () => server.services.log.read(session.sessionId, { after: 0, limit: 500 });

function act(turnId: TurnId | null = null): EventPayload<'action.requested'> {
  const payload = {
    ...{ actionId: newId('action', source), turnId, agent: 'coder', kind: 'command' as const, tool: 'Bash' },
    ...{ itemId: null, command: 'env', paths: [], cwd: '/' },
  };
  runner.state('action.requested', payload);
  return payload as EventPayload<'action.requested'>;
}

describe('a paused session', () => {
  it('[PAU2] its runner is told, the log says who paused it, and resume lets it go on where it is', async () => {
    const before = await view();
    expect(await pause()).toBe(true);
    expect(told()).toEqual([true]);
    const paused = await view();
    expect(paused).toMatchObject({ status: 'paused', reason: 'paused by ada', frozen: { by: ada.personId } });
    expect(paused.terminals).toEqual(before.terminals);
    expect(await pause()).toBe(true);
    await resume();
    expect(told()).toEqual([true, false]);
    expect(await view()).toMatchObject({ status: before.status, reason: before.reason, frozen: null });
    await expect(resume()).rejects.toMatchObject({ code: 'session.conflict' });
    const types = (await events()).map(({ type }) => type);
    expect(types.filter((type) => /paused|resumed/.test(type))).toEqual(['session.paused', 'session.resumed']);
  });

  it('[PAU2] each new link of its runner is told anew; one that stands still already is not', async () => {
    await pause();
    runner.socket.terminate();
    await expect.poll(async () => (await view()).status).toBe('unreachable');
    expect(await pause()).toBe(false);
    const second = await TestRunner.start(server, session.launch);
    await expect.poll(() => told(second)).toEqual([true]);
    expect(await view()).toMatchObject({ status: 'paused', reason: 'paused by ada' });
    const third = new TestRunner(server, session.launch);
    await third.socket.opened();
    third.hello({ isFrozen: true });
    await third.welcomed();
    expect(await pause()).toBe(false);
    expect(told(third)).toEqual([]);
    await resume();
    await expect.poll(() => told(third)).toEqual([false]);
  });

  it('[PAU2] resumed while its runner cannot be reached it goes on when that is back, and is not replaced', async () => {
    await pause();
    runner.socket.terminate();
    await expect.poll(async () => (await view()).status).toBe('unreachable');
    await resume();
    expect(await view()).toMatchObject({ status: 'unreachable', frozen: null });
    const back = new TestRunner(server, session.launch);
    await back.socket.opened();
    back.hello({ isFrozen: true });
    await expect.poll(() => told(back)).toEqual([false]);
    expect((await view()).status).not.toBe('paused');
  });

  it('[PAU3] prompts wait, and are worked on in their order once it goes on', async () => {
    await pause();
    const { services } = server;
    const ask = (prompt: string) =>
      services.turns.send({ sessionId: session.sessionId, prompt, harness: 'acp:example', principal: ada.personId });
    const { turnId } = await ask('first');
    await ask('second');
    expect((await view()).turns.queue.map(({ turnId: id }) => id)).toHaveLength(2);
    expect(runner.of('turn.start')).toEqual([]);
    await resume();
    await expect
      .poll(() => runner.of('turn.start').map(({ turnId: id, prompt }) => [id, prompt]))
      .toEqual([[turnId, 'first']]);
  });

  it('[PAU4] a decision of people reaches the runner once it goes on', async () => {
    const { actionId } = act();
    await expect.poll(async () => (await view()).turns.actions[0]?.approval).toBeDefined();
    await pause();
    const approvalId = (await view()).turns.actions[0]?.approval?.approvalId;
    if (!approvalId) throw new Error('nobody is asked');
    const decision = {
      approvalId,
      decision: 'approved' as const,
      note: null,
      edit: null,
      forSession: false,
      hash: null,
    };
    await server.services.approvals.decide(decision, await person());
    expect(await view()).toMatchObject({ status: 'paused' });
    expect(runner.of('action.verdict')).toEqual([]);
    await resume();
    await expect.poll(() => runner.of('action.verdict')).toMatchObject([{ actionId, verdict: 'allow', approvalId }]);
  });

  it('[PAU3] no terminal opens, and no agent', async () => {
    await pause();
    const { sessionId } = session;
    const harness = { agent: 'coder', harness: 'acp:example' };
    await expect(server.services.turns.open(sessionId, harness, ada.personId)).rejects.toMatchObject({
      code: 'session.paused',
    });
  });

  it('[PAU5] it can be stopped and ended', async () => {
    await pause();
    await server.services.lifecycle.stop(session.sessionId, await person());
    expect(await view()).toMatchObject({ status: 'paused', reason: 'stopped by ada', runner: null, frozen: null });
    expect(told()).toEqual([true]);
    const other = await startSession(server, ada);
    await server.services.lifecycle.pause(other.sessionId, await person());
    await server.services.lifecycle.end(other.sessionId, await person(), false);
    expect((await server.services.log.view(other.sessionId))?.status).toBe('ended');
    await expect(server.services.lifecycle.pause(other.sessionId, await person())).rejects.toMatchObject({
      code: 'session.ended',
    });
  });

  it('[PAU5] is interrupted when its runner is gone', async () => {
    await pause();
    server.host.die(server.host.launches.indexOf(session.launch) + 1);
    await expect.poll(async () => (await view()).status).toBe('interrupted');
    expect((await view()).frozen).toBeNull();
  });

  it('[PAU2] a runner from before there were pauses is left alone, and the server says so', async () => {
    const old = await startSession(server, ada);
    old.runner.socket.terminate();
    const back = new TestRunner(server, old.launch);
    await back.socket.opened();
    back.hello({ isFrozen: undefined });
    await back.welcomed();
    expect(await server.services.lifecycle.pause(old.sessionId, await person())).toBe(false);
    expect(told(back)).toEqual([]);
    expect(server.lines.join('\n')).toContain('its runner is older than that');
  });
});

describe('a policy that pauses', () => {
  it('[PAU6] denial and pause are one append; the agent is told, and what follows is not', async () => {
    const deny = { verdict: 'deny' as const, rule: 'forbidden[1]', reasons: ['it is forbidden: env'] };
    server.judging.judge = () => ({ ...deny, policyHash: '', command: null, isPausing: true });
    const { actionId } = act();
    await expect.poll(() => told()).toEqual([true]);
    await expect.poll(() => runner.of('action.verdict')).toMatchObject([{ actionId, verdict: 'deny' }]);
    const all = await events();
    const at = all.findIndex(({ type }) => type === 'session.paused');
    expect(all[at - 1]).toMatchObject({ type: 'action.judged', at: all[at]?.at });
    expect(all[at]).toMatchObject({
      principal: 'server',
      payload: { reason: 'paused by policy, forbidden[1]: it is forbidden: env', programs: 'frozen' },
    });
    const page = await server.services.log.list({ group: 'needs', limit: 50 });
    expect(page.sessions.map(({ id }) => id)).toContain(session.sessionId);
    act();
    await expect.poll(() => runner.of('action.verdict')).toHaveLength(2);
    expect((await events()).filter(({ type }) => type === 'session.paused')).toHaveLength(1);
  });

  it('[PAU6] a session that was stopped just now stays stopped, whatever its runner still said', async () => {
    const deny = { verdict: 'deny' as const, rule: 'forbidden[1]', reasons: ['it is forbidden: env'] };
    server.judging.judge = () => ({ ...deny, policyHash: '', command: null, isPausing: true });
    await server.services.lifecycle.stop(session.sessionId, await person());
    const payload: EventPayload<'action.requested'> = {
      ...{ actionId: newId('action', source), turnId: null, agent: 'coder', kind: 'command', tool: 'Bash' },
      ...{ itemId: null, command: 'env', paths: [], cwd: '/' },
    };
    const { turns } = server.services;
    await turns.commit(session.sessionId, { type: 'action.requested', payload }, session.launch.runnerId, 'late');
    expect(await view()).toMatchObject({ status: 'paused', reason: 'stopped by ada', frozen: null });
    expect((await events()).filter(({ type }) => type === 'session.paused')).toHaveLength(1);
  });
});
