/** Who a draft is for. */
import { expect, it } from 'vitest';
import { addressed, anotherName, mentionAt, usualAgent } from './draft.ts';

const agents = ['coder', 'reviewer'].map((name) => ({
  name,
  harness: 'acp:example',
  model: null,
  conversation: null,
  turns: 0,
}));

it('a draft that begins with an agent of the session is for that one', () => {
  expect(addressed('@reviewer look at it', agents)).toEqual({ agent: 'reviewer', prompt: 'look at it' });
  expect(addressed('@nobody look', agents)).toEqual({ agent: null, prompt: '@nobody look' });
  expect(addressed('mail me@coder.example', agents)).toEqual({ agent: null, prompt: 'mail me@coder.example' });
});

it('names are offered while one is typed at the beginning', () => {
  expect(mentionAt('@re', 3)).toBe('re');
  expect(mentionAt('@', 1)).toBe('');
  expect(mentionAt('@re x', 5)).toBeNull();
  expect(mentionAt('see @re', 7)).toBeNull();
});

it('without a name it is for whoever was asked last', () => {
  const turns = { agents, queue: [], turn: null, lastTurn: { agent: 'reviewer' } };
  expect(usualAgent(turns)).toBe('reviewer');
  expect(usualAgent({ ...turns, lastTurn: null })).toBe('coder');
  expect(usualAgent({ agents: [], queue: [], turn: null, lastTurn: null })).toBeNull();
});

it('one more agent of a family that is there already gets a name of its own', () => {
  const known = [
    { name: 'claude', harness: 'claude-sdk' },
    { name: 'claude-2', harness: 'claude' },
  ];
  expect(anotherName(known, ['claude', 'claude-sdk'])).toBe('claude-3');
  expect(anotherName(known, ['acp:example'])).toBeUndefined();
});
