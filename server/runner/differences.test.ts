/** What a checkout may be held against, on a whole server with a real database; the test plays the runner and the host. */
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { EventType } from '#protocol/event.ts';
import { newId, type SessionId, type TurnId } from '#protocol/id.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';

let server: TestServer;
let ada: Visitor;
let sessionId: SessionId;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const log = () => server.services.log;
const made = { kind: 'git', branch: 'b', baseCommit: 'a'.repeat(40), files: 1, carried: 0, notes: [], ms: 1 };

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
});
afterAll(() => server.close());

async function start(): Promise<{ sessionId: SessionId; runner: TestRunner }> {
  const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  const created = await server.services.lifecycle.create({ dir: server.home, agent }, person);
  const launch = server.host.launches.findLast((one) => one.sessionId === created.sessionId);
  if (!launch) throw new Error('nothing was launched');
  const started = await TestRunner.start(server, launch);
  started.state('checkout.created', made);
  await soon(async () => expect((await log().view(created.sessionId))?.checkoutState).toBe('present'));
  return { sessionId: created.sessionId, runner: started };
}
beforeEach(async () => {
  ({ sessionId, runner } = await start());
});

const send = (prompt: string) => server.services.turns.send({ sessionId, prompt, principal: ada.personId });
const diff = (against: string, session: string = sessionId) =>
  server.services.differences.of(session as SessionId, against, (other) => log().resolve(other));
const refusal = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });
const seen = async (type: EventType) =>
  (await log().read(sessionId, { after: 0, limit: 500 })).some((e) => e.type === type);

it('[TRN15] the runner is asked about a turn that began, from a prompt or in a terminal', async () => {
  const { turnId } = await send('one');
  await diff(`turn:${turnId}`);
  runner.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: 'c1' });
  await soon(async () => expect(await seen('turn.completed')).toBe(true));
  const typed = newId('turn', source);
  runner.state('turn.begun', { turnId: typed, agent: 'coder', harness: 'acp:example', model: null, prompt: 'typed' });
  await soon(async () => expect(await seen('turn.begun')).toBe(true));
  await diff(`turn:${typed}`);
  await diff('base');
  expect(runner.of('checkout.diff').map((message) => message.turnId)).toEqual([turnId, typed, null]);
});

it('[TRN15] an unknown turn, one of another session and one that waits are refused with the field and what to do', async () => {
  const { turnId } = await send('one');
  const waiting = await send('two');
  await expect(diff(`turn:${waiting.turnId}`)).rejects.toMatchObject(
    refusal('session.conflict', /^against: .*not begun.*wait/),
  );
  const other = await start();
  await expect(diff(`turn:${turnId}`, other.sessionId)).rejects.toMatchObject(
    refusal('turn.not-found', new RegExp(`^against: no turn ${turnId} .*session events`)),
  );
  const unknown = newId('turn', source);
  await expect(diff(`turn:${unknown}`)).rejects.toMatchObject(refusal('turn.not-found', /^against: no turn/));
  expect(runner.of('checkout.diff')).toEqual([]);
});

it('[TRN15] a runner of before there was a choice is not believed', async () => {
  const { turnId } = await send('one');
  runner.isObliging = false;
  const asked = diff(`turn:${turnId}`);
  await soon(() => expect(runner.of('checkout.diff')).toHaveLength(1));
  const [message] = runner.of('checkout.diff');
  const result = { patch: 'of the base', isCut: false, files: [] };
  runner.say({ type: 'reply', request: message?.request ?? 0, ok: true, result });
  await expect(asked).rejects.toMatchObject(refusal('session.conflict', /^against: .*older.*stop and resume/));
});

it('[TRN15] another session is compared by the host, with a runner or without, if it may be read and has a checkout', async () => {
  const other = await start();
  const compared: { directory: string; against: string }[] = [];
  server.compare = async (options) => {
    compared.push(options);
    return { patch: 'p', isCut: false, files: [] };
  };
  expect(await diff(other.sessionId)).toMatchObject({ patch: 'p' });
  const folder = (id: string) => `${server.home}/sessions/${id}`;
  expect(compared).toEqual([{ directory: folder(sessionId), against: folder(other.sessionId) }]);
  const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
  await server.services.lifecycle.stop(other.sessionId, person);
  expect(await diff(other.sessionId)).toMatchObject({ patch: 'p' });
  const { differences } = server.services;
  const closed = differences.of(sessionId, other.sessionId, () => log().resolve(newId('session', source)));
  await expect(closed).rejects.toMatchObject(refusal('session.not-found', /^against: no session/));
  other.runner.socket.terminate();
  await soon(() => expect(server.services.runners.links.get(other.sessionId)).toBeNull());
  server.removal = { checkout: 'merged', reason: null };
  await server.services.lifecycle.end(other.sessionId, person, false);
  await expect(diff(other.sessionId)).rejects.toMatchObject(refusal('session.ended', /^against: .*choose/));
  await expect(diff(sessionId, other.sessionId)).rejects.toMatchObject(refusal('session.ended', /^session: /));
  await expect(diff('base', other.sessionId)).rejects.toMatchObject(refusal('session.ended', /^session: /));
  expect(compared).toHaveLength(2);
});

it('[TRN15] a session whose checkout is not there yet is refused, and many comparisons at once too', async () => {
  const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
  const young = await server.services.lifecycle.create({ dir: server.home }, person);
  await expect(diff(young.sessionId)).rejects.toMatchObject(
    refusal('session.conflict', /^against: .*no checkout yet; wait/),
  );
  const other = await start();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.compare = async () => {
    await held;
    return { patch: '', isCut: false, files: [] };
  };
  const running = [1, 2, 3, 4, 5].map(() => diff(other.sessionId));
  await expect(Promise.race(running)).rejects.toMatchObject(refusal('rate.exceeded', /try again/));
  release();
  const settled = await Promise.allSettled(running);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
});

it('[TRN15] anything else to hold it against names the field', async () => {
  const token = await server.token();
  const ask = async (against: string) => {
    const input = encodeURIComponent(JSON.stringify({ session: sessionId, against }));
    const response = await server.request(`/api/trpc/turn.diff?input=${input}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return [response.status, await response.text()] as const;
  };
  for (const against of [
    '',
    'head',
    'turn:',
    'trn_0123456789abcdefghjkmnpqrs',
    'ses_x',
    '--output=/tmp/x',
    `turn:${'trn_' as TurnId}x`,
  ]) {
    const [status, text] = await ask(against);
    expect([against, status]).toEqual([against, 400]);
    expect(text).toContain('against: expected base, turn:trn_… or ses_…');
  }
  expect((await ask('base'))[0]).toBe(200);
});
