import { expect, it } from 'vitest';
import { event, person, sessionView, terminalId } from './session.fixture.ts';
import { liveLog, olderCount, received, withEvent, withOlder } from './session-log.ts';

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

it('[WEB12] goes on from its first load however often the session is read, and begins anew when an event is missing', () => {
  const held = received(liveLog(null, log), join(6));
  expect(held).toMatchObject({ after: 5, strayAt: null, view: { lastSeq: 6 } });
  const read = { view: sessionView({ lastSeq: 8 }), events: [join(7), join(8)] };
  expect(liveLog(held, read)).toBe(held);
  expect(received(held, join(6))).toBe(held);

  const torn = received(held, join(8));
  expect(torn).toMatchObject({ after: 5, strayAt: 8, view: { lastSeq: 6 } });
  expect(received(torn, join(9))).toMatchObject({ strayAt: 9 });
  expect(received(liveLog(torn, read), join(9))).toMatchObject({ after: 8, strayAt: null, view: { lastSeq: 9 } });
});
