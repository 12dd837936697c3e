import { expect, it } from 'vitest';
import { replayOf } from './recording.ts';

const now = Date.parse('2026-11-22T14:31:00Z');
const base = { at: new Date(now).toISOString(), cols: 80, rows: 24 };
const raw = (from: number, text: string, change = {}) => ({
  ...base,
  kind: 'raw' as const,
  from,
  to: from + text.length,
  data: btoa(text),
  ...change,
});
const gap = (from: number, to: number) => ({ ...base, kind: 'gap' as const, from, to, data: '' });
const page = (from: number, pieces: ReturnType<typeof raw | typeof gap>[]) => ({
  screen: { offset: from, cols: 80, rows: 24, data: btoa(`screen ${from};`) },
  pieces,
  before: from || null,
});
const read = (pages: Parameters<typeof replayOf>[0]) =>
  replayOf(pages, now).map((step) =>
    step.do === 'write'
      ? new TextDecoder().decode(step.data)
      : step.do === 'gap'
        ? `(${step.words})`
        : `${step.cols}x${step.rows}`,
  );

it('[WEB32] draws the first screen and all that follows, over several pages', () => {
  expect(read([page(0, [raw(0, 'abc')]), page(3, [raw(3, 'def')])])).toEqual(['80x24', 'screen 0;', 'abc', 'def']);
});

it('[WEB32] skips bytes that the screen already shows and follows the size', () => {
  expect(read([page(2, [raw(0, 'ab'), raw(1, 'bcd'), raw(4, 'ef', { cols: 100 })])])).toEqual([
    '80x24',
    'screen 2;',
    'cd',
    '100x24',
    'ef',
  ]);
});

it('[WEB32] says where output is missing and how much', () => {
  expect(read([page(0, [raw(0, 'ab'), gap(2, 38_402), raw(38_402, 'cd')])])[3]).toMatch(
    /^\(38\.4 kB were printed too fast to keep, \d\d:\d\d\)$/,
  );
});
