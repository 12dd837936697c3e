/** A session as this page knows it: its view and the events it has, newest last. Pure; knows no transport. */
import type { SessionEvent } from '#protocol/event.ts';
import { foldSession, type SessionView } from '#protocol/session-view.ts';

export interface SessionLog {
  view: SessionView;
  /** Gapless and ascending, up to `view.lastSeq`. */
  events: readonly SessionEvent[];
}

/** The log after one more event; one that is known, or that does not follow, changes nothing. */
export function withEvent(log: SessionLog, event: SessionEvent): SessionLog {
  if (event.seq !== log.view.lastSeq + 1) return log;
  const view = foldSession(log.view, event);
  return view === null ? log : { view, events: [...log.events, event] };
}

/** A log that is kept live, and where its events come from. */
export interface LiveLog extends SessionLog {
  /** The subscription's cursor: where the load that this log began with ended. It stays where it is: another one would be another subscription. */
  after: number;
  /** The newest event that does not follow what is known; null: none is missing. */
  strayAt: number | null;
}

/** The log to go on with when `loaded` was loaded, for this page or for another part of it: a live one, while none of its events is missing. */
export const liveLog = (held: LiveLog | null, loaded: SessionLog): LiveLog =>
  held && held.strayAt === null ? held : { ...loaded, after: loaded.view.lastSeq, strayAt: null };

/** The same after one more event; one that does not follow says that the log must be loaded again. */
export function received(held: LiveLog, event: SessionEvent): LiveLog {
  if (event.seq > held.view.lastSeq + 1) return { ...held, strayAt: event.seq };
  const log = withEvent(held, event);
  return log === held ? held : { ...held, ...log };
}

/** The log with older events before its own; overlaps are dropped. */
export function withOlder<T extends SessionLog>(log: T, older: readonly SessionEvent[]): T {
  const first = log.events[0]?.seq ?? log.view.lastSeq + 1;
  return { ...log, events: [...older.filter((event) => event.seq < first), ...log.events] };
}

/** How many events came before the first one here. */
export const olderCount = (log: SessionLog): number => (log.events[0]?.seq ?? log.view.lastSeq + 1) - 1;
