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

/** The log with older events before its own; overlaps are dropped. */
export function withOlder(log: SessionLog, older: readonly SessionEvent[]): SessionLog {
  const first = log.events[0]?.seq ?? log.view.lastSeq + 1;
  return { ...log, events: [...older.filter((event) => event.seq < first), ...log.events] };
}

/** How many events came before the first one here. */
export const olderCount = (log: SessionLog): number => (log.events[0]?.seq ?? log.view.lastSeq + 1) - 1;
