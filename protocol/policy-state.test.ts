/** What rules may ask of a session, folded from what its agents did. */
import { expect, it } from 'vitest';
import type { SessionEvent } from './event.ts';
import { actionKey, foldPolicyState, noPolicyState, type PolicyState, usesOf } from './policy-state.ts';

const session = { checkout: '/checkout', byOf: () => '' };
const requested = (payload: object): SessionEvent =>
  ({
    ...{ type: 'action.requested', at: '2026-03-02T12:00:00Z' },
    payload: { agent: 'coder', command: null, paths: [], cwd: '/checkout', ...payload },
  }) as unknown as SessionEvent;
const after = (payloads: readonly object[]): PolicyState =>
  payloads.reduce<PolicyState>((state, payload) => foldPolicyState(state, requested(payload), session), noPolicyState);
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

it('[RUL12] no number of further tools begins the count of one anew', () => {
  const writes = times(50, () => ({ tool: 'Write' }));
  const state = after([...writes, ...times(1_000, (n) => ({ tool: `tool ${n}` }))]);
  expect(usesOf(state, 'coder', (tool) => tool === 'Write')).toBeGreaterThanOrEqual(50);
  expect(Object.keys(state.uses).length).toBeLessThan(400);
  const late = after([...times(1_000, (n) => ({ tool: `tool ${n}` })), ...writes]);
  expect(usesOf(late, 'coder', (tool) => tool === 'Write')).toBeGreaterThanOrEqual(50);
});

it('[RUL12] uses are those of one agent, whatever it titles them', () => {
  const state = after([
    ...times(3, (n) => ({ tool: `write the ${n}th file`, toolKind: 'edit' })),
    { tool: 'edit', agent: 'coder-two' },
  ]);
  expect(usesOf(state, 'coder', (tool) => tool === 'edit')).toBe(3);
});

it('[RUL13] the same action is the same tool given the same', () => {
  const edit = { tool: 'Edit', command: null, paths: ['a.ts'], cwd: '/checkout' };
  const given = (digest: string, more: object = {}) => actionKey({ ...edit, ...more, input: { digest } });
  expect(given('a')).toBe(given('a'));
  expect(given('a')).not.toBe(given('b'));
  expect(given('a', { command: 'ls' })).toBe(given('b', { command: 'ls' }));
  const titled = after(times(2, (n) => ({ tool: `attempt ${n}`, toolKind: 'fetch', input: { digest: 'a' } })));
  const [one, other] = titled.recent;
  expect(one?.[0]).toBe(other?.[0]);
});
