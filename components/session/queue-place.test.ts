/** Where a moved prompt goes. */
import { expect, it } from 'vitest';
import { newId } from '#protocol/id.ts';
import { placeBefore } from './queue-place.ts';

it('a prompt takes the place it is put at, also the last one', () => {
  let time = 0;
  const ids = { now: () => ++time, random: () => undefined };
  const queue = Array.from({ length: 3 }, () => ({ turnId: newId('turn', ids) }));
  const at = (index: number) => queue[index]?.turnId;
  expect(placeBefore(queue, 0, 1)).toBe(at(2));
  expect(placeBefore(queue, 0, 2)).toBeNull();
  expect(placeBefore(queue, 2, 0)).toBe(at(0));
  expect(placeBefore(queue, 2, 1)).toBe(at(1));
});
