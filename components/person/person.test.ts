import { expect, it } from 'vitest';
import { initials } from './initials.ts';
import { toneOf } from './tone.ts';

it('[WEB2] abbreviates a name to two letters', () => {
  expect(['Mira König', 'Jonas', 'sara.r', 'ops bot two', '', '李'].map(initials)).toEqual([
    'MK',
    'JO',
    'SR',
    'OT',
    '?',
    '李',
  ]);
});

it('[WEB2] gives you the accent and others a colour by join order', () => {
  const members = ['mira', 'jonas', 'sara'];
  expect(toneOf('mira', members, 'mira')).toBe('me');
  expect(toneOf('jonas', members, 'mira')).toBe(1);
  expect(toneOf('sara', members, 'mira')).toBe(2);
  expect(toneOf('mira', members, 'sara')).toBe(1);
  expect(toneOf('stranger', members, 'mira')).toBe(3);
});
