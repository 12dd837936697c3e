/** Providers of models that people have set, each with its sealed key. */
import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { ProviderName } from '#protocol/provider.ts';
import { bytea } from './bytea.ts';

export const providers = pgTable('providers', {
  name: text().$type<ProviderName>().primaryKey(),
  /** Null: the provider's own address. */
  baseUrl: text('base_url'),
  /** As server/secret seals it, under the provider's name. */
  sealedKey: bytea('sealed_key').notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull(),
});
