/** The gate with a clock that the test drives. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { parsePayload } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { Gate } from './gate.ts';
import type { ProposedAction } from './harness/harness.ts';
import { toolInput } from './harness/tool-input.ts';
import { refusalOf } from './refused-fact.ts';

const ids = { now: () => 1_000, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const holdMs = 10 * 60 * 1000;
const turnId = newId('turn', ids);

let facts: { type: string; payload: Record<string, unknown> }[];
let alarms: { ms: number; ring: () => void }[];
let gate: Gate;
/** Allowed actions may happen once it resolves. */
let mayAct: Promise<void>;
/** What the action would touch now. */
let touched: ActionFacts;

beforeEach(() => {
  facts = [];
  alarms = [];
  mayAct = Promise.resolve();
  touched = noFacts;
  gate = new Gate({
    ...{ ids, holdMs, mayAct: () => mayAct, factsOf: () => touched },
    state(type, payload) {
      try {
        parsePayload(type, payload);
        facts.push({ type, payload });
        return null;
      } catch (cause) {
        return refusalOf(cause);
      }
    },
    after(ms, task) {
      const alarm = { ms, ring: task };
      alarms.push(alarm);
      return () => void alarms.splice(alarms.indexOf(alarm), 1);
    },
  });
});

const ask = (canEdit = false, signal = new AbortController().signal, more: Partial<ProposedAction> = {}) =>
  gate.ask(
    {
      ...{ kind: 'command', tool: 'shell', item: null, command: 'ls', paths: [], cwd: '/checkout', canEdit },
      ...{ agent: 'coder', turnId, itemId: null, env: ['PATH'], input: toolInput({ command: 'ls' }, ''), ...more },
    },
    signal,
  );
const judge = (verdict: string, message: string | null = null, command: string | null = null) => {
  const [actionId] = gate.waiting;
  if (!actionId) throw new Error('nothing waits');
  gate.judged({ actionId, verdict, message, command });
};
/** The server looks at a command that may run in the place of what waits. */
const examine = (command: string) => {
  for (const actionId of gate.waiting) gate.examined(actionId, command, touched);
};
const outcomes = () => facts.filter(({ type }) => type === 'action.acted').map(({ payload }) => payload.outcome);

describe('the gate', () => {
  it('[GATE4] states an action before it waits, and lets it through only on a plain allow', async () => {
    const answer = ask();
    expect(facts).toMatchObject([{ type: 'action.requested', payload: { command: 'ls', turnId } }]);
    judge('allow');
    expect(await answer).toEqual({ verdict: 'allow', command: null });
    expect([outcomes(), gate.waiting]).toEqual([['ran'], []]);
  });

  it('[TRN14] what is allowed waits until it may happen, and can be withdrawn until then', async () => {
    let read = (): void => undefined;
    mayAct = new Promise((resolve) => {
      read = resolve;
    });
    const turn = new AbortController();
    const [patient, withdrawn] = [ask(), ask(false, turn.signal)];
    for (const actionId of gate.waiting) gate.judged({ actionId, verdict: 'allow', message: null, command: null });
    expect(outcomes()).toEqual([]);
    turn.abort();
    expect(await withdrawn).toMatchObject({ verdict: 'deny' });
    read();
    expect(await patient).toEqual({ verdict: 'allow', command: null });
    expect(outcomes()).toEqual(['withdrawn', 'ran']);
  });

  it.each(['deny', 'ask', 'ALLOW', '', 'garbage'])('[GATE4] %j denies', async (word) => {
    const answer = ask();
    judge(word, 'because');
    expect(await answer).toEqual({ verdict: 'deny', message: 'because' });
    expect(outcomes()).toEqual(['blocked']);
  });

  it('[GATE5] a changed command runs where the harness can do that; elsewhere the agent is told what to run', async () => {
    const able = ask(true);
    examine('ls -la');
    judge('allow', null, 'ls -la');
    expect(await able).toEqual({ verdict: 'allow', command: 'ls -la' });
    const unable = ask(false);
    judge('allow', null, 'ls -la');
    expect(await unable).toMatchObject({ verdict: 'deny', message: expect.stringContaining('ls -la') });
  });

  it('[GATE6] an action without a verdict is held for ten minutes and then denied', async () => {
    const answer = ask();
    expect(alarms.map(({ ms }) => ms)).toEqual([holdMs]);
    alarms[0]?.ring();
    expect(await answer).toMatchObject({ verdict: 'deny', message: expect.stringContaining('10 minutes') });
    expect(outcomes()).toEqual(['blocked']);
  });

  it.each<[Partial<ProposedAction>, string]>([
    [{ command: 'x'.repeat(32_769) }, 'the command is longer than 32,768 characters: write it to a file first'],
    [{ command: '\ud800' }, 'the command holds what cannot be recorded'],
    [{ paths: ['x'.repeat(5_000)] }, 'one of the paths is longer than 4,096 characters: use a shorter one'],
    [{ paths: Array(1_001).fill('x') }, 'the list of paths is longer than 1,000: do it in smaller steps'],
    [{ cwd: 'x'.repeat(5_000) }, 'the folder is longer than 4,096 characters: use a shorter one'],
  ])(
    '[GATE10] what the log does not take is denied at once with what to do, and nothing waits',
    async (more, message) => {
      expect(await ask(false, undefined, more)).toEqual({ verdict: 'deny', message });
      expect([facts, gate.waiting, alarms]).toEqual([[], [], []]);
    },
  );

  it('[GATE10] the long name of a tool is cut', () => {
    void ask(false, undefined, { tool: `run ${'x'.repeat(194)}\u{1f600}, and more` });
    expect(facts).toMatchObject([{ payload: { tool: `run ${'x'.repeat(194)}\u{1f600}` } }]);
    void ask(false, undefined, { tool: `run ${'x'.repeat(195)}\u{1f600}` });
    expect(facts).toHaveLength(2);
  });

  it('[GATE7] an interrupted turn withdraws what it waits for, and a late verdict changes nothing', async () => {
    const turn = new AbortController();
    const answer = ask(false, turn.signal);
    const [actionId] = gate.waiting;
    turn.abort();
    expect(await answer).toMatchObject({ verdict: 'deny' });
    if (actionId) gate.judged({ actionId, verdict: 'allow', message: null, command: null });
    expect(outcomes()).toEqual(['withdrawn']);
  });
});

