/** Statements that got no answer: they may have happened, may not have, and may still happen. */
import type { Sql } from '#db/client.ts';
import type { Part } from './batch.ts';
import { findKeys } from './statement.ts';

/** A backend that outlives its connection has finished or been ended long before this. */
const keptMs = 30_000;

export class Doubts {
  #doubts: { part: Part; since: number }[] = [];

  add(parts: Part[]): void {
    const since = performance.now();
    this.#doubts.push(...parts.map((part) => ({ part, since })));
  }

  /** The session has moved on: what was tried from an older head can not happen any more. */
  forget(sessionId: string): void {
    this.#doubts = this.#doubts.filter(({ part }) => part.sessionId !== sessionId);
  }

  /** The parts that did happen. Those that did not stay in doubt for a while, or until the session moves on. */
  async settle(sql: Sql): Promise<Part[]> {
    if (this.#doubts.length === 0) return [];
    const doubts = this.#doubts.map((doubt) => ({ ...doubt, ...probeOf(doubt.part) }));
    const found = await findKeys(sql, doubts);
    // A part happens wholly or not at all, so its first event tells.
    const hasHappened = ({ sessionId, key, seq }: Probe) => found.get(sessionId)?.get(key) === seq;
    const since = performance.now() - keptMs;
    this.#doubts = doubts.filter((doubt) => !hasHappened(doubt) && doubt.since > since);
    return doubts.filter(hasHappened).map(({ part }) => part);
  }
}

interface Probe {
  sessionId: string;
  key: string;
  seq: number;
}

function probeOf({ sessionId, drafts }: Part): Probe {
  const [first] = drafts;
  return { sessionId, key: first?.dedupeKey ?? '', seq: first?.event.seq ?? 0 };
}
