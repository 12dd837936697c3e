import { describe, expect, it } from 'vitest';
import {
  asSentence,
  capitalise,
  formatAge,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatElapsed,
  formatList,
  formatNoun,
} from './format.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('format', () => {
  it('[WEB1] writes ages in one unit, two from an hour on, and never below zero', () => {
    expect([-5_000, 400, 14_900, 26 * minute, 2 * hour + 31 * minute, 7 * hour + 2 * minute].map(formatAge)).toEqual([
      'now',
      'now',
      '14 s',
      '26 min',
      '2 h 31',
      '7 h 02',
    ]);
    expect(formatAge(9 * hour)).toBe('9 h');
    expect(formatAge(80 * hour)).toBe('3 d');
  });

  it('[WEB1] writes durations finer while they are short', () => {
    expect([-3, 412, 14_000, 108_000, 120_000, 26 * minute].map(formatDuration)).toEqual([
      '0.0 s',
      '0.4 s',
      '14 s',
      '1 min 48 s',
      '2 min',
      '26 min',
    ]);
  });

  it('[WEB1] shows the clock within a day and the date after it', () => {
    const at = new Date(2026, 10, 18, 14, 31).toISOString();
    expect(formatClock(at, Date.parse(at) + hour)).toBe('14:31');
    expect(formatClock(at, Date.parse(at) + 25 * hour)).toBe('18 Nov');
  });

  it('[WEB1] groups thousands, names units and joins lists', () => {
    expect(formatCount(48_210)).toBe('48,210');
    expect(formatCount(999)).toBe('999');
    expect([812, 38_400, 1_200_000].map(formatBytes)).toEqual(['812 B', '38.4 kB', '1.2 MB']);
    expect([formatNoun(1, 'shell'), formatNoun(3, 'shell'), formatNoun(2, 'person', 'people')]).toEqual([
      '1 shell',
      '3 shells',
      '2 people',
    ]);
    expect([formatList([]), formatList(['Sara']), formatList(['Sara', 'Jonas', 'Mira'])]).toEqual([
      '',
      'Sara',
      'Sara, Jonas and Mira',
    ]);
  });

  it('[WEB1] writes another’s words as a title or a sentence', () => {
    expect([capitalise('no such terminal'), asSentence('no such terminal'), asSentence('Done.')]).toEqual([
      'No such terminal',
      'No such terminal.',
      'Done.',
    ]);
  });
});

it('[WEB1] what goes on is told in whole seconds', () => {
  expect([-3, 0, 412, 999, 1_400, 108_900].map(formatElapsed)).toEqual([
    '0 s',
    '0 s',
    '0 s',
    '0 s',
    '1 s',
    '1 min 48 s',
  ]);
});
