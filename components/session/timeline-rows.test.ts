/** Rows of a timeline, from events as a server would send them. */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { EventPayload, EventType, SessionEvent } from '#protocol/event.ts';
import { VerdictLine } from './item-detail.tsx';
import { lastRows } from './last-rows.ts';
import type { Row } from './timeline-row.ts';
import { TimelineRows } from './timeline-rows.ts';

const id = (prefix: string, n: number) => `${prefix}_${String(n).padStart(26, '0')}` as never;
const turnId = id('trn', 1);

const at = '2026-11-25T10:00:00.000Z';
let seq = 0;
const event = <T extends EventType>(type: T, payload: EventPayload<T>): SessionEvent =>
  ({
    sessionId: id('ses', 1),
    seq: ++seq,
    type,
    version: 1,
    at,
    principal: id('per', 1),
    payload,
  }) as SessionEvent;

const item = (n: number, more: Partial<EventPayload<'item.started'>> = {}): EventPayload<'item.started'> => ({
  ...{ itemId: id('itm', n), turnId, kind: 'command', parentId: null, title: 'shell ls', command: 'ls', path: null },
  ...more,
});

const queued = () => event('turn.queued', { turnId, agent: 'coder', prompt: 'List it' });
const started = (handover: string | null = null) =>
  event('turn.started', { turnId, agent: 'coder', harness: 'acp:example', model: null, handover });
const ended = (status: EventPayload<'turn.completed'>['status'] = 'completed') =>
  event('turn.completed', { turnId, status, reason: null, conversation: null });
const requested = (itemId: EventPayload<'action.requested'>['itemId']) =>
  event('action.requested', {
    ...{ actionId: id('act', 1), turnId, agent: 'coder', itemId, kind: 'command', tool: 'shell', command: 'ls' },
    ...{ paths: [], cwd: '/checkout' },
  });
const judged = (verdict: EventPayload<'action.judged'>['verdict'], rule = 'rules[1]') =>
  event('action.judged', { actionId: id('act', 1), verdict, rule, reasons: ['no'], policyHash: '', command: null });
const kinds = (rows: readonly Row[]) => rows.map(({ kind }) => kind);

