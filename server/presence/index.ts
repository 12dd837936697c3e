/** Who looks at what right now. In memory only: being subscribed is being present. */
import type { PersonId, SessionId } from '#protocol/id.ts';
import type { Role } from '#protocol/role.ts';
import type { Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';

export interface Present {
  personId: PersonId;
  name: string;
  role: Role;
  /** Where in the session, in the words of the screen: "terminal shell 1". */
  place: string;
  since: string;
}

/** Who is in one session now. */
export interface PresenceChange {
  sessionId: SessionId;
  present: Present[];
}

export interface PresenceTopics {
  presence: PresenceChange;
}

export type Presence = ReturnType<typeof createPresence>;

export function createPresence(options: { bus: Bus<PresenceTopics>; now: () => number }) {
  const present = new Map<SessionId, Set<Present>>();

  function list(sessionId: SessionId): Present[] {
    const byPerson = new Map<PersonId, Present>();
    for (const entry of present.get(sessionId) ?? []) {
      const earlier = byPerson.get(entry.personId);
      byPerson.set(entry.personId, earlier ? { ...entry, since: earlier.since } : entry);
    }
    return [...byPerson.values()];
  }

  const publish = (sessionId: SessionId): void =>
    options.bus.publish('presence', { sessionId, present: list(sessionId) });

  return {
    list,
    /** Enters a person; the returned function takes them out again. Somebody with two tabs is listed once. */
    enter(sessionId: SessionId, person: Person, place: string): () => void {
      const entry = { ...person, place, since: new Date(options.now()).toISOString() };
      const here = present.get(sessionId) ?? new Set();
      present.set(sessionId, here.add(entry));
      publish(sessionId);
      return () => {
        here.delete(entry);
        if (here.size === 0) present.delete(sessionId);
        publish(sessionId);
      };
    },
  };
}
