/** The names that a growing log holds: what is handed out stays the same object until a name is new. Pure. */
import type { SessionEvent } from '#protocol/event.ts';
import { type Names, namesOf } from './event-names.ts';

type Members = Parameters<typeof namesOf>[1];

const naming = new Set<SessionEvent['type']>(['member.joined', 'terminal.opened']);

export class KnownNames {
  #names: Names = { people: new Map(), terminals: new Map() };
  #members: Members | null = null;
  #first = 0;
  #last = 0;

  /** Names in `events` (ascending) and of `members`; of events known from the last call only whether they are is looked at. */
  of(events: readonly SessionEvent[], members: Members): Names {
    const first = events[0]?.seq ?? 0;
    const last = events.at(-1)?.seq ?? 0;
    const isSame = members === this.#members && first === this.#first && last >= this.#last;
    const isNew = !isSame || this.#hasNew(events);
    this.#members = members;
    this.#first = first;
    this.#last = last;
    if (isNew) this.#names = namesOf(events, members);
    return this.#names;
  }

  #hasNew(events: readonly SessionEvent[]): boolean {
    for (let at = events.length - 1; at >= 0; at--) {
      const event = events[at];
      if (!event || event.seq <= this.#last) return false;
      if (naming.has(event.type)) return true;
    }
    return false;
  }
}