describe('rows of a timeline', () => {
  it('a turn has a rule, its prompt, who speaks and its end, with the files it changed', () => {
    const rows = new TimelineRows().of([
      queued(),
      started(),
      event('item.started', item(1)),
      event('item.completed', { ...item(1), status: 'completed', text: 'a.txt', exitCode: 0 }),
      ended(),
      event('file.changed', { turnId, path: 'a.txt', change: 'added' }),
    ]);
    expect(kinds(rows)).toEqual(['day', 'turn', 'prompt', 'speaker', 'item', 'end']);
    expect(rows[2]).toMatchObject({ text: 'List it', agent: 'coder', isSteering: false });
    expect(rows[4]).toMatchObject({ end: { status: 'completed', text: 'a.txt', exitCode: 0 } });
    expect(rows[5]).toMatchObject({ files: [{ path: 'a.txt', change: 'added' }] });
  });

  it('an item shows that it waits and since when, then the verdict on it', () => {
    const events = [queued(), started(), event('item.started', item(1)), requested(id('itm', 1))];
    const model = new TimelineRows();
    expect(model.of(events).at(-1)).toMatchObject({ heldSince: at, verdict: null });
    const asked = [...events, judged('ask', 'push-asks')];
    expect(model.of(asked).at(-1)).toMatchObject({ heldSince: at, verdict: { rule: 'push-asks' } });
    expect(model.of([...asked, judged('deny')]).at(-1)).toMatchObject({
      heldSince: null,
      verdict: { verdict: 'deny', rule: 'rules[1]', reasons: ['no'] },
    });
  });

  it('an action of no item is a row of its own, unless it is simply allowed', () => {
    const before = [queued(), started(), requested(null)];
    expect(new TimelineRows().of([...before, judged('allow')]).at(-1)).toMatchObject({ kind: 'speaker' });
    const model = new TimelineRows();
    const held = model.of([...before, judged('ask')]).at(-1);
    expect(held).toMatchObject({ kind: 'item', item: { kind: 'command', command: 'ls' }, heldSince: at });
    const acted = event('action.acted', { actionId: id('act', 1), outcome: 'blocked' });
    expect(model.of([...before, judged('deny'), acted]).at(-1)).toMatchObject({ end: { status: 'denied' } });
  });

  it('[EFF6] what a command changed beyond what it said is a row with the command', () => {
    const paths = [{ path: 'src/a.txt', change: 'modified' as const }];
    const said = { actionId: id('act', 1), turnId, agent: 'coder', paths, more: 2, shared: true };
    const events = [queued(), started(), event('item.started', item(1)), requested(id('itm', 1)), judged('allow')];
    const rows = new TimelineRows().of([...events, event('effect.surprised', said)]);
    expect(rows.at(-1)).toMatchObject({ kind: 'surprise', subject: 'ls', paths, more: 2, isShared: true });
    const alone = new TimelineRows().of([event('effect.surprised', { ...said, shared: false })]);
    expect(alone.at(-1)).toMatchObject({ kind: 'surprise', subject: null, isShared: false });
  });

  it('what has not ended with its turn is interrupted', () => {
    const rows = new TimelineRows().of([
      ...[queued(), started(), event('item.started', item(1)), requested(id('itm', 1)), ended('interrupted')],
    ]);
    expect(rows[4]).toMatchObject({ heldSince: null, end: { status: 'interrupted', text: null } });
  });

  it('what belongs to an item stands under it, one step further in, whatever came in between', () => {
    const events = [
      ...[queued(), started(), event('item.started', item(1, { kind: 'tool' }))],
      ...[event('item.started', item(2, { kind: 'tool' })), event('item.started', item(3, { parentId: id('itm', 1) }))],
      ...[
        event('item.started', item(4, { parentId: id('itm', 3) })),
        event('item.started', item(5, { parentId: id('itm', 2) })),
      ],
    ];
    const model = new TimelineRows();
    const shown = (rows: readonly Row[]) => rows.flatMap((row) => (row.kind === 'item' ? [[row.key, row.depth]] : []));
    expect(shown(model.of(events))).toEqual([
      ...[
        [id('itm', 1), 0],
        [id('itm', 3), 1],
        [id('itm', 4), 2],
      ],
      ...[
        [id('itm', 2), 0],
        [id('itm', 5), 1],
      ],
    ]);
    const done = event('item.completed', { ...item(2, { kind: 'tool' }), status: 'failed', text: '', exitCode: null });
    expect(model.of([...events, done]).at(-2)).toMatchObject({ key: id('itm', 2), end: { status: 'failed' } });
  });

  it('events of no turn are plain lines, a few dozen to a row', () => {
    const rows = new TimelineRows().of(Array.from({ length: 70 }, () => event('session.resumed', {})));
    expect(rows.map((row) => (row.kind === 'plain' ? row.events.length : row.kind))).toEqual(['day', 30, 30, 10]);
  });

  it('after a person has steered, the agent is named again', () => {
    const steered = event('turn.steered', { turnId, text: 'faster', by: id('per', 2) });
    const rows = new TimelineRows().of([queued(), started('Earlier: …'), steered, event('item.started', item(1))]);
    expect(kinds(rows)).toEqual(['day', 'turn', 'prompt', 'handover', 'speaker', 'prompt', 'speaker', 'item']);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it('calls of a model add up at their turn, and a cut one makes the sum a lower bound', () => {
    const call = (status: 'settled' | 'unknown') =>
      event('usage.recorded', {
        ...{
          callId: id('cal', 1),
          turnId,
          agent: 'coder',
          provider: 'anthropic',
          model: 'm',
          costMicroUsd: null,
          status,
        },
        ...{ inputTokens: 10, cacheReadTokens: 100, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, outputTokens: 5 },
      });
    const model = new TimelineRows();
    const events = [queued(), started(), call('settled')];
    expect(model.of(events)[1]).toMatchObject({ tokens: 115, isUndercounted: false });
    expect(model.of([...events, call('unknown')])[1]).toMatchObject({ tokens: 230, isUndercounted: true });
    expect(model.turns).toBe(1);
  });

  it('a prompt that was queued before the first known event is not known', () => {
    expect(new TimelineRows().of([started()])[2]).toMatchObject({ kind: 'prompt', text: null });
  });

  it('a further event changes the rows it is about and keeps all others as they were', () => {
    const model = new TimelineRows();
    const events = [queued(), started(), event('item.started', item(1)), event('item.started', item(2))];
    const before = model.of(events);
    const after = model.of([
      ...events,
      event('item.completed', { ...item(2), status: 'failed', text: '', exitCode: 1 }),
    ]);
    expect(after.length).toBe(before.length);
    expect(after.map((row, at) => row === before[at])).toEqual([true, true, true, true, true, false]);
  });

  it('older events that are loaded begin the rows anew', () => {
    const model = new TimelineRows();
    const older = [queued(), started()];
    const newer = [event('item.started', item(1))];
    expect(kinds(model.of(newer))).toEqual(['day', 'item']);
    expect(kinds(model.of([...older, ...newer]))).toEqual(['day', 'turn', 'prompt', 'speaker', 'item']);
  });

  it('one more event after 10,000 items fits into a frame', () => {
    const model = new TimelineRows();
    const events = [queued(), started(), ...Array.from({ length: 10_000 }, (_, n) => event('item.started', item(n)))];
    model.of(events);
    const since = performance.now();
    model.of([...events, event('item.completed', { ...item(9_999), status: 'completed', text: '', exitCode: 0 })]);
    expect(performance.now() - since).toBeLessThan(50);
  });
});

it('[WEB55] a look into a session shows what was asked, said and done, each once', () => {
  const message = item(2, { kind: 'message', title: 'message', command: null });
  const rows = new TimelineRows().of([
    queued(),
    started('told'),
    event('item.started', item(1)),
    requested(id('itm', 1)),
    judged('allow'),
    event('action.acted', { actionId: id('act', 1), outcome: 'ran' }),
    event('item.completed', { ...item(1), status: 'completed', text: 'a.txt', exitCode: 0 }),
    event('item.completed', { ...message, status: 'completed', text: 'One file.', exitCode: null }),
    ended(),
  ]);
  const last = lastRows(rows, 4);
  expect(kinds(last)).toEqual(['prompt', 'speaker', 'item', 'item']);
  expect(last.at(-1)).toMatchObject({ item: { kind: 'message' }, end: { text: 'One file.' } });
});

it('[WEB53] an action that was allowed for the session says by whom', () => {
  const approvalId = id('apr', 1);
  const rows = new TimelineRows().of([
    queued(),
    started(),
    event('item.started', item(1)),
    requested(id('itm', 1)),
    event('approval.decided', {
      ...{ approvalId, actionId: id('act', 7), decision: 'approved', note: null, edit: null, subject: '' },
      forSession: true,
    }),
    judged('allow', `session.allowed:${approvalId}`),
  ]);
  const row = rows.find(({ kind }) => kind === 'item');
  const verdict = row?.kind === 'item' ? row.verdict : null;
  expect(verdict).toMatchObject({ allowedBy: id('per', 1) });
  const names = new Map([[id('per', 1) as string, 'Mira']]);
  const drawn = (known: typeof names) =>
    verdict && renderToStaticMarkup(createElement(VerdictLine, { verdict, names: known, isHeld: false }));
  expect(drawn(names)).toContain('Allowed for this session by Mira');
});
