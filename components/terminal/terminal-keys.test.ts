import { expect, it } from 'vitest';
import { isReport, type TerminalKey, terminalCommand, withControl } from './terminal-keys.ts';

const press = (code: string, held: Partial<TerminalKey> = {}): TerminalKey => ({
  type: 'keydown',
  key: code,
  code,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});
const driver = { isMac: false, drives: true, hasSelection: true };
const watcher = { ...driver, drives: false };
const chord = { ctrlKey: true, shiftKey: true };

it('[WEB28] leaves the terminal, finds, copies and pastes by Ctrl+Shift, driving or not', () => {
  for (const context of [driver, watcher, { ...driver, isMac: true }]) {
    expect(['KeyL', 'KeyF', 'KeyC', 'KeyV'].map((code) => terminalCommand(press(code, chord), context))).toEqual([
      'leave',
      'find',
      'copy',
      'paste',
    ]);
  }
});

it('[WEB28] gives the driver’s other keys to the program', () => {
  const keys = [
    press('KeyF', { ctrlKey: true }),
    press('KeyC', { ctrlKey: true }),
    press('KeyK', { ctrlKey: true }),
    press('KeyT', { altKey: true }),
    press('Escape'),
    press('Tab'),
    press('Slash'),
  ];
  expect(keys.map((key) => terminalCommand(key, driver))).toEqual(keys.map(() => null));
});

it('[WEB28] frees keys of a watcher for the page', () => {
  expect(terminalCommand(press('KeyT', { altKey: true }), watcher)).toBe('take');
  expect(terminalCommand(press('KeyR', { altKey: true }), watcher)).toBe('request');
  expect(terminalCommand(press('KeyF', { ctrlKey: true }), watcher)).toBe('find');
  expect(terminalCommand(press('KeyC', { ctrlKey: true }), watcher)).toBe('copy');
});

it('[WEB28] takes ⌘F and ⌘K on a Mac', () => {
  const mac = { ...driver, isMac: true };
  expect(terminalCommand(press('KeyF', { metaKey: true }), mac)).toBe('find');
  expect(terminalCommand(press('KeyK', { metaKey: true }), mac)).toBe('palette');
});

it('[WEB29] tells reports of focus and mouse from typed text', () => {
  expect(['\x1b[I', '\x1b[O', '\x1b[<0;10;5M', '\x1b[<35;1;1m', '\x1b[M !!'].every(isReport)).toBe(true);
  expect(['\x1b[A', 'I', '\x1b', '\x1b[200~\x1b[I\x1b[201~'].some(isReport)).toBe(false);
});

it('[WEB33] holds Control for the next key of a phone', () => {
  expect(['c', 'C', '[', 'ab', '1', '\x1b[A'].map(withControl)).toEqual(['\x03', '\x03', '\x1b', 'ab', '1', '\x1b[A']);
});
