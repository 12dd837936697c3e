/** What the audit page asks for. Pure. */
import type { EventType } from '#protocol/event.ts';

export interface AuditFilter {
  text: string;
  /** A person's id; null: anyone, and what happened by itself. */
  principal: string | null;
  /** The first word of event types, `terminal`; null: all. */
  noun: string | null;
}

export const noAuditFilter: AuditFilter = { text: '', principal: null, noun: null };

const nounOf = (type: EventType): string => type.split('.')[0] ?? type;

/** What events are about, each once, in order of the alphabet. */
export const nounsOf = (types: readonly EventType[]): string[] => [...new Set(types.map(nounOf))].sort();

/** The call's input: only what is filtered by is named. */
export function inputOf({ text, principal, noun }: AuditFilter, types: readonly EventType[]) {
  const words = text.trim().slice(0, 200);
  return {
    ...(words !== '' && { text: words }),
    ...(principal !== null && { principal }),
    ...(noun !== null && { types: types.filter((type) => nounOf(type) === noun) }),
  };
}
