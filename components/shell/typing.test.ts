import { expect, it } from 'vitest';
import { isBehind, isLeftOver, typedIn } from './typing.ts';

const field = (isConnected: boolean) => ({ isConnected });

it('[WEB81] keys that follow into a field that is gone are no commands until the writer pauses', () => {
  const typed = typedIn(field(false), 'e', 1_000);
  expect([isLeftOver(typed, 1_080), isLeftOver(typed, 1_999), isLeftOver(typed, 2_000)]).toEqual([true, true, false]);
  expect(isLeftOver(typedIn(field(true), 'e', 1_000), 1_080)).toBe(false);
  expect(isLeftOver(null, 1_080)).toBe(false);
});

it('[WEB81] whoever left the field by a key may go on at once', () => {
  for (const key of ['Enter', 'Escape', 'Tab'])
    expect(isLeftOver(typedIn(field(false), key, 1_000), 1_001)).toBe(false);
});

it('[WEB83] an open dialog has the keys of what stands in it, and of nothing else', () => {
  const dialog = (...held: string[]) => ({ contains: (element: string) => held.includes(element) });
  expect([isBehind([], null), isBehind([], 'card')]).toEqual([false, false]);
  expect([isBehind([dialog('card')], 'card'), isBehind([dialog('card')], null)]).toEqual([false, true]);
  expect(isBehind([dialog('card'), dialog()], 'card')).toBe(true);
});
