/** Secrets that agents use without seeing them, each with where it may go and its sealed value. */
import { bigint, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { SecretMethod, SecretUse } from '#protocol/secret.ts';
import { bytea } from './bytea.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const secrets = pgTable('secrets', {
  name: text().primaryKey(),
  /** `https://host[:port]`. */
  origin: text().notNull(),
  pathPrefix: text('path_prefix').notNull(),
  use: text().$type<SecretUse['kind']>().notNull(),
  /** The user of `basic`, the header of `header`; null for the others. */
  useName: text('use_name'),
  /** Null: every method that carries a credential. */
  methods: text().array().$type<SecretMethod[]>(),
  /** As server/secret seals it, under `secret.` and its name. */
  sealedValue: bytea('sealed_value').notNull(),
  createdAt: at('created_at').notNull(),
  /** When the value was stored that it has now. */
  updatedAt: at('updated_at').notNull(),
  /** Both are written at most once a second: what a crash cuts off is not counted. */
  lastUsedAt: at('last_used_at'),
  useCount: bigint('use_count', { mode: 'number' }).notNull(),
});
