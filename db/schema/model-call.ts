/** Model calls that are on their way: a row is written before a call leaves, and goes when the log has what became of it. */
import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

export const modelCalls = pgTable(
  'model_calls',
  {
    callId: text('call_id').primaryKey(),
    sessionId: text('session_id').notNull(),
    turnId: text('turn_id'),
    agent: text().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }).notNull(),
  },
  (table) => [index('model_calls_session').on(table.sessionId)],
);
