import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppError } from './error.ts';
import { type ClientId, newId, type TerminalId } from './id.ts';
import { decodeFrame, encodeFrame, type TerminalFrame } from './terminal-frame.ts';

const source = { now: () => 1_700_000_000_000, random: (bytes: Uint8Array) => void bytes.fill(7) };
const terminalId: TerminalId = newId('terminal', source);
const clientId: ClientId = newId('client', source);

const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const data = fc.uint8Array({ maxLength: 300 });
const short = fc.nat({ max: 0xffff });
const long = fc.nat({ max: 0xffffffff });
const frame: fc.Arbitrary<TerminalFrame> = fc.oneof(
  fc.record({ kind: fc.constant('output' as const), terminalId: fc.constant(terminalId), offset, data }),
  fc.record({
    kind: fc.constant('input' as const),
    terminalId: fc.constant(terminalId),
    clientId: fc.constant(clientId),
    n: long,
    data,
  }),
  fc.record({
    ...{ kind: fc.constant('snapshot' as const), terminalId: fc.constant(terminalId), request: long, offset, data },
    ...{ cols: short, rows: short, resizes: long },
  }),
);

const refusal = (bytes: Uint8Array): string => {
  try {
    decodeFrame(bytes);
    return 'accepted';
  } catch (error) {
    return `${(error as AppError).code}: ${(error as Error).message}`;
  }
};

describe('terminal frames', () => {
  it('[TRM14] carry every field and byte unchanged', () => {
    fc.assert(
      fc.property(frame, (sent) => {
        expect(decodeFrame(encodeFrame(sent))).toEqual(sent);
      }),
    );
  });

  it('[TRM14] are refused by name when they are cut short', () => {
    const cut = fc.tuple(frame, fc.nat({ max: 45 }));
    fc.assert(
      fc.property(cut, ([sent, length]) => {
        const bytes = encodeFrame({ ...sent, data: new Uint8Array(0) });
        if (length < bytes.length)
          expect(refusal(bytes.subarray(0, length))).toMatch(/^input\.invalid: terminal frame: /);
      }),
    );
  });

  it('[TRM14] never fail on random bytes in another way than by being refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusal(bytes)).toMatch(/^(accepted|input\.invalid: )/);
      }),
    );
  });

  it.each([
    ['an unknown kind', 0, 9, 'unknown kind 9'],
    ['an id of another form', 5, 0x2f, 'terminal id is malformed'],
  ])('[TRM14] with %s are refused', (_, at, byte, reason) => {
    const bytes = encodeFrame({ kind: 'output', terminalId, offset: 0, data: new Uint8Array(3) });
    bytes[at] = byte;
    expect(refusal(bytes)).toContain(reason);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])('[TRM14] with offset %s are refused', (wrong) => {
    const bytes = encodeFrame({ kind: 'output', terminalId, offset: wrong, data: new Uint8Array(3) });
    expect(refusal(bytes)).toContain('offset must be a whole number of bytes');
  });
});
