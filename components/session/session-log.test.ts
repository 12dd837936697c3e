import { expect, it } from 'vitest';
import { event, person, sessionView, terminalId } from './session.fixture.ts';
import { olderCount, withEvent, withOlder } from './session-log.ts';

const join = (seq: number) => event(seq, 'member.joined', { personId: person.sara, name: 'Sara', role: 'viewer' });
const log = { view: sessionView({ lastSeq: 5 }), events: [join(4), join(5)] };

it('[WEB12] folds each new event once, in order', () => {
  const opened = event(6, 'terminal.opened', { terminalId, name: 'htop', command: ['htop'], cols: 80, rows: 24 });
  const next = withEvent(log, opened);
  expect(next.view).toMatchObject({ status: 'working', lastSeq: 6 });
  expect(next.events.map((each) => each.seq)).toEqual([4, 5, 6]);
  expect(withEvent(next, opened)).toBe(next);
  expect(withEvent(log, join(9))).toBe(log);
});

it('[WEB12] says how many events are older and takes them in without repeating any', () => {
  expect(olderCount(log)).toBe(3);
  const more = withOlder(log, [join(2), join(3), join(4)]);
  expect(more.events.map((each) => each.seq)).toEqual([2, 3, 4, 5]);
  expect(olderCount(more)).toBe(1);
});
