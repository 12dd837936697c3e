import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from './rate.ts';

describe('token bucket', () => {
  it('gives the burst, then what time gives back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
    for (let i = 0; i < 5; i++) expect(bucket.take(1, 0)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.take(1, 99)).toBe(false);
    expect(bucket.take(1, 200)).toBe(true);
  });

  it('a clock that is set back neither blocks nor fills it', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 86_400_000);
    expect(bucket.take(5, 86_400_000)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.take(5, 500)).toBe(true);
  });

  it('never gives more than burst and rate allow, however it is asked', () => {
    const steps = fc.array(fc.record({ wait: fc.nat(2_000), cost: fc.nat(8) }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (asked) => {
        const bucket = new TokenBucket({ perSecond: 3, burst: 10 }, 0);
        let now = 0;
        let given = 0;
        for (const { wait, cost } of asked) {
          now += wait;
          if (bucket.take(cost, now)) given += cost;
          expect(given).toBeLessThanOrEqual(10 + (now / 1000) * 3 + 1e-6);
        }
      }),
      { seed: 20261122 },
    );
  });
});
