/** Turns on a whole server with a real database; the test plays the runner. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventPayload, EventType } from '#protocol/event.ts';
import { newId, type SessionId } from '#protocol/id.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { TestRunner } from '#server/testing-runner.ts';
import { type Judgement, recordingJudge } from './judge.ts';

let server: TestServer;
let ada: Visitor;
let sessionId: SessionId;
let runner: TestRunner;

const source = { now: () => Date.now(), random };
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const view = async () => {
  const found = await server.services.log.view(sessionId);
  if (!found) throw new Error('no session');
  return found;
};
const events = () => server.services.log.read(sessionId, { after: 0, limit: 500 });
const of = async <T extends EventType>(type: T): Promise<EventPayload<T>[]> =>
  (await events()).flatMap((event) => (event.type === type ? [event.payload as EventPayload<T>] : []));
const send = (prompt: string, more: { agent?: string; harness?: string; model?: string; turnId?: never } = {}) =>
  server.services.turns.send({ sessionId, prompt, principal: ada.personId, ...more });
const end = (turnId: string, more: object = {}) =>
  runner.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: 'c1', ...more });

beforeAll(async () => {
  server = await openTestServer();
  ada = await server.signIn('ada');
});
afterAll(() => server.close());

beforeEach(async () => {
  const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
  const agent = { agent: 'coder', harness: 'acp:example', model: null };
  ({ sessionId } = await server.services.lifecycle.create({ dir: server.home, agent }, person));
  runner = await TestRunner.start(server, launch());
});
afterEach(() => {
  server.judging.judge = recordingJudge;
  runner.socket.terminate();
});

function launch() {
  const found = server.host.launches.findLast((one) => one.sessionId === sessionId);
  if (!found) throw new Error('nothing was launched');
  return found;
}

/** An action of the running turn, as a runner states it. */
function ask(turnId: string, command = 'ls', actionId = newId('action', source)) {
  const asked = { actionId, turnId, agent: 'coder', itemId: null, kind: 'command', tool: 'shell', command };
  runner.state('action.requested', { ...asked, paths: [], cwd: '/checkout' });
  return actionId;
}

describe('the queue', () => {
  it('[TRN1] a prompt starts at once where nothing runs, and the runner is told it whole', async () => {
    const prompt = `Do it. ${'x'.repeat(2_000)}`;
    const { turnId, agent } = await send(prompt);
    expect(agent).toBe('coder');
    await soon(() => expect(runner.of('turn.start')).toMatchObject([{ turnId, prompt, conversation: null }]));
    expect(await view()).toMatchObject({ status: 'working', turns: { turn: { turnId, agent: 'coder' }, queue: [] } });
  });

  it('[TRN2] one turn runs at a time; the others wait in the order that people give them', async () => {
    const [one, two, three] = [await send('one'), await send('two'), await send('three')];
    const { turns } = server.services;
    await turns.move(sessionId, three.turnId, two.turnId, ada.personId);
    expect((await view()).turns.queue.map(({ prompt }) => prompt)).toEqual(['three', 'two']);
    await turns.withdraw(sessionId, two.turnId, ada.personId);
    end(one.turnId);
    await soon(() => expect(runner.of('turn.start').map(({ prompt }) => prompt)).toEqual(['one', 'three']));
    await expect(turns.withdraw(sessionId, three.turnId, ada.personId)).rejects.toMatchObject({
      code: 'session.conflict',
    });
    end(three.turnId, { status: 'failed', reason: 'the model refused' });
    await soon(async () =>
      expect(await view()).toMatchObject({ status: 'idle', reason: 'coder failed: the model refused' }),
    );
  });

  it('[TRN3] the same prompt asked for twice under one id is one prompt', async () => {
    const turnId = newId('turn', source) as never;
    await send('once', { turnId });
    await send('once', { turnId });
    expect(await of('turn.queued')).toHaveLength(1);
    await soon(() => expect(runner.of('turn.start')).toHaveLength(1));
  });

  it('[TRN3] a prompt that was taken back is not sent by asking for it again under its id', async () => {
    await send('one');
    const turnId = newId('turn', source) as never;
    await send('two', { turnId });
    await server.services.turns.withdraw(sessionId, turnId, ada.personId);
    await expect(send('two', { turnId })).rejects.toMatchObject({ code: 'session.conflict' });
    expect((await view()).turns.queue).toEqual([]);
  });

  it('[TRN4] a prompt goes to who worked last; a harness adds an agent, or changes one that is named', async () => {
    await expect(send('hello', { agent: 'nobody' })).rejects.toMatchObject({ code: 'input.invalid' });
    await send('hello', { harness: 'acp:other-agent' });
    expect(await of('agent.added')).toMatchObject([{ agent: 'coder' }, { agent: 'other-agent' }]);
    await send('again', { agent: 'coder', model: 'm-2' });
    expect(await of('agent.changed')).toMatchObject([{ agent: 'coder', model: 'm-2', keepsConversation: true }]);
    expect((await send('and again')).agent).toBe('coder');
  });

  it('[TRN5] a stopped session takes no prompts and says so', async () => {
    const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
    await server.services.lifecycle.stop(sessionId, person);
    await expect(send('hello')).rejects.toMatchObject({ code: 'session.not-running' });
  });
});

