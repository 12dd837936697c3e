/** What follows when an agent changes more than it said, on a whole server; the test plays the runner. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import type { EventPayload } from '#protocol/event.ts';
import { newId, type SessionId, type TurnId } from '#protocol/id.ts';
import type { SurpriseReaction } from '#protocol/workspace-file.ts';
import type { Person } from '#server/auth/index.ts';
import { openTestServer, random, type TestServer } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

let server: TestServer;
let ada: Person;
let runner: TestRunner;
let sessionId: SessionId;
let turnId: TurnId;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.services.auth.personNamed('ada');
  await mkdir(join(server.home, 'project', 'src'), { recursive: true });
  server.judging.judge = server.services.policies.judge;
});
afterAll(() => server.close());
afterEach(() => runner?.socket.terminate());

/** A session under rules that react so, with a turn that runs. */
async function open(reaction: SurpriseReaction): Promise<void> {
  const file = join(server.home, 'project', `${reaction}.yaml`);
  await writeFile(
    file,
    `version: "2026.1"
workspace: { name: sample, base_dir: src }
policies:
  security_guardrails: { forbidden_commands: ["env"] }
  on_surprise: ${reaction}
`,
  );
  const place = await server.services.policies.place(file, null);
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ ...place, agent }, ada));
  const launch = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!launch) throw new Error('nothing was launched');
  runner = await TestRunner.start(server, launch);
  await send();
}

async function send(): Promise<void> {
  ({ turnId } = await server.services.turns.send({ sessionId, prompt: 'go', principal: ada.personId }));
  await soon(() => expect(runner.of('turn.start').at(-1)).toMatchObject({ turnId }));
}

const view = async () => {
  const found = await server.services.log.view(sessionId);
  if (!found) throw new Error('no session');
  return found;
};
const events = () => server.services.log.read(sessionId, { after: 0, limit: 500 });

/** Resolves with the verdict. */
async function ask(program: string): Promise<EventPayload<'action.judged'>> {
  const facts: ActionFacts = {
    ...noFacts,
    commands: [{ program, argv: [program], unknown: [], effect: 'read', cwd: '/checkout', via: [] }],
  };
  const actionId = newId('action', source);
  const asked = { actionId, turnId, agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command: program };
  runner.state('action.requested', { ...asked, paths: [], cwd: '/checkout', facts });
  return soon(async () => {
    const found = (await events()).findLast(
      (event) => event.type === 'action.judged' && event.payload.actionId === actionId,
    );
    if (found?.type !== 'action.judged') throw new Error('not yet');
    return found.payload;
  });
}

async function surprise(path: string, more: { shared?: boolean; agent?: string } = {}): Promise<void> {
  const payload = { actionId: newId('action', source), turnId, agent: 'coder', more: 0, shared: false, ...more };
  runner.state('effect.surprised', { ...payload, paths: [{ path, change: 'modified' }] });
  await soon(async () => {
    const all = await events();
    const isThere = all.some((event) => event.type === 'effect.surprised' && event.payload.paths[0]?.path === path);
    if (!isThere) throw new Error('not yet');
  });
}

async function decide(decision: 'approved' | 'denied'): Promise<void> {
  const asked = (await view()).turns.actions.findLast(({ approval }) => approval && !approval.decided)?.approval;
  if (!asked) throw new Error('nothing is asked');
  const request = { approvalId: asked.approvalId, decision, note: 'seen', edit: null, forSession: false, hash: null };
  await server.services.approvals.decide(request, ada);
}

it('[EFF5] ask: whatever the agent does next is asked about until a person approves once, and a denial stays one', async () => {
  await open('ask');
  expect(await ask('ls')).toMatchObject({ verdict: 'allow' });
  await surprise('package.json');
  const asked = await ask('ls');
  expect(asked).toMatchObject({ verdict: 'ask', rule: 'on_surprise' });
  expect(asked.reasons[0]).toBe('coder changed what its command did not say: modified package.json');
  expect(await ask('env')).toMatchObject({ verdict: 'deny', rule: 'security_guardrails.forbidden_commands[0]' });
  const question = (await events()).findLast(({ type }) => type === 'approval.requested');
  expect(question?.payload).toMatchObject({ rule: 'on_surprise', rules: ['on_surprise'] });
  await decide('denied');
  expect(await ask('ls')).toMatchObject({ verdict: 'ask', rule: 'on_surprise' });
  await decide('approved');
  expect(await ask('ls')).toMatchObject({ verdict: 'allow' });
  await surprise('again.txt');
  expect(await ask('ls')).toMatchObject({ verdict: 'ask', rule: 'on_surprise' });
});

it('[EFF5] ask: other agents, later turns and what a person may have done are not asked about', async () => {
  await open('ask');
  await surprise('shared.txt', { shared: true });
  await surprise('other.txt', { agent: 'reviewer' });
  expect(await ask('ls')).toMatchObject({ verdict: 'allow' });
  await surprise('own.txt');
  expect((await view()).turns.surprises).toMatchObject([{ agent: 'reviewer' }, { agent: 'coder', turnId }]);
  const before = turnId;
  runner.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: null });
  await soon(async () => expect((await view()).turns.turn).toBe(null));
  expect((await view()).turns.surprises).toEqual([]);
  await send();
  turnId = before;
  await surprise('late.txt');
  expect((await view()).turns.surprises).toEqual([]);
});

it('[EFF5] pause: the session pauses in the append that says what surprised, once', async () => {
  await open('pause');
  await surprise('shared.txt', { shared: true });
  expect((await view()).status).toBe('working');
  await surprise('package.json');
  await surprise('second.txt');
  const all = await events();
  const at = all.findIndex(({ type }) => type === 'session.paused');
  expect(all[at]).toMatchObject({
    principal: 'server',
    payload: { reason: 'coder changed what its command did not say: modified package.json' },
  });
  expect(all[at - 1]).toMatchObject({ type: 'effect.surprised', payload: { paths: [{ path: 'package.json' }] } });
  expect(all.filter(({ type }) => type === 'session.paused')).toHaveLength(1);
});

it('[EFF5] record, and a session without rules: it is written down and nothing follows', async () => {
  await open('record');
  await surprise('package.json');
  expect(await ask('ls')).toMatchObject({ verdict: 'allow' });
  expect((await view()).status).toBe('working');
});
