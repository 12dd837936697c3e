/** Rows become facts; old versions are raised, unknown ones refused by name. */
import { expect, it } from 'vitest';
import { type EventRow, toEvent } from './stored-event.ts';

const row = (change: Partial<EventRow> = {}): EventRow => ({
  session_id: 'ses_a',
  seq: 7,
  type: 'runner.lost',
  version: 1,
  at: new Date(0),
  principal: 'server',
  payload: { epoch: 1, reason: 'gone' },
  ...change,
});

it('[LOG16] a stored row is the fact that was appended', () => {
  expect(toEvent(row())).toEqual({
    sessionId: 'ses_a',
    seq: 7,
    type: 'runner.lost',
    version: 1,
    at: '1970-01-01T00:00:00.000Z',
    principal: 'server',
    payload: { epoch: 1, reason: 'gone' },
  });
});

it('[LOG16] an older version is raised step by step to the current shape', () => {
  const upcasts = {
    'runner.lost': [
      (old: unknown) => ({ why: (old as { text: string }).text, epoch: 4 }),
      (old: unknown) => ({ reason: (old as { why: string }).why, epoch: (old as { epoch: number }).epoch }),
    ],
  };
  const current = () => 3;
  const first = toEvent(row({ payload: { text: 'gone' } }), upcasts, current);
  expect(first).toMatchObject({ version: 3, payload: { reason: 'gone', epoch: 4 } });
  const second = toEvent(row({ version: 2, payload: { why: 'gone', epoch: 5 } }), upcasts, current);
  expect(second).toMatchObject({ version: 3, payload: { reason: 'gone', epoch: 5 } });
  const third = toEvent(row({ version: 3 }), upcasts, current);
  expect(third).toMatchObject({ version: 3, payload: { reason: 'gone', epoch: 1 } });
});

it('[LOG16] a row from a newer server is refused, naming it', () => {
  expect(() => toEvent(row({ version: 2 }))).toThrowError(/ses_a\/7 \(runner\.lost version 2\).*newer/);
  expect(() => toEvent(row({ type: 'moon.landed' }))).toThrowError(/ses_a\/7 \(moon\.landed version 1\).*newer/);
});

it('[LOG16] a payload that does not fit is refused, naming the row', () => {
  expect(() => toEvent(row({ payload: { epoch: 0 } }))).toThrowError(/ses_a\/7 .* cannot be read/);
});
