/** Connections in the timeline. */
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { PhraseText } from '#components/ui/phrase-text.tsx';
import type { EventPayload } from '#protocol/event.ts';
import { sentence } from './event-sentence.ts';
import { ItemDetail } from './item-detail.tsx';
import { ItemRow } from './item-row.tsx';
import { event } from './session.fixture.ts';
import type { ItemRow as Item } from './timeline-row.ts';
import { TimelineRows } from './timeline-rows.ts';

type Hosts = EventPayload<'egress.counted'>['hosts'];

const actionId = `act_${'1'.repeat(26)}` as EventPayload<'action.requested'>['actionId'];
const action = {
  ...{ actionId, turnId: null, agent: 'coder', itemId: null, kind: 'network' as const, toolKind: 'network' },
  ...{ tool: 'CONNECT example.org:8443', command: null, paths: [], cwd: '/checkout' },
};
const names = new Map<string, string>();

it('[EGR16] a refused connection is a row with method, host, port, the rule and what to do', () => {
  const rows = new TimelineRows().of([
    event(1, 'action.requested', action),
    event(2, 'action.judged', {
      ...{ actionId, verdict: 'deny', rule: 'workspace.allow_network_access', policyHash: '', command: null },
      reasons: ['the network is switched off'],
    }),
    event(3, 'action.acted', { actionId, outcome: 'blocked' }),
  ]);
  const row = rows.find((each): each is Item => each.kind === 'item');
  if (!row) throw new Error('no row');
  expect(renderToStaticMarkup(<ItemRow row={row} names={names} />)).toMatch(/CONNECT.*example\.org:8443/s);
  const detail = renderToStaticMarkup(<ItemDetail row={row} names={names} />);
  expect(detail).toContain('denied by workspace.allow_network_access: the network is switched off');
  expect(detail).toContain('What to do: set workspace.allow_network_access to true in the workspace file');
});

it('[EGR16] a connection that is allowed is no row of its own', () => {
  const verdict = { actionId, verdict: 'allow' as const, rule: 'rules[0]', policyHash: '', command: null, reasons: [] };
  const rows = new TimelineRows().of([
    event(1, 'action.requested', action),
    event(2, 'action.judged', verdict),
    event(3, 'action.acted', { actionId, outcome: 'ran' }),
  ]);
  expect(rows.filter(({ kind }) => kind === 'item')).toEqual([]);
});

it('[EGR16] what an agent connected to is a line', () => {
  const none = { allowed: 0, failed: 0, refused: 0, sent: 0, received: 0 };
  const say = (hosts: Hosts) => {
    const said = sentence(event(1, 'egress.counted', { turnId: null, agent: 'coder', hosts }), {
      ...{ people: names, terminals: names },
    });
    const text = renderToStaticMarkup(<PhraseText phrase={said.text} />).replace(/<[^>]*>/g, '');
    return { ...said, text };
  };
  const most = Array.from({ length: 7 }, (_, n) => ({ ...none, host: `h${n}.org`, port: 443, allowed: 1 }));
  expect(
    say([
      { ...none, host: 'packages.example.com', port: 443, allowed: 12, sent: 900, received: 1_200_000 },
      { ...none, host: '2606:4700::1', port: 8443, allowed: 1, failed: 1 },
      { ...none, host: 'evil.org', port: 443, refused: 3 },
    ]),
  ).toMatchObject({
    text: 'coder connected to packages.example.com 12 times, to [2606:4700::1]:8443 once, 3 connections refused',
    tone: 'needs',
    notes: ['900 B sent, 1.2 MB received', '1 connection came to nothing'],
  });
  expect(say(most).text).toContain('to h4.org once, and to 2 other hosts');
  expect(say([{ ...none, host: '*', port: 0, refused: 1 }])).toMatchObject({
    text: 'coder was kept from 1 connection',
    notes: [],
  });
});
