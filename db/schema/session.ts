/** The table of sessions: head of each log, and the stored view that lists and pages show. */
import { bigint, index, json, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Attention, SessionView } from '#protocol/session-view.ts';
import { bytea } from './bytea.ts';

/**
 * One row for each log. The server's own chain (`server`) has no view and no attention, so that no list shows it.
 * Only server/session writes here. The migration sets fillfactor 50: most updates then touch no index.
 */
export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    attention: text().$type<Attention>(),
    /** The list's order: written at most once a second unless status changes, so it may lag behind `view.updatedAt`. */
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull(),
    lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
    /** Hash of the newest event; 32 zero bytes before the first. */
    headHash: bytea('head_hash').notNull(),
    /** json, not jsonb: it is only ever read whole, and jsonb is slow to print. */
    view: json().$type<SessionView>(),
    /** The view without most of its closed terminals: what a list needs. */
    summary: json().$type<SessionView>(),
  },
  (table) => [
    index('sessions_list').on(table.attention, table.updatedAt.desc().nullsFirst(), table.id),
    index('sessions_name').on(table.name),
  ],
);
