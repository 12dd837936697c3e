import { expect, it } from 'vitest';
import type { SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { person, sessionView } from './session.fixture.ts';
import {
  addPages,
  applyChange,
  emptyBoard,
  groupOf,
  matches,
  movesCounts,
  noFilter,
  withWritten,
} from './session-board.ts';

const view = (letter: string, change: Partial<SessionView> = {}) =>
  sessionView({ id: `ses_${letter.repeat(26)}` as SessionId, name: letter, ...change });
const counts = { needs: 0, working: 0, idle: 2, done: 0 };
const board = addPages(emptyBoard, [
  {
    counts,
    sessions: [view('a', { updatedAt: '2026-11-22T10:00:00Z' }), view('b', { updatedAt: '2026-11-22T12:00:00Z' })],
  },
]);
const names = (views: SessionView[]) => views.map((each) => each.name).join('');

it('[WEB6] orders a group by its newest change, also when changes arrive', () => {
  expect(names(groupOf(board, 'idle'))).toBe('ba');
  const changed = applyChange(board, view('a', { updatedAt: '2026-11-22T13:00:00Z', lastSeq: 6 }));
  expect(names(groupOf(changed, 'idle'))).toBe('ab');
});

it('[WEB6] moves a session between groups and counts it once', () => {
  const lost = view('a', { status: 'unreachable', lastSeq: 9 });
  expect(movesCounts(board, lost)).toBe(true);
  const moved = applyChange(board, lost);
  expect(names(groupOf(moved, 'needs'))).toBe('a');
  expect(moved.counts).toEqual({ needs: 1, working: 0, idle: 1, done: 0 });
  expect(applyChange(moved, lost).counts).toEqual(moved.counts);
});

it('[WEB6] ignores a change older than what it holds, and counts a new session', () => {
  expect(applyChange(board, view('a', { lastSeq: 2, name: 'old' }))).toBe(board);
  expect(applyChange(board, view('c', { status: 'starting', lastSeq: 1 })).counts.working).toBe(1);
});

it('[WEB6] keeps a newer change when its page arrives late', () => {
  const changed = applyChange(board, view('a', { lastSeq: 7, name: 'newer' }));
  expect(addPages(changed, [{ counts, sessions: [view('a', { lastSeq: 5 })] }]).sessions.get(view('a').id)?.name).toBe(
    'newer',
  );
});

it('[WEB7] filters by words, repository and person', () => {
  const session = sessionView();
  expect(matches(session, noFilter)).toBe(true);
  expect(matches(session, { ...noFilter, text: 'RATE payments' })).toBe(true);
  expect(matches(session, { ...noFilter, text: 'rate other' })).toBe(false);
  expect(matches(session, { ...noFilter, source: '/elsewhere' })).toBe(false);
  expect(matches(session, { ...noFilter, personId: person.sara })).toBe(true);
  expect(matches(session, { ...noFilter, personId: 'per_x' })).toBe(false);
});

it('[WEB81] a session whose question is written about stays in its group until that is over', () => {
  const [a, b, c] = [view('a'), view('b'), view('c')];
  const groups = { needs: [b], working: [a, c], idle: [], done: [] };
  expect(withWritten(groups, { id: a.id, group: 'needs' })).toEqual({
    needs: [a, b],
    working: [c],
    idle: [],
    done: [],
  });
  expect(withWritten(groups, { id: b.id, group: 'needs' })).toBe(groups);
  expect(withWritten(groups, null)).toBe(groups);
});
