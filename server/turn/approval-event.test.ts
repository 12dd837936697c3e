import { expect, it } from 'vitest';
import { noFacts } from '#protocol/action-facts.ts';
import type { EventPayload } from '#protocol/event.ts';
import { newId } from '#protocol/id.ts';
import { approvalRequested } from './approval-event.ts';

const ids = { now: () => 1_000, random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
const [sessionId, approvalId, actionId] = [newId('session', ids), newId('approval', ids), newId('action', ids)];
const judgement = { verdict: 'ask' as const, rule: 'rules[0]', reasons: [], policyHash: 'p', command: null };

type Action = EventPayload<'action.requested'>;

function asked(more: Partial<Action> = {}) {
  const action: Action = {
    ...{ actionId, turnId: null, agent: 'coder', itemId: null, kind: 'write', tool: 'Write' },
    ...{ command: null, paths: ['a'], cwd: '/checkout', env: ['PATH'], facts: noFacts, ...more },
  };
  const { hash, subject } = approvalRequested(sessionId, approvalId, action, judgement)
    .payload as EventPayload<'approval.requested'>;
  return { hash, subject };
}

const input = (digit: string) => ({ digest: digit.repeat(64), text: '', left: 0 });

it('[APR25] a question has another hash, and covers something else, when its tool is given something else', () => {
  const [one, again, two] = ['1', '1', '2'].map((digit) => asked({ input: input(digit) }));
  expect(one).toEqual(again);
  expect([two?.hash === one?.hash, two?.subject === one?.subject]).toEqual([false, false]);
  expect(asked().subject).not.toBe(one?.subject);
});

it('[APR25] a question has another hash when its agent finds other variables', () => {
  const [one, other] = [asked(), asked({ env: ['PATH', 'TOKEN'] })];
  expect([other.hash === one.hash, other.subject === one.subject]).toEqual([false, true]);
});

it('[APR25] a command is itself, whatever its agent says beside it', () => {
  const [one, other] = ['1', '2'].map((digit) => asked({ command: 'ls', input: input(digit) }));
  expect([other?.hash === one?.hash, other?.subject === one?.subject]).toEqual([false, true]);
});
