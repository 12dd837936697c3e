/** What people are asked, in the rows of its actions. */
import { expect, it } from 'vitest';
import type { EventPayload } from '#protocol/event.ts';
import { badgeFor } from './badge.ts';
import { event, now, person, sessionView } from './session.fixture.ts';
import { timelineOf } from './timeline.ts';
import { TimelineRows } from './timeline-rows.ts';

const about = { approvalId: `apr_${'1'.repeat(26)}`, actionId: `act_${'1'.repeat(26)}` } as never as {
  approvalId: EventPayload<'approval.decided'>['approvalId'];
  actionId: EventPayload<'approval.decided'>['actionId'];
};
const action = {
  turnId: null,
  agent: 'coder',
  kind: 'command' as const,
  tool: 'shell',
  command: 'git push',
  paths: [] as string[],
  cwd: '/',
};
const said = { rule: 'rules[0]', reasons: ['a person decides'] };
const asked = [
  event(1, 'action.requested', { ...action, actionId: about.actionId, itemId: null }),
  event(2, 'action.judged', { actionId: about.actionId, verdict: 'ask', ...said, policyHash: '', command: null }),
  event(3, 'approval.requested', {
    ...about,
    ...action,
    ...said,
    paths: [],
    effect: 'network',
    hash: 'a',
    subject: 's',
  }),
  event(4, 'approval.shown', about),
];
const decided = event(
  5,
  'approval.decided',
  { ...about, decision: 'approved', note: null, edit: 'git push --dry-run', subject: 's', forSession: false },
  { principal: person.mira, minutes: 1 },
);
const rowAfter = (...events: typeof asked) => {
  const rows = new TimelineRows().of([...asked, ...events]);
  expect(rows.map(({ kind }) => kind)).toEqual(['day', 'item']);
  return rows[1];
};

it('[WEB51] a question stands in the row of its action, and so does who decided it, when and how', () => {
  expect(rowAfter()).toMatchObject({ heldSince: asked[0]?.at, question: { status: 'pending', decided: null } });
  expect(rowAfter(decided)).toMatchObject({
    heldSince: null,
    question: { status: 'approved', decided: { by: person.mira, at: decided.at, edit: 'git push --dry-run' } },
  });
  expect(rowAfter(event(5, 'approval.expired', about))).toMatchObject({
    heldSince: null,
    question: { status: 'expired' },
  });
  const lost = event(6, 'action.acted', { actionId: about.actionId, outcome: 'unknown' });
  expect(rowAfter(decided, lost)).toMatchObject({ question: { status: 'unknown' } });
});

it('[WEB51] a question whose action is among the older events is a line, amber only while it waits', () => {
  const tonesOf = (...events: typeof asked) => {
    const names = { people: new Map([[person.mira as string, 'Mira']]), terminals: new Map() };
    return timelineOf(events, names, now).flatMap((block) =>
      block.kind === 'day' ? [] : block.lines.map(({ tone }) => tone),
    );
  };
  const line = asked.slice(2, 3);
  expect(tonesOf(...line)).toEqual(['needs']);
  expect(tonesOf(...line, decided)).toEqual(['plain', 'plain']);
  expect(new TimelineRows().of([...line, decided]).map(({ kind }) => kind)).toEqual(['day', 'plain']);
});

it('[WEB3] the badge of a session that asks says what, to the letter', () => {
  const approval = {
    approvalId: about.approvalId,
    at: new Date(now).toISOString(),
    command: 'a\u202eb',
    decided: null,
  };
  const turns = { ...sessionView().turns, actions: [{ ...action, actionId: about.actionId, judged: null, approval }] };
  const badge = badgeFor(sessionView({ status: 'waiting', turns: turns as never }), now + 48_000);
  expect([badge.verb, badge.label]).toEqual(['Approve', 'Needs you: approve, a[U+202E]b, 48 s']);
});
