/** What every bus must do, as tests. `settle` waits until published messages have arrived. */
import { describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';

interface Topics {
  counts: number;
  [topic: `word:${string}`]: string;
}

export interface BusSubject {
  bus: Bus<Topics>;
  /** Errors that listeners threw. */
  errors: unknown[];
  settle(): Promise<void>;
  close(): Promise<void>;
}

export function testBus(name: string, open: () => Promise<BusSubject>): void {
  const within = async (work: (subject: BusSubject) => Promise<void>) => {
    const subject = await open();
    try {
      await work(subject);
    } finally {
      await subject.close();
    }
  };

  describe(`bus contract: ${name}`, () => {
    it('delivers each message once, in order, to every subscriber of its topic and to no other', () =>
      within(async ({ bus, settle }) => {
        const first: number[] = [];
        const second: number[] = [];
        const words: string[] = [];
        bus.subscribe('counts', (n) => first.push(n));
        bus.subscribe('counts', (n) => second.push(n));
        bus.subscribe('word:a', (word) => words.push(word));
        for (let n = 0; n < 100; n++) bus.publish('counts', n);
        bus.publish('word:b', 'not for a');
        bus.publish('word:a', 'for a');
        await settle();
        expect(first).toEqual(Array.from({ length: 100 }, (_, n) => n));
        expect(second).toEqual(first);
        expect(words).toEqual(['for a']);
      }));

    it('stops delivering when a subscriber leaves, also twice and during a delivery', () =>
      within(async ({ bus, settle }) => {
        const seen: string[] = [];
        const leaveB = () => b();
        bus.subscribe('counts', (n) => {
          seen.push(`a${n}`);
          leaveB();
        });
        const b = bus.subscribe('counts', (n) => seen.push(`b${n}`));
        bus.subscribe('counts', (n) => seen.push(`c${n}`));
        bus.publish('counts', 1);
        bus.publish('counts', 2);
        await settle();
        expect(seen).toEqual(['a1', 'c1', 'a2', 'c2']);
      }));

    it('does not deliver a message to who subscribed while it was delivered', () =>
      within(async ({ bus, settle }) => {
        const late: number[] = [];
        let hasSubscribed = false;
        bus.subscribe('counts', () => {
          if (!hasSubscribed) bus.subscribe('counts', (n) => late.push(n));
          hasSubscribed = true;
        });
        bus.publish('counts', 1);
        await settle();
        bus.publish('counts', 2);
        await settle();
        expect(late).toEqual([2]);
      }));

    it('delivers to the others when one listener throws, and reports what it threw', () =>
      within(async ({ bus, errors, settle }) => {
        const seen: number[] = [];
        const failure = new Error('listener failed');
        bus.subscribe('counts', () => {
          throw failure;
        });
        bus.subscribe('counts', (n) => seen.push(n));
        bus.publish('counts', 1);
        await settle();
        expect(seen).toEqual([1]);
        expect(errors).toEqual([failure]);
      }));
  });
}
