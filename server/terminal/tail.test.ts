import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TerminalId } from '#protocol/id.ts';
import { encodeFrame } from '#protocol/terminal-frame.ts';
import { OutputTail } from './tail.ts';

const terminalId = `trm_${'0'.repeat(26)}` as TerminalId;

function print(tail: OutputTail, length: number): void {
  const frame = { kind: 'output' as const, terminalId, offset: tail.end, data: new Uint8Array(length) };
  tail.output(frame, encodeFrame(frame));
}

/** What a viewer that goes on from `offset` would be sent, as text. */
function entriesAfter(tail: OutputTail, offset: number): string[] | null {
  const first = tail.indexAfter(offset);
  if (first === null) return null;
  const entries: string[] = [];
  for (let index = first, entry = tail.at(index); entry; entry = tail.at(++index)) {
    entries.push(entry.kind === 'output' ? `${entry.offset}-${entry.end}` : `size ${entry.n} at ${entry.offset}`);
  }
  return entries;
}

describe('tail of the output', () => {
  it('a viewer goes on with the first piece that holds something it lacks', () => {
    const tail = new OutputTail(0);
    for (const length of [10, 20, 30]) print(tail, length);
    expect(entriesAfter(tail, 0)).toEqual(['0-10', '10-30', '30-60']);
    expect(entriesAfter(tail, 10)).toEqual(['10-30', '30-60']);
    expect(entriesAfter(tail, 29)).toEqual(['10-30', '30-60']);
    expect(entriesAfter(tail, 60)).toEqual([]);
    expect(entriesAfter(tail, 1_000)).toEqual([]);
  });

  it('size markers stay between the bytes before and after them, and those at the offset itself come again', () => {
    const tail = new OutputTail(0);
    print(tail, 10);
    tail.resized({ n: 1, offset: 10, cols: 90, rows: 24 });
    tail.resized({ n: 2, offset: 10, cols: 80, rows: 24 });
    print(tail, 5);
    tail.resized({ n: 3, offset: 15, cols: 70, rows: 24 });
    expect(entriesAfter(tail, 0)).toEqual(['0-10', 'size 1 at 10', 'size 2 at 10', '10-15', 'size 3 at 15']);
    expect(entriesAfter(tail, 10)).toEqual(['size 1 at 10', 'size 2 at 10', '10-15', 'size 3 at 15']);
    expect(entriesAfter(tail, 12)).toEqual(['10-15', 'size 3 at 15']);
    expect(entriesAfter(tail, 15)).toEqual(['size 3 at 15']);
  });

  it('keeps about 4 MiB; what is gone cannot be resumed from', () => {
    const tail = new OutputTail(0);
    for (let i = 0; i < 200; i++) print(tail, 64 * 1024);
    expect(tail.end - tail.start).toBeGreaterThan(3.9 * 1024 * 1024);
    expect(tail.end - tail.start).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(entriesAfter(tail, 0)).toBeNull();
    expect(entriesAfter(tail, tail.start)?.[0]).toBe(`${tail.start}-${tail.start + 65_536}`);
  });

  it('after a restart nothing older is held, and indexes of before count as evicted', () => {
    const tail = new OutputTail(0);
    print(tail, 10);
    const before = tail.next - 1;
    tail.restart(500);
    expect(tail.isEvicted(before)).toBe(true);
    expect(entriesAfter(tail, 499)).toBeNull();
    print(tail, 10);
    expect(entriesAfter(tail, 500)).toEqual(['500-510']);
  });

  it('whatever is printed and evicted, going on from a kept offset yields every later byte once and in order', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.constant('resize')), { maxLength: 80 });
    fc.assert(
      fc.property(steps, fc.nat(), (actions, pick) => {
        const tail = new OutputTail(0);
        let n = 0;
        for (const action of actions) {
          if (typeof action === 'number') print(tail, action);
          else tail.resized({ n: ++n, offset: tail.end, cols: 80, rows: 24 });
        }
        const offset = tail.start + (pick % (tail.end - tail.start + 1));
        const first = tail.indexAfter(offset);
        let end = offset;
        for (let index = first ?? Number.NaN, entry = tail.at(index); entry; entry = tail.at(++index)) {
          if (entry.kind === 'resized') expect(entry.offset).toBe(end);
          else {
            expect(entry.offset).toBeLessThanOrEqual(end);
            expect(entry.end).toBeGreaterThan(end);
            end = entry.end;
          }
        }
        expect(end).toBe(tail.end);
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
