/** The inbox as decisions and changes of sessions arrive. */
import { expect, it } from 'vitest';
import type { Approval, ApprovalLists } from '#components/api/api.ts';
import { sessionView } from '#components/session/session.fixture.ts';
import type { OpenAction } from '#protocol/action-view.ts';
import { approvalDetail } from './approval.fixture.ts';
import { byRisk } from './approval-facts.ts';
import { isOutdated, isStale, withDecided, withSession } from './inbox-state.ts';

const view = sessionView({ status: 'waiting' });
const row = (id: string, more: Partial<Approval> = {}) =>
  ({
    id,
    sessionId: view.id,
    requestedAt: `2026-11-25T10:00:0${id}`,
    effect: 'write',
    outside: null,
    command: 'ls',
    ...more,
  }) as Approval;
const lists = (pending: Approval[], decided: Approval[] = []): ApprovalLists => ({ pending, decided });
const asking = (...ids: string[]) => {
  const actions = ids.map((approvalId) => ({ actionId: approvalId, approval: { approvalId, decided: null } }));
  return { ...view, turns: { ...view.turns, actions: actions as unknown as OpenAction[] } };
};

it('[WEB50] a session is read again only when it asks something else than is shown', () => {
  const shown = lists([row('1'), row('2'), row('3', { sessionId: 'ses_other' as never })]);
  expect(isStale(shown, asking('2', '1'))).toBe(false);
  expect(isStale(shown, asking('1'))).toBe(true);
  expect(isStale(shown, asking('1', '4'))).toBe(true);
  expect(isStale(shown, { ...asking('1', '2'), status: 'ended' })).toBe(true);
});

it('[WEB50] the part of a session replaces only its own, and a decision is shown at once', () => {
  const other = row('3', { sessionId: 'ses_other' as never });
  const next = withSession(lists([row('1'), row('2'), other]), view.id, lists([row('2')], [row('1')]));
  expect([next.pending.map(({ id }) => id), next.decided.map(({ id }) => id)]).toEqual([['3', '2'], ['1']]);
  const decided = withDecided(next, row('2', { status: 'denied' }), 1);
  expect([decided.pending.map(({ id }) => id), decided.decided]).toEqual([['3'], [row('2', { status: 'denied' })]]);
});

it('[WEB50] the riskiest come first, then those that wait longest', () => {
  const rows = [
    row('4'),
    row('2', { effect: 'network' }),
    row('1'),
    row('3', { outside: 'changes' }),
    row('5', { command: 'a\u202eb' }),
  ];
  expect(byRisk(rows).map(({ id }) => id)).toEqual(['3', '5', '2', '1', '4']);
});

it('[WEB82] a shown question is read again when its session tells other votes, approvers, alarms or an end of it', () => {
  const detail = (more: Parameters<typeof approvalDetail>[0] = {}) => approvalDetail({ sessionId: view.id, ...more });
  const { id } = detail();
  const now = (approval: object | null, unknown: object[] = []) => {
    const actions =
      approval === null ? [] : [{ actionId: 'act_1', approval: { approvalId: id, decided: null, ...approval } }];
    return { ...view, turns: { ...view.turns, actions, unknown } as unknown as typeof view.turns };
  };
  expect(isOutdated(detail(), now({}))).toBe(false);
  expect(isOutdated(detail(), now({ votes: ['per_1'] }))).toBe(true);
  expect(isOutdated(detail({ votes: ['Mira'] }), now({ votes: ['per_1'] }))).toBe(false);
  expect(isOutdated(detail(), now({ escalatedTo: ['Sara'] }))).toBe(true);
  expect(isOutdated(detail(), now({ decided: { decision: 'denied', by: 'per_1' } }))).toBe(true);
  expect(isOutdated(detail(), now(null))).toBe(true);
  expect(isOutdated(detail({ sessionId: 'ses_other' as never }), now(null))).toBe(false);
  const decided = { decision: 'approved', by: 'per_1' };
  expect(isOutdated(detail({ status: 'approved' }), now({ decided }))).toBe(false);
  expect(isOutdated(detail({ status: 'approved' }), now({ decided, overdueAt: view.statusSince }))).toBe(true);
  expect(isOutdated(detail({ status: 'approved' }), now(null, [{ approvalId: id }]))).toBe(true);
  expect(isOutdated(detail({ status: 'unknown' }), now(null, [{ approvalId: id }]))).toBe(false);
  expect(isOutdated(detail({ status: 'unknown' }), now(null))).toBe(true);
});
