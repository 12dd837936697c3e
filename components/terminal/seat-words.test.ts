import { expect, it } from 'vitest';
import type { PersonId, TerminalId } from '#protocol/id.ts';
import { silenceOf, watcherWords, wheelOf } from './seat-words.ts';
import type { Seat } from './terminal-socket.ts';

const person = (name: string) => ({ personId: `per_${name}` as PersonId, name });
const [mira, jonas, sara] = [person('Mira'), person('Jonas'), person('Sara')];
const since = '2026-11-22T14:00:00.000Z';

const seat = (change: Partial<Seat> = {}): Seat => ({
  type: 'state',
  terminalId: 'trm_1' as TerminalId,
  you: { ...mira, role: 'owner' },
  driver: { ...jonas, since },
  watchers: [mira, sara],
  requests: [],
  isLive: true,
  closed: null,
  cols: 80,
  rows: 24,
  ...change,
});

it('[WEB31] says who drives and who only watches', () => {
  expect(wheelOf(seat())).toEqual({ kind: 'other', ...jonas, since });
  expect(watcherWords(seat())).toBe('You and Sara watch, read-only');
  expect(watcherWords(seat({ watchers: [mira] }))).toBe('You watch, read-only');
  const mine = seat({ driver: { ...mira, since }, watchers: [sara] });
  expect(wheelOf(mine)).toEqual({ kind: 'you', since });
  expect(watcherWords(mine)).toBe('Sara watches');
  expect(watcherWords(seat({ driver: { ...mira, since }, watchers: [sara, jonas] }))).toBe('Sara and Jonas watch');
});

it('[WEB31] asks nobody for permission where nobody drives', () => {
  const free = seat({ driver: null, watchers: [mira] });
  expect(wheelOf(free)).toEqual({ kind: 'nobody' });
  expect(watcherWords(free)).toBe('');
});

it('[WEB24] says why keys would not arrive', () => {
  const base = { refusal: null, hasScreen: true, seat: seat() };
  expect(silenceOf({ ...base, link: { kind: 'open', since: 1 } })).toBeNull();
  expect(silenceOf({ ...base, seat: seat({ isLive: false }), link: { kind: 'open', since: 1 } })).toContain(
    'last known',
  );
  expect(silenceOf({ ...base, link: { kind: 'connecting', attempt: 1, lostAt: 5 } })).toContain('keys are not sent');
  expect(
    silenceOf({ ...base, link: { kind: 'waiting', attempt: 1, lostAt: 5, retryAt: 9, why: 'Database away' } }),
  ).toBe('Database away, keys are not sent');
});
