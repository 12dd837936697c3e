/** Rows of the events table as facts of the protocol: parsed, and old versions raised to today's shape. */
import { AppError } from '#protocol/error.ts';
import { type EventType, eventTypes, eventVersions, parsePayload, type SessionEvent } from '#protocol/event.ts';

/** One row as the database client returns it. */
export interface EventRow {
  session_id: string;
  seq: number;
  type: string;
  version: number;
  at: Date;
  principal: string;
  payload: unknown;
}

/** `upcasts[type][n]` turns a payload of version n + 1 into version n + 2. Pure. */
export type Upcasts = Partial<Record<EventType, ((payload: unknown) => unknown)[]>>;

const currentUpcasts: Upcasts = {};

/** The version that new events of `type` are written with. */
export const versionOf = (type: EventType): number => eventVersions[type] ?? 1;

const isKnown = (type: string): type is EventType => (eventTypes as string[]).includes(type);

/**
 * The fact in `row`. Throws `server.internal` naming the row when this server is too old for its type or version, or
 * when its payload does not fit.
 */
export function toEvent(row: EventRow, upcasts: Upcasts = currentUpcasts, current = versionOf): SessionEvent {
  const where = `event ${row.session_id}/${row.seq} (${row.type} version ${row.version})`;
  if (!isKnown(row.type) || row.version > current(row.type)) {
    throw new AppError({ code: 'server.internal', message: `${where} is from a newer server: upgrade this one` });
  }
  try {
    const steps = upcasts[row.type]?.slice(row.version - 1) ?? [];
    const { type, payload } = parsePayload(
      row.type,
      steps.reduce((older, step) => step(older), row.payload),
    );
    const { session_id: sessionId, seq, principal } = row;
    return {
      sessionId,
      seq,
      type,
      version: current(type),
      at: row.at.toISOString(),
      principal,
      payload,
    } as SessionEvent;
  } catch (cause) {
    throw new AppError({ code: 'server.internal', message: `${where} cannot be read`, detail: String(cause), cause });
  }
}
