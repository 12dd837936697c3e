/** The newest runner of each session: its epoch, the hash of its key, and the process that is it. */
import { bigint, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';

export const runners = pgTable('runners', {
  sessionId: text('session_id').primaryKey(),
  runnerId: text('runner_id').notNull(),
  /** Grows with every start; frames of an older one are refused. */
  epoch: integer().notNull(),
  /** sha256 of the runner's bearer key. */
  keyHash: bytea('key_hash').notNull(),
  /** Process ids as the host sees them; null until it is started. */
  pid: integer(),
  /** The process that holds the runner's namespaces, if there is one. */
  outerPid: integer('outer_pid'),
  /** Start time in clock ticks since boot: with the pid it names one process for ever. */
  startTicks: bigint('start_ticks', { mode: 'number' }),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull(),
});
