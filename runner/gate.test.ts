/** The gate with a clock that the test drives. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type ActionFacts, noFacts } from '#protocol/action-facts.ts';
import { newId } from '#protocol/id.ts';
import { Gate } from './gate.ts';

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
    state: (type, payload) => void facts.push({ type, payload }),
    after(ms, task) {
      const alarm = { ms, ring: task };
      alarms.push(alarm);
      return () => void alarms.splice(alarms.indexOf(alarm), 1);
    },
  });
});

const ask = (canEdit = false, signal = new AbortController().signal) =>
  gate.ask(
    {
      ...{ kind: 'command', tool: 'shell', item: null, command: 'ls', paths: [], cwd: '/checkout', canEdit },
      ...{ agent: 'coder', turnId, itemId: null },
    },
    signal,
  );
const judge = (verdict: string, message: string | null = null, command: string | null = null) => {
  const [actionId] = gate.waiting;
  if (!actionId) throw new Error('nothing waits');
  gate.judged({ actionId, verdict, message, command });
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
  const decide = (verdict: string) => {
    const [actionId] = gate.waiting;
    if (!actionId) throw new Error('nothing waits');
    gate.judged({ actionId, verdict, message: null, command: null, approvalId });
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

  it('[APR10] an approved action that would touch something else by now is asked about anew', async () => {
    const answer = ask();
    touched = { ...noFacts, unclear: ['another file lies there now'] };
    decide('allow');
    await expect
      .poll(() => facts.map(({ type }) => type))
      .toEqual([...['action.requested', 'approval.delivered', 'action.acted', 'action.requested']]);
    expect(facts[2]?.payload).toMatchObject({ outcome: 'withdrawn' });
    decide('allow');
    expect(await answer).toEqual({ verdict: 'allow', command: null });
  });
});
