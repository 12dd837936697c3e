import { expect, it } from 'vitest';
import { heldAfter, stepTo } from './shown-state.ts';

it('[WEB80] what arrives takes no place: what is shown stays while it waits, and in the inbox whatever becomes of it', () => {
  const first = heldAfter(null, ['apr_a', 'apr_b'], true);
  expect(first).toEqual({ id: 'apr_a', isOwn: false });
  expect(heldAfter(first, ['apr_riskier', 'apr_a'], true)).toBe(first);
  expect(heldAfter(first, ['apr_riskier'], true)).toBe(first);
  expect(heldAfter(first, [], true)).toBe(first);
});

it('[WEB80] in a card the next comes when the first waits no more, as one that came by itself', () => {
  const first = { id: 'apr_a', isOwn: false };
  expect(heldAfter(first, ['apr_b', 'apr_a'], false)).toBe(first);
  expect(heldAfter(first, ['apr_b'], false)).toEqual({ id: 'apr_b', isOwn: false });
  expect(heldAfter(first, [], false)).toBeNull();
});

it('[WEB81] one that is written about stays when it waits no more', () => {
  const first = { id: 'apr_a', isOwn: false };
  expect(heldAfter(first, ['apr_b'], true)).toBe(first);
});

it('[WEB80] a step leads to the neighbour, and from what was just decided to what took its place', () => {
  const [waiting, decided] = [
    ['a', 'b', 'c'],
    ['x', 'y'],
  ];
  const from = (id: string, place: number | null, by: 1 | -1) => stepTo({ waiting, decided, id, place }, by);
  expect([from('a', 0, 1), from('b', 1, -1), from('a', 0, -1), from('c', 2, 1)]).toEqual(['b', 'a', 'a', 'x']);
  expect([from('x', 1, 1), from('x', 1, -1), from('x', 9, 1)]).toEqual(['b', 'a', 'c']);
  expect([from('x', null, 1), from('x', null, -1), from('', null, 1)]).toEqual(['y', 'c', 'a']);
  expect(stepTo({ waiting: [], decided: [], id: '', place: null }, 1)).toBeUndefined();
});
