/**
 * Who holds which sockets: how many one person may have, and which end with a browser session. Knows nothing of what is
 * said on them.
 */
import { type Auth, type AuthTopics, type Person, sessionKey } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import type { ServerSocket } from './socket.ts';

/** Sockets one person may hold. */
const maxSocketsPerPerson = 200;
/** Every browser session with open sockets is looked up this often, in ms: it may have expired. An open socket keeps it in use. */
const recheckMs = 60_000;

export interface Holder {
  person: Person;
  /** The browser session's token; null for an API token, which does not expire. */
  token: string | null;
}

export interface Roster {
  /** Enters an open socket; false when it was closed instead: its person holds too many, or signed out meanwhile. */
  enter(socket: ServerSocket, holder: Holder): boolean;
  close(): void;
}

export function createRoster(deps: { auth: Auth; bus: Bus<AuthTopics>; log: (line: string) => void }): Roster {
  const held = new Map<string, Set<ServerSocket>>();
  const sessions = new Map<string, { token: string; sockets: Set<ServerSocket> }>();
  /** Sessions that ended a moment ago: an upgrade may have read them before. */
  const ended = new Set<string>();

  function cut(key: string, code: number, reason: string): void {
    for (const socket of sessions.get(key)?.sockets ?? []) socket.close(code, reason);
  }

  const unsubscribe = deps.bus.subscribe('signed-out', ({ key }) => {
    ended.add(key);
    setTimeout(() => ended.delete(key), recheckMs).unref();
    cut(key, 4403, 'signed out');
  });

  const timer = setInterval(() => {
    for (const [key, { token }] of sessions) {
      deps.auth.byBrowserToken(token).then(
        (person) => person ?? cut(key, 4401, 'the sign-in has expired: sign in again'),
        (cause: unknown) => deps.log(`recheck of a sign-in: ${String(cause)}`),
      );
    }
  }, recheckMs);

  function enterSession(socket: ServerSocket, token: string): void {
    const key = sessionKey(token);
    const session = sessions.get(key) ?? { token, sockets: new Set() };
    sessions.set(key, session);
    session.sockets.add(socket);
    socket.on('close', () => {
      session.sockets.delete(socket);
      if (session.sockets.size === 0 && sessions.get(key) === session) sessions.delete(key);
    });
  }

  return {
    enter(socket, { person, token }) {
      const mine = held.get(person.personId) ?? new Set();
      if (mine.size >= maxSocketsPerPerson) {
        socket.close(4429, `at most ${maxSocketsPerPerson} sockets: close a tab`);
        return false;
      }
      held.set(person.personId, mine.add(socket));
      socket.on('close', () => {
        mine.delete(socket);
        if (mine.size === 0 && held.get(person.personId) === mine) held.delete(person.personId);
      });
      if (!token) return true;
      enterSession(socket, token);
      if (!ended.has(sessionKey(token))) return true;
      socket.close(4403, 'signed out');
      return false;
    },
    close() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}