describe('a runner that goes and comes', () => {
  it('[TRN6] is told the running turn again if it does not know it, with its prompt and hand-over whole', async () => {
    const prompt = 'y'.repeat(3_000);
    const { turnId } = await send(prompt);
    runner.socket.terminate();
    runner = await TestRunner.start(server, launch());
    await soon(() => expect(runner.of('turn.start')).toMatchObject([{ turnId, prompt }]));
    runner.socket.terminate();
    const knows = new TestRunner(server, launch());
    await knows.socket.opened();
    knows.hello({ newestTurn: turnId });
    await knows.welcomed();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(knows.of('turn.start')).toEqual([]);
    runner = knows;
  });

  it('[TRN7] its death ends the turn and what it waited for; the queue stays and goes on after Resume', async () => {
    const { turnId } = await send('one');
    server.judging.judge = () => new Promise(() => undefined);
    const actionId = ask(turnId);
    const { turnId: next } = await send('two');
    await soon(async () => expect((await view()).turns.actions).toHaveLength(1));
    server.host.die(server.host.launches.indexOf(launch()) + 1);
    await soon(async () => expect((await view()).status).toBe('interrupted'));
    expect(await of('action.acted')).toEqual([{ actionId, outcome: 'withdrawn' }]);
    expect(await of('turn.completed')).toMatchObject([{ turnId, status: 'interrupted' }]);
    expect((await view()).turns).toMatchObject({ turn: null, queue: [{ turnId: next }] });
    const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
    await server.services.lifecycle.resume(sessionId, person);
    runner = await TestRunner.start(server, launch());
    await soon(() => expect(runner.of('turn.start')).toMatchObject([{ turnId: next }]));
    runner.state('turn.completed', { turnId, status: 'completed', reason: null, conversation: 'old' });
    end(next);
    await soon(async () => expect(await of('turn.completed')).toHaveLength(2));
    expect((await of('turn.completed')).map((each) => each.turnId)).toEqual([turnId, next]);
  });
});

