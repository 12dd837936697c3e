import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientId } from '#protocol/id.ts';
import { InputHold } from './input-hold.ts';

const client = (letter: string) => `cli_${letter.repeat(26)}` as ClientId;
const [a, b] = [client('a'), client('b')];
const key = (text: string) => new TextEncoder().encode(text);
const sent = (hold: InputHold, now: number) => hold.resend(now).raws.map((raw) => new TextDecoder().decode(raw));

describe('input that is not acknowledged', () => {
  it('[DRV6] is sent again on a new link, in the order it was typed, until it is acknowledged', () => {
    const hold = new InputHold();
    for (const [clientId, n, text] of [
      [a, 1, 'l'],
      [b, 1, 'x'],
      [a, 2, 's'],
    ] as const)
      hold.add({ clientId, n }, key(text), 0, false);
    expect(sent(hold, 100)).toEqual(['l', 'x', 's']);
    hold.settle(a, 1);
    expect(sent(hold, 200)).toEqual(['x', 's']);
    hold.settle(b, 1);
    hold.settle(a, 2);
    expect(sent(hold, 300)).toEqual([]);
  });

  it('the same number is held once', () => {
    const hold = new InputHold();
    hold.add({ clientId: a, n: 1 }, key('l'), 0, false);
    hold.add({ clientId: a, n: 1 }, key('l'), 5, false);
    expect(sent(hold, 10)).toEqual(['l']);
  });

  it('[DRV7] is given up with everything later of the same keyboard when it is older than 10 s', () => {
    const hold = new InputHold();
    hold.add({ clientId: a, n: 7 }, key('r'), 0, false);
    hold.add({ clientId: a, n: 8 }, key('m'), 9_000, false);
    hold.add({ clientId: b, n: 1 }, key('x'), 9_000, false);
    const { raws, givenUp } = hold.resend(10_001);
    expect(raws).toHaveLength(1);
    expect(givenUp).toEqual([
      { clientId: a, n: 7 },
      { clientId: a, n: 8 },
    ]);
    expect(sent(hold, 10_002)).toEqual(['x']);
  });

  it('[DRV7] of input that was on its way when the link broke nobody says that it did not arrive', () => {
    const hold = new InputHold();
    hold.add({ clientId: a, n: 7 }, key('r'), 0, true);
    hold.add({ clientId: a, n: 8 }, key('m'), 9_000, false);
    expect(hold.resend(10_001)).toEqual({ raws: [], givenUp: [] });
  });

  it('takes 1 MiB, then says so', () => {
    const hold = new InputHold();
    const large = new Uint8Array(256 * 1024);
    for (let n = 1; n <= 4; n++) expect(hold.add({ clientId: a, n }, large, 0, false)).toBe(true);
    expect(hold.add({ clientId: a, n: 5 }, key('x'), 0, false)).toBe(false);
    hold.settle(a, 1);
    expect(hold.add({ clientId: a, n: 5 }, key('x'), 0, false)).toBe(true);
    hold.forget(new Set([a]));
    expect(hold.resend(0).raws).toEqual([]);
    expect(hold.add({ clientId: b, n: 1 }, large, 0, false)).toBe(true);
  });

  it('what it resends of one keyboard is always a run of numbers without a hole', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('type' as const), client: fc.constantFrom(a, b) }),
      fc.record({ do: fc.constant('ack' as const), client: fc.constantFrom(a, b), back: fc.nat(3) }),
      fc.record({ do: fc.constant('link' as const), client: fc.constant(a) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(action, fc.nat(4_000)), { maxLength: 120 }), (steps) => {
        const hold = new InputHold();
        const typed = new Map<ClientId, number>();
        let now = 0;
        for (const [step, wait] of steps) {
          now += wait;
          const n = typed.get(step.client) ?? 0;
          if (step.do === 'type') {
            hold.add({ clientId: step.client, n: n + 1 }, key(`${step.client} ${n + 1}`), now, false);
            typed.set(step.client, n + 1);
          } else if (step.do === 'ack') hold.settle(step.client, Math.max(0, n - step.back));
          else {
            const numbers = sent(hold, now);
            for (const one of [a, b]) {
              const mine = numbers.filter((text) => text.startsWith(one)).map((text) => Number(text.split(' ')[1]));
              mine.forEach((value, i) => void (i > 0 && expect(value).toBe((mine[i - 1] ?? 0) + 1)));
              if (mine.length > 0) expect(mine.at(-1)).toBe(typed.get(one));
            }
          }
        }
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });
});
