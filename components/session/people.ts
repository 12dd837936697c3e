/** Who to show for a session in a list: those present first, then who was here. Pure. */
import type { Present } from '#components/api/api.ts';
import type { RowPerson } from '#components/person/avatar-row.tsx';
import { isOpenTerminal, type SessionView } from './session-facts.ts';

/** People for a row. Without presence (not loaded yet) only drivers of open terminals count as here. */
export function peopleOf(view: SessionView, present: readonly Present[] | undefined): RowPerson[] {
  const drivers = new Set<string>(view.terminals.filter(isOpenTerminal).flatMap((terminal) => terminal.driver ?? []));
  const here = new Map<string, RowPerson>();
  for (const { personId, name } of present ?? [])
    here.set(personId, { id: personId, name, isDriver: drivers.has(personId) });
  const away = view.members
    .filter((member) => !here.has(member.personId))
    .map(({ personId, name }) => ({
      id: personId,
      name,
      isAway: !drivers.has(personId),
      isDriver: drivers.has(personId),
    }));
  return [...here.values(), ...away];
}
