/** What the driver bar says: who drives, who watches, whether anything can be typed. Pure. */
import { formatList } from '#components/ui/format.ts';
import { signalName } from './signal-name.ts';
import type { SocketState } from './terminal-socket.ts';

type Seat = NonNullable<SocketState['seat']>;

export type Wheel =
  | { kind: 'you'; since: string }
  | { kind: 'other'; personId: string; name: string; since: string }
  | { kind: 'nobody' };

export function wheelOf(seat: Seat): Wheel {
  const { driver, you } = seat;
  if (driver === null) return { kind: 'nobody' };
  return driver.personId === you.personId ? { kind: 'you', since: driver.since } : { kind: 'other', ...driver };
}

/** "You and Sara watch, read-only", "Sara watches"; empty when nobody does. */
export function watcherWords(seat: Seat): string {
  const driver = seat.driver?.personId;
  const others = seat.watchers.filter((person) => person.personId !== driver && person.personId !== seat.you.personId);
  const isWatching = driver !== undefined && driver !== seat.you.personId;
  const names = [...(isWatching ? ['You'] : []), ...others.map((person) => person.name)];
  if (names.length === 0) return '';
  const verb = names.length === 1 && !isWatching ? 'watches' : 'watch';
  return `${formatList(names)} ${verb}${isWatching ? ', read-only' : ''}`;
}

/** Why nothing typed now would arrive, or null. */
export function silenceOf(state: SocketState): string | null {
  switch (state.link.kind) {
    case 'connecting':
      return state.link.lostAt === null ? 'Connecting' : 'Reconnecting, keys are not sent';
    case 'waiting':
      return `${state.link.why}, keys are not sent`;
    case 'stopped':
      return state.link.why;
    case 'open':
      if (state.seat && !state.seat.closed && !state.seat.isLive) return 'Runner out of reach, last known screen';
      return null;
  }
}

/** How a closed terminal ended. */
export function closedWords(closed: { exitCode: number | null; signal: number | null }): string {
  if (closed.signal) return `Ended by ${signalName(closed.signal)}`;
  return closed.exitCode === null ? 'Closed' : `Exited ${closed.exitCode}`;
}
