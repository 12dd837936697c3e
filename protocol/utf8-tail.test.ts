import { describe, expect, it } from 'vitest';
import { incompleteTail } from './utf8-tail.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('incompleteTail', () => {
  it('[TRM4] is what a cut left of the last character', () => {
    for (const character of ['é', '…', '漢', '😀']) {
      const whole = bytes(`ab${character}`);
      for (let cut = 3; cut < whole.length; cut++) expect(incompleteTail(whole.subarray(0, cut))).toBe(cut - 2);
      expect(incompleteTail(whole)).toBe(0);
    }
  });

  it('is nothing for text that is not UTF-8, so that nothing waits for ever', () => {
    expect(incompleteTail(new Uint8Array([0x80, 0x80, 0x80, 0x80]))).toBe(0);
    expect(incompleteTail(new Uint8Array([0x61, 0xff]))).toBe(0);
    expect(incompleteTail(new Uint8Array([0xe4, 0x61]))).toBe(0);
    expect(incompleteTail(new Uint8Array([]))).toBe(0);
  });
});
