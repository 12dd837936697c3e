/** Slows guessing: counts wrong tries per address in a sliding minute. */
import { AppError } from '#protocol/error.ts';

export interface TryLimit {
  /** Counts a try, as wrong until it is forgiven. Throws `auth.too-many-tries` once the address has used its tries up. */
  begin(address: string): void;
  /** The last try was not a wrong one. */
  forgive(address: string): void;
}

const minuteMs = 60_000;
/** Addresses remembered at most; the oldest are forgotten first. */
const maxAddresses = 10_000;

export function createTryLimit(options: { perMinute: number; now: () => number }): TryLimit {
  const failures = new Map<string, number[]>();
  const recent = (address: string) => (failures.get(address) ?? []).filter((at) => at > options.now() - minuteMs);
  return {
    begin(address) {
      const earlier = recent(address);
      if (earlier.length >= options.perMinute) {
        throw new AppError({ code: 'auth.too-many-tries', message: 'too many wrong links; wait a minute' });
      }
      failures.delete(address);
      failures.set(address, [...earlier, options.now()]);
      const oldest = failures.keys().next().value;
      if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest);
    },
    forgive(address) {
      failures.get(address)?.pop();
    },
  };
}
