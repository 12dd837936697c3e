import { expect, it } from 'vitest';
import { capsOf, commandFor, type Key, shortcuts } from './shortcut.ts';

const press = (key: string, held: Partial<Key> = {}): Key => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

it('[WEB8] maps keys to commands by page', () => {
  expect(commandFor(press('j'), 'list')).toBe('row.next');
  expect(commandFor(press('ArrowUp'), 'list')).toBe('row.previous');
  expect(commandFor(press('j'), 'session')).toBeNull();
  expect(commandFor(press('?'), 'session')).toBe('help');
  expect(commandFor(press('n'), 'list')).toBe('session.new');
});

it('[WEB8] takes Command or Control for the palette and leaves other chords to the browser', () => {
  expect(commandFor(press('k', { metaKey: true }), 'list')).toBe('palette');
  expect(commandFor(press('k', { ctrlKey: true }), 'session')).toBe('palette');
  expect(commandFor(press('n', { ctrlKey: true }), 'list')).toBeNull();
  expect(commandFor(press('w', { metaKey: true }), 'list')).toBeNull();
});

it('[WEB8] finds Alt keys by their place, whatever character they make', () => {
  expect(commandFor(press('†', { altKey: true, code: 'KeyT' }), 'session')).toBe('driver.take');
  expect(commandFor(press('t', { altKey: false, code: 'KeyT' }), 'session')).toBe('terminal.focus');
});

it('[WEB8] has one key for each command of a page', () => {
  for (const scope of ['list', 'inbox', 'session'] as const) {
    const used = shortcuts
      .filter((each) => each.scope === scope || each.scope === 'everywhere')
      .flatMap((each) => each.keys.map((key) => `${each.modifier ?? ''} ${key}`));
    expect(new Set(used).size).toBe(used.length);
  }
});

it('[WEB8] names keys as the keyboard at hand does', () => {
  expect(capsOf('palette', true)).toEqual(['⌘K']);
  expect(capsOf('driver.take', false)).toEqual(['Alt T']);
});
