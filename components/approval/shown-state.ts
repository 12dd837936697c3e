/** Which question stands in front of a person: nothing that arrives takes its place. Pure. */

export interface Held {
  id: string;
  /** The person went there. Else it came by itself, and they may not have noticed yet. */
  isOwn: boolean;
}

/** What stands there once `waiting` is what waits: what stood there, while it waits or is kept; else the first that waits. */
export function heldAfter(held: Held | null, waiting: readonly string[], isKept: boolean): Held | null {
  if (held !== null && (isKept || waiting.includes(held.id))) return held;
  const [first] = waiting;
  return first === undefined ? null : { id: first, isOwn: false };
}

export interface Steps {
  waiting: readonly string[];
  decided: readonly string[];
  /** What is shown. */
  id: string;
  /** Where it stood among those that wait when it was last seen there; null: it was not. */
  place: number | null;
}

const nearest = (ids: readonly string[], at: number): string | undefined =>
  ids[Math.min(ids.length - 1, Math.max(0, at))];

/** Where a step leads: along what waits and then what was decided; from what has just been decided, to what took its place. */
export function stepTo({ waiting, decided, id, place }: Steps, by: 1 | -1): string | undefined {
  if (place !== null && waiting.length > 0 && !waiting.includes(id)) {
    return nearest(waiting, by > 0 ? place : place - 1);
  }
  const all = [...waiting, ...decided];
  return nearest(all, all.indexOf(id) + by);
}
