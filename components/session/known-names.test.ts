/** Names of a growing log. */
import { expect, it } from 'vitest';
import { KnownNames } from './known-names.ts';
import { event, person, sessionView, terminalId } from './session.fixture.ts';

const { members } = sessionView();
const ended = (seq: number) => event(seq, 'session.resumed', {});
const opened = (seq: number) =>
  event(seq, 'terminal.opened', { terminalId, name: 'shell', command: null, cols: 80, rows: 24 });

it('stay the same object while nothing is named', () => {
  const known = new KnownNames();
  const first = known.of([ended(4)], members);
  expect(first.people.get(person.mira)).toBe('Mira');
  expect(known.of([ended(4), ended(5)], members)).toBe(first);
});

it('know whom and what newer and older events name, and new members', () => {
  const known = new KnownNames();
  known.of([ended(4)], members);
  const named = known.of([ended(4), opened(5)], members);
  expect(named.terminals.get(terminalId)).toBe('shell');
  expect(known.of([opened(3), ended(4), ended(5)], members).terminals.get(terminalId)).toBe('shell');
  expect(known.of([ended(4), ended(5)], []).people.size).toBe(0);
});
