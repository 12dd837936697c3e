import { expect, it } from 'vitest';
import { sessionView } from '#components/session/session.fixture.ts';
import { noTurns } from '#protocol/turn-view.ts';
import { WaitingWatch } from './waiting-watch.ts';

const asking = (...ids: string[]) => {
  const actions = ids.map((approvalId) => ({ approval: { approvalId, decided: null } }));
  return sessionView({ turns: { ...noTurns, actions: actions as never } });
};

it('[NTF13] what is asked in a session that changes is told once, what was there before is not, and what is over is taken back', () => {
  const { id } = sessionView();
  const watch = new WaitingWatch();
  expect(watch.session(asking('apr_0'))).toEqual({ fresh: [], over: [] });
  const others = Array.from({ length: 1_000 }, (_, n) => ({ id: `apr_other_${n}`, sessionId: 'ses_other' }));
  expect(watch.all([...others, { id: 'apr_1', sessionId: id }])).toEqual({ fresh: [], over: [] });
  expect(watch.session(asking('apr_1', 'apr_2'))).toEqual({ fresh: ['apr_2'], over: [] });
  expect(watch.session(asking('apr_1', 'apr_2'))).toEqual({ fresh: [], over: [] });
  expect(watch.session(asking('apr_2'))).toEqual({ fresh: [], over: ['apr_1'] });
  // What changed while nothing was heard is told by the next whole look.
  expect(watch.all([{ id: 'apr_3', sessionId: id }]).fresh).toEqual(['apr_3']);
});
