/** The text of events, word by word, filled behind the log so that indexing never slows an append. */
import { sql } from 'drizzle-orm';
import { bigint, customType, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

/** `id` grows with time. The index is split into buckets of 65,536 ids, so that a search walks them newest first. */
export const searchItems = pgTable(
  'search_items',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sessionId: text('session_id').notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    at: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    /** As shown in a result. */
    body: text().notNull(),
    /** The body's words, lower case, each once. */
    words: tsvector().notNull(),
  },
  (table) => [index('search_items_words').using('gin', sql`((${table.id} >> 16)::int4)`, table.words)],
);

/** How far each log has been indexed; a session without a row has not been at all. */
export const searchMarks = pgTable('search_marks', {
  sessionId: text('session_id').primaryKey(),
  seq: bigint({ mode: 'number' }).notNull(),
});