describe('actions', () => {
  it('[GATE1] are recorded with their verdict in one append, and the verdict is told', async () => {
    const { turnId } = await send('one');
    server.judging.judge = ({ command }) => ({
      ...{ verdict: 'deny', rule: 'rules[1]', reasons: [`no ${command}`], policyHash: 'h', command: null },
    });
    const actionId = ask(turnId, 'rm -rf /');
    await soon(() =>
      expect(runner.of('action.verdict')).toMatchObject([{ actionId, verdict: 'deny', message: 'no rm -rf /' }]),
    );
    const types = (await events()).map(({ type }) => type);
    expect(types.indexOf('action.judged')).toBe(types.indexOf('action.requested') + 1);
  });

  it('[GATE2] a judge that throws or answers garbage denies', async () => {
    const { turnId } = await send('one');
    server.judging.judge = () => {
      throw new Error('broken');
    };
    ask(turnId);
    await soon(() => expect(runner.of('action.verdict')).toHaveLength(1));
    server.judging.judge = () => ({ verdict: 'sure' }) as never;
    ask(turnId);
    await soon(() => expect(runner.of('action.verdict')).toHaveLength(2));
    expect((await of('action.judged')).map(({ verdict, rule }) => [verdict, rule])).toEqual([
      ['deny', 'judge.failed'],
      ['deny', 'judge.invalid'],
    ]);
  });

  it('[GATE3] a question that comes again is told what the log says, whatever a judge would say now', async () => {
    const { turnId } = await send('one');
    server.judging.judge = () => ({ verdict: 'deny', rule: 'r', reasons: ['no'], policyHash: '', command: null });
    const actionId = ask(turnId);
    await soon(() => expect(runner.of('action.verdict')).toHaveLength(1));
    server.judging.judge = recordingJudge;
    ask(turnId, 'ls', actionId);
    await soon(() => expect(runner.of('action.verdict')).toHaveLength(2));
    expect(runner.of('action.verdict').map(({ verdict }) => verdict)).toEqual(['deny', 'deny']);
    expect(await of('action.judged')).toHaveLength(1);
  });

  it('[GATE3] a verdict that a lost link swallowed is told again to whoever still waits, and recorded once', async () => {
    const { turnId } = await send('one');
    let decide: () => void = () => undefined;
    const allow: Judgement = { verdict: 'allow', rule: 'r', reasons: [], policyHash: '', command: null };
    server.judging.judge = () =>
      new Promise((resolve) => {
        decide = () => {
          server.judging.judge = () => allow;
          resolve(allow);
        };
      });
    const actionId = ask(turnId);
    await soon(async () => expect((await view()).turns.actions).toHaveLength(1));
    runner.socket.terminate();
    decide();
    await soon(async () => expect(await of('action.judged')).toHaveLength(1));
    runner = new TestRunner(server, launch());
    await runner.socket.opened();
    runner.hello({ newestTurn: turnId, actions: [actionId] });
    await soon(() => expect(runner.of('action.verdict')).toMatchObject([{ actionId, verdict: 'allow' }]));
    runner.state('action.acted', { actionId, outcome: 'ran' });
    runner.state('action.acted', { actionId, outcome: 'ran' });
    await soon(async () => expect((await view()).turns.actions).toEqual([]));
    end(turnId);
    await soon(async () => expect((await view()).turns.turn).toBeNull());
    expect([(await of('action.judged')).length, (await of('action.acted')).length]).toEqual([1, 1]);
  });
});

describe('hand-over', () => {
  it('[TRN8] an agent is told what others did since its last turn, and the log has it', async () => {
    const one = await send('Write the parser');
    const itemId = newId('item', source);
    const item = {
      itemId,
      turnId: one.turnId,
      kind: 'message',
      parentId: null,
      title: 'message',
      command: null,
      path: null,
    };
    runner.state('item.completed', { ...item, status: 'completed', text: 'The parser is written.', exitCode: null });
    end(one.turnId);
    runner.state('file.changed', { turnId: one.turnId, path: 'parser.ts', change: 'added' });
    await soon(async () => expect(await of('file.changed')).toHaveLength(1));
    const two = await send('Review it', { harness: 'acp:critic' });
    await soon(() => expect(runner.of('turn.start')).toHaveLength(2));
    const told = runner.of('turn.start').at(-1)?.prompt ?? '';
    for (const word of ['Write the parser', 'The parser is written.', 'added parser.ts', 'Review it'])
      expect(told).toContain(word);
    expect((await of('turn.started')).at(-1)).toMatchObject({
      turnId: two.turnId,
      handover: expect.stringContaining('parser.ts'),
    });
    end(two.turnId);
    await send('Go on', { agent: 'critic' });
    await soon(() => expect(runner.of('turn.start')).toHaveLength(3));
    expect(runner.of('turn.start').at(-1)).toMatchObject({ prompt: 'Go on', conversation: 'c1' });
  });
});

describe('text as it is written', () => {
  it('[TRN9] is kept whole while its item is open, begins anew from offset 0, and is dropped with its end', async () => {
    const { turnId } = await send('one');
    const itemId = newId('item', source);
    const say = (offset: number, text: string) =>
      runner.say({ type: 'delta', turnId, itemId, kind: 'message', offset, text });
    const text = () => server.services.texts.get(sessionId, itemId)?.text;
    say(0, 'Hello');
    say(5, ' there');
    say(50, 'lost before it');
    await soon(() => expect(text()).toBe('Hello there'));
    say(0, 'Anew');
    await soon(() => expect(text()).toBe('Anew'));
    const item = { itemId, turnId, kind: 'message', parentId: null, title: 'message', command: null, path: null };
    runner.state('item.completed', { ...item, status: 'completed', text: 'Anew, whole.', exitCode: null });
    await soon(() => expect(text()).toBeUndefined());
  });
});