describe('decisions of people', () => {
  const approvalId = 'apr_00000000000000000000000000';
  const decide = (verdict: string, command: string | null = null) => {
    const [actionId] = gate.waiting;
    if (!actionId) throw new Error('nothing waits');
    gate.judged({ actionId, verdict, message: null, command, approvalId });
  };

  it('[APR2] the runner says that it has a decision before it acts on it', async () => {
    const answer = ask();
    decide('allow');
    expect(await answer).toEqual({ verdict: 'allow', command: null });
    expect(facts.map(({ type }) => type)).toEqual(['action.requested', 'approval.delivered', 'action.acted']);
  });

  it('[APR31] what other rules are in force for is asked about anew, even where it was allowed and may not happen yet', async () => {
    mayAct = new Promise(() => undefined);
    const answer = ask();
    judge('allow');
    judge('again');
    await expect.poll(() => facts.map(({ type }) => type).at(-1)).toBe('action.requested');
    expect(facts.map(({ type, payload }) => payload.outcome ?? type)).toEqual([
      'action.requested',
      'withdrawn',
      'action.requested',
    ]);
    gate.judged({ actionId: facts[0]?.payload.actionId as never, verdict: 'allow', message: null, command: null });
    judge('deny', 'not any more');
    expect(await answer).toEqual({ verdict: 'deny', message: 'not any more' });
  });

  const types = () => facts.map(({ type }) => type);
  const elsewhere = { ...noFacts, unclear: ['another file lies there now'] };
  /** It was delivered, is over, and was asked about anew. */
  const anew = ['action.requested', 'approval.delivered', 'action.acted', 'action.requested'];

  it('[APR10] an approved action that would touch something else by now is asked about anew', async () => {
    const answer = ask();
    touched = elsewhere;
    decide('allow');
    await expect.poll(types).toEqual(anew);
    expect(facts[2]?.payload).toMatchObject({ outcome: 'withdrawn' });
    decide('allow');
    expect(await answer).toEqual({ verdict: 'allow', command: null });
  });

  it('[APR10] what the rules allowed, and what changed while it stood still, is judged anew', async () => {
    let go = (): void => undefined;
    mayAct = new Promise((resolve) => {
      go = resolve;
    });
    const answer = ask();
    judge('allow');
    touched = elsewhere;
    go();
    await expect.poll(types).toEqual(['action.requested', 'action.acted', 'action.requested']);
    judge('deny', 'not any more');
    expect(await answer).toEqual({ verdict: 'deny', message: 'not any more' });
  });

  it.each([
    ['was not looked at', () => undefined],
    [
      'would touch something else by now',
      () => {
        examine('ls -la');
        touched = elsewhere;
      },
    ],
    [
      'was looked at twice with different findings',
      () => {
        examine('ls -la');
        touched = elsewhere;
        examine('ls -la');
      },
    ],
  ])('[APR10] an edited command that %s is asked about as it is, and runs if that is allowed', async (_, happen) => {
    const answer = ask(true);
    happen();
    decide('allow', 'ls -la');
    await expect.poll(types).toEqual(anew);
    expect(facts[3]?.payload).toMatchObject({ command: 'ls -la' });
    decide('allow');
    expect(await answer).toEqual({ verdict: 'allow', command: 'ls -la' });
  });
});
