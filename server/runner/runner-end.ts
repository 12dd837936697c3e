/** What a session's events say when its runner is gone. */
import type { NewEvent } from '#protocol/event.ts';
import type { SessionView } from '#protocol/session-view.ts';
import { noTurns, orphanedBy } from '#protocol/turn-view.ts';

const withRunner = new Set<SessionView['status']>(['starting', 'working', 'waiting', 'idle', 'unreachable']);

/** As far as the log knows. */
export const hasRunner = ({ status, frozen }: SessionView): boolean =>
  withRunner.has(status) || (status === 'paused' && Boolean(frozen));

/** The runner of `view` is gone, as `event` says: what its agents had in hand is over first. */
export const endedBy = (view: SessionView, event: NewEvent, reason: string): NewEvent[] => [
  ...orphanedBy(view.turns ?? noTurns, reason).map((fact) => ({ ...fact, principal: 'server' }) as NewEvent),
  event,
];
