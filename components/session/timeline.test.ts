import { expect, it } from 'vitest';
import { phraseText } from '#components/ui/phrase.ts';
import { namesOf } from './event-names.ts';
import { event, now, person, sessionView, terminalId } from './session.fixture.ts';
import { foldLines, timelineOf } from './timeline.ts';

const runnerId = `run_${'r'.repeat(26)}` as never;
const opened = event(
  3,
  'terminal.opened',
  { terminalId, name: 'shell', command: null, cols: 80, rows: 24 },
  { principal: runnerId },
);
const read = (events: Parameters<typeof timelineOf>[0]) =>
  timelineOf(events, namesOf(events, sessionView().members), now).map((block) =>
    block.kind === 'day'
      ? `— ${block.label}`
      : `${block.person?.name ?? ''}: ${block.lines.map((line) => phraseText(line.text)).join(' / ')}`,
  );

it('[WEB4] writes the start of a session as sentences, by person', () => {
  const events = [
    event(
      1,
      'session.created',
      { name: 'x', source: '/src/payments-api', checkout: '/c', branch: null, includesChanges: true },
      { principal: person.mira },
    ),
    event(2, 'checkout.created', {
      kind: 'git',
      branch: 'omnigent/x',
      baseCommit: 'a',
      files: 1214,
      carried: 3,
      ms: 412,
      notes: [],
    }),
    opened,
    event(4, 'driver.changed', { terminalId, driver: person.jonas, how: 'taken' }, { principal: person.jonas }),
    event(5, 'driver.changed', { terminalId, driver: person.sara, how: 'given' }, { principal: person.jonas }),
    event(6, 'driver.refused', { terminalId, personId: person.mira, count: 3 }),
    event(7, 'terminal.closed', { terminalId, exitCode: 0, signal: null, reason: null }),
  ];
  expect(read(events)).toEqual([
    '— Today',
    'Mira: started a session on payments-api',
    ': Copied 1,214 files on omnigent/x, 3 of them not committed yet, 0.4 s / Opened shell',
    'Jonas: took the wheel of shell / handed the wheel of shell to Sara',
    'Mira: typed while another drove, 3 inputs not sent',
    ': shell exited 0',
  ]);
});

it('[WEB4] starts a new entry after five quiet minutes and a rule on a new day', () => {
  const join = (seq: number, minutes: number) =>
    event(seq, 'member.joined', { personId: person.sara, name: 'Sara', role: 'viewer' }, { minutes });
  expect(read([join(1, -60 * 24 * 3), join(2, -9), join(3, -6), join(4, 0)]).slice(1)).toEqual([
    'Sara: joined as viewer',
    '— Today',
    'Sara: joined as viewer / joined as viewer',
    'Sara: joined as viewer',
  ]);
});

it('[WEB4] says what a lost, failed and ended session means', () => {
  const events = [
    event(1, 'runner.connected', { runnerId, epoch: 2, isolation: 'process-group', warning: 'no namespaces here' }),
    event(2, 'runner.lost', { epoch: 2, reason: 'no answer for 13 s' }),
    event(3, 'session.interrupted', { reason: 'runner was killed' }),
    event(4, 'session.resumed', {}, { principal: person.mira }),
    event(5, 'session.ended', { checkout: 'kept' }, { principal: person.mira }),
  ];
  expect(read(events).slice(1)).toEqual([
    ': Runner 2 connected / Runner 2 lost: no answer for 13 s / Interrupted: runner was killed',
    'Mira: resumed the session / ended the session, the checkout is kept',
  ]);
});

it('[POL9] says with the rules of a session what their owner should know of them', () => {
  const rules = { file: '/srv/omnigent.yaml', text: '', hash: '', base: '/srv', restricted: [] };
  const lines = (more: object) =>
    timelineOf([event(1, 'policy.set', { ...rules, ...more })], namesOf([opened], sessionView().members), now)
      .flatMap((block) => (block.kind === 'entry' ? block.lines : []))
      .map(({ tone, notes }) => ({ tone, notes }));
  expect(lines({})).toEqual([{ tone: 'plain', notes: [] }]);
  expect(lines({ warnings: ['not there'] })).toEqual([{ tone: 'needs', notes: ['not there'] }]);
});

it('[WEB4] folds long runs of driver changes and nothing else', () => {
  const change = (seq: number) => event(seq, 'driver.changed', { terminalId, driver: person.sara, how: 'typed' });
  const lines = timelineOf([change(1), change(2), change(3), change(4)], namesOf([opened], sessionView().members), now);
  const entry = lines.find((block) => block.kind === 'entry');
  expect(foldLines(entry?.lines ?? [])).toEqual([{ folded: entry?.lines }]);
  expect(foldLines((entry?.lines ?? []).slice(0, 3))).toHaveLength(3);
});

it('[EFF6] says what a command changed beyond what it said, and who else may have done it', () => {
  const said = (shared: boolean, more: number) =>
    event(9, 'effect.surprised', {
      actionId: `act_${'0'.repeat(26)}` as never,
      turnId: `trn_${'0'.repeat(26)}` as never,
      agent: 'coder',
      paths: [...'abcdefg'].map((name) => ({ path: `${name}\u202e`, change: 'added' as const })),
      ...{ more, shared },
    });
  const lines = (shared: boolean, more: number) =>
    timelineOf([said(shared, more)], namesOf([], []), now).flatMap((block) =>
      block.kind === 'day' ? [] : block.lines,
    );
  expect(read([said(false, 3)])[1]).toBe(
    ': coder changed what its command did not say: added a[U+202E], added b[U+202E], added c[U+202E], added d[U+202E], added e[U+202E], and 5 more',
  );
  expect(lines(false, 0)).toMatchObject([{ tone: 'problem', notes: [] }]);
  expect(lines(true, 0)).toMatchObject([{ tone: 'needs', notes: [expect.stringContaining('a person typed')] }]);
});
