/** Slows guessing: counts failures per address in a sliding minute. */
import { AppError } from '#protocol/error.ts';

export interface TryLimit {
  /** Throws `auth.too-many-tries` once the address has used its failures up. */
  check(address: string): void;
  fail(address: string): void;
}

const minuteMs = 60_000;
/** Addresses remembered at most; the oldest are forgotten first. */
const maxAddresses = 10_000;

export function createTryLimit(options: { perMinute: number; now: () => number }): TryLimit {
  const failures = new Map<string, number[]>();
  const recent = (address: string) => (failures.get(address) ?? []).filter((at) => at > options.now() - minuteMs);
  return {
    check(address) {
      if (recent(address).length >= options.perMinute) {
        throw new AppError({ code: 'auth.too-many-tries', message: 'too many wrong links; wait a minute' });
      }
    },
    fail(address) {
      const list = [...recent(address), options.now()];
      failures.delete(address);
      failures.set(address, list);
      const oldest = failures.keys().next().value;
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest);
    },
  };
}
