import { expect, it } from 'vitest';
import { peopleOf } from './people.ts';
import { now, person, sessionView, terminalView } from './session.fixture.ts';

const since = new Date(now).toISOString();

it('[WEB2] lists people who are here before those who are away, and marks the driver', () => {
  const view = sessionView({ terminals: [terminalView({ driver: person.jonas, drivenSince: since })] });
  const present = [{ personId: person.jonas, name: 'Jonas', role: 'editor' as const, place: '', since }];
  expect(peopleOf(view, present)).toEqual([
    { id: person.jonas, name: 'Jonas', isDriver: true },
    { id: person.mira, name: 'Mira', isAway: true, isDriver: false },
    { id: person.sara, name: 'Sara', isAway: true, isDriver: false },
  ]);
});
