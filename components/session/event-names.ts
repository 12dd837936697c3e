/** Who and what the sentences about events name. Pure. */

import type { SessionEvent } from '#protocol/event.ts';

/** Names that sentences need: people of the session and terminals it ever had. */
export interface Names {
  people: ReadonlyMap<string, string>;
  terminals: ReadonlyMap<string, string>;
}

export const unknownPerson = 'someone';

export const namesOf = (
  events: readonly SessionEvent[],
  members: readonly { personId: string; name: string }[],
): Names => {
  const people = new Map(members.map((member) => [member.personId as string, member.name]));
  const terminals = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'member.joined') people.set(event.payload.personId, event.payload.name);
    if (event.type === 'terminal.opened') terminals.set(event.payload.terminalId, event.payload.name);
  }
  return { people, terminals };
};

/** Whose entry an event belongs to; null: nobody's, it happened. */
export function actorOf(event: SessionEvent, names: Names): string | null {
  switch (event.type) {
    case 'driver.changed':
      if (event.payload.how === 'released' || event.payload.how === 'given') break;
      return event.payload.driver;
    case 'driver.refused':
    case 'member.joined':
    case 'person.created':
    case 'person.signed-in':
      return event.payload.personId;
    default:
      break;
  }
  return names.people.has(event.principal) ? event.principal : null;
}
