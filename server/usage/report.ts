/** What a session's model calls came to. Pure but for reading the log. */
import type { EventPayload } from '#protocol/event.ts';
import type { SessionId } from '#protocol/id.ts';
import type { Log } from '#server/session/index.ts';

export interface UsageReport {
  /** Micro-dollars; null: not known, or no budget. */
  budgetMicroUsd: number | null;
  spentMicroUsd: number | null;
  reservedMicroUsd: number | null;
  unknownMicroUsd: number | null;
  /** Oldest first; `at` is when the call ended, ISO 8601 UTC. */
  calls: ({ at: string } & EventPayload<'usage.recorded'>)[];
}

/** Calls that a report lists at most, the newest. */
const maxCalls = 10_000;

export async function usageOf(log: Pick<Log, 'readOf'>, sessionId: SessionId): Promise<UsageReport> {
  const events = await log.readOf(sessionId, 'usage.recorded', maxCalls);
  const calls = events.map(({ at, payload }) => ({ at, ...payload }));
  const priced = calls.flatMap(({ costMicroUsd }) => (costMicroUsd === null ? [] : [costMicroUsd]));
  const spentMicroUsd = priced.length === calls.length ? priced.reduce((sum, cost) => sum + cost, 0) : null;
  return { budgetMicroUsd: null, spentMicroUsd, reservedMicroUsd: null, unknownMicroUsd: null, calls };
}
