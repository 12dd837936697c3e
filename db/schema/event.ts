/** The log itself: immutable numbered facts of every session. Only server/session writes here. */
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, smallint, text, timestamp, unique } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';

/**
 * `seq` is gapless within its session, from 1. There is no foreign key to sessions: the one statement that inserts here
 * locks the session's row first.
 */
export const events = pgTable(
  'events',
  {
    sessionId: text('session_id').notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    type: text().notNull(),
    version: smallint().notNull(),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    principal: text().notNull(),
    /** Unique within the session: a resent fact is recognised by it. */
    dedupeKey: text('dedupe_key').notNull(),
    payload: jsonb().notNull(),
    /** sha256 of the previous hash and this row. */
    hash: bytea().notNull(),
  },
  (table) => [
    primaryKey({ name: 'events_pk', columns: [table.sessionId, table.seq] }),
    /** Approvals and what became of their actions. */
    index('events_approval').on(sql`(payload->>'approvalId')`).where(sql`type = 'approval.requested'`),
    index('events_decided')
      .on(table.at)
      .where(sql`type in ('approval.decided', 'approval.expired', 'approval.withdrawn')`),
    index('events_action')
      .on(table.sessionId, sql`(payload->>'actionId')`)
      .where(sql`type like 'approval.%' or type in ('action.judged', 'action.acted')`),
    /** Rows come in the order of time: a block range index costs writing next to nothing. */
    index('events_at').using('brin', table.at),
    unique('events_dedupe').on(table.sessionId, table.dedupeKey),
    /** Which session a terminal belongs to. */
    index('events_terminal').on(sql`(payload->>'terminalId')`).where(sql`type = 'terminal.opened'`),
  ],
);
