/** Older terminal output: compressed chunks by offset. */
import { bigint, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';

/** Bytes as they came, one screen that stands for dropped bytes, or bytes that nobody kept. */
export type RecordingKind = 'raw' | 'screen' | 'gap';

export const recordings = pgTable(
  'recordings',
  {
    terminalId: text('terminal_id').notNull(),
    sessionId: text('session_id').notNull(),
    /** First byte that this chunk covers, counted from the terminal's start. */
    fromOffset: bigint('from_offset', { mode: 'number' }).notNull(),
    /** One past the last byte. */
    toOffset: bigint('to_offset', { mode: 'number' }).notNull(),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    kind: text().$type<RecordingKind>().notNull(),
    cols: integer().notNull(),
    rows: integer().notNull(),
    data: bytea().notNull(),
  },
  (table) => [
    primaryKey({ name: 'recordings_pk', columns: [table.terminalId, table.fromOffset, table.kind] }),
    index('recordings_session').on(table.sessionId),
  ],
);
