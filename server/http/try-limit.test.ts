import { describe, expect, it } from 'vitest';
import { createTryLimit } from './try-limit.ts';

describe('limit of wrong tries', () => {
  it('[AUT2] ten a minute and address, also when they come at once', () => {
    let now = 0;
    const limit = createTryLimit({ perMinute: 10, now: () => now });
    for (let i = 0; i < 10; i++) limit.begin('192.0.2.1');
    expect(() => limit.begin('192.0.2.1')).toThrow('wait a minute');
    expect(() => limit.begin('192.0.2.2')).not.toThrow();
    now = 59_999;
    expect(() => limit.begin('192.0.2.1')).toThrow();
    now = 60_000;
    expect(() => limit.begin('192.0.2.1')).not.toThrow();
  });

  it('a right one does not count', () => {
    const limit = createTryLimit({ perMinute: 2, now: () => 0 });
    for (let i = 0; i < 50; i++) {
      limit.begin('192.0.2.1');
      limit.forgive('192.0.2.1');
    }
    limit.begin('192.0.2.1');
    limit.begin('192.0.2.1');
    expect(() => limit.begin('192.0.2.1')).toThrow();
  });

  it('remembers a bounded number of addresses', () => {
    const limit = createTryLimit({ perMinute: 1, now: () => 0 });
    limit.begin('first');
    for (let i = 0; i < 10_000; i++) limit.begin(`address ${i}`);
    expect(() => limit.begin('first')).not.toThrow();
    expect(() => limit.begin('address 9999')).toThrow();
  });
});
