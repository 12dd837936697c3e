import { expect, it } from 'vitest';
import { phraseText } from '#components/ui/phrase.ts';
import { statuses } from '#protocol/status.ts';
import { badgeFor, commandText } from './badge.ts';
import { now, person, sessionView, terminalView } from './session.fixture.ts';

const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
const shown = (view: Parameters<typeof badgeFor>[0]) => {
  const badge = badgeFor(view, now);
  return `${badge.need} ${badge.verb}: ${phraseText(badge.why)}`;
};

it('[WEB3] gives every status a reason and an age', () => {
  for (const status of statuses) {
    const badge = badgeFor(sessionView({ status, reason: 'because', statusSince: minutesAgo(3) }), now);
    expect(badge.verb).toMatch(/^[A-Z][a-z]+$/);
    expect(phraseText(badge.why)).toMatch(/because|checkout|running/);
    expect(badge.label).toContain(phraseText(badge.why));
    expect(phraseText(badge.why)).toMatch(/3 min/);
  }
});

it('[WEB3] names the running program and for how long it runs', () => {
  const htop = terminalView({ name: 'htop', command: ['htop', '-d', '10'], openedAt: minutesAgo(2) });
  expect(shown(sessionView({ status: 'working', terminals: [htop] }))).toBe('working Running: htop -d 10, 2 min');
  const two = sessionView({
    status: 'working',
    terminals: [htop, terminalView({ command: ['vim'], openedAt: minutesAgo(1) })],
  });
  expect(shown(two)).toBe('working Running: vim, 1 min, and 1 more program');
});

it('[WEB3] says who drives an open shell, or that nobody does', () => {
  const driven = terminalView({ name: 'shell', driver: person.jonas, drivenSince: minutesAgo(6) });
  expect(shown(sessionView({ terminals: [driven] }))).toBe('idle Ready: Jonas drives shell, 6 min');
  const free = sessionView({ terminals: [terminalView()], reason: 'shell open', statusSince: minutesAgo(4) });
  expect(shown(free)).toBe('idle Ready: shell open, nobody drives, 4 min');
});

it('[WEB3] says when an unreachable runner was last seen and what became of an ended checkout', () => {
  const lost = sessionView({ status: 'unreachable', reason: 'runner stopped answering', statusSince: minutesAgo(3) });
  expect(shown(lost)).toBe('problem Unreachable: runner stopped answering, last seen 3 min ago');
  expect(shown(sessionView({ status: 'ended', checkoutState: 'kept', statusSince: minutesAgo(90) }))).toBe(
    'done Ended: checkout kept, 1 h 30 ago',
  );
  expect(badgeFor(sessionView({ status: 'ended', checkoutState: 'merged' }), now).verb).toBe('Merged');
});

it('[WEB3] shows a command as it would be typed', () => {
  expect(commandText(['git', 'commit', '-m', 'two words'])).toBe('git commit -m "two words"');
});
