/** People and what proves who they are; every token is stored as its sha256 only. */
import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Role } from '#protocol/role.ts';
import { bytea } from './bytea.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const people = pgTable('people', {
  id: text().primaryKey(),
  name: text().notNull().unique('people_name'),
  role: text().$type<Role>().notNull(),
  createdAt: at('created_at').notNull(),
});

const personId = () =>
  text('person_id')
    .notNull()
    .references(() => people.id, { onDelete: 'cascade' });

/** One use, short lived. */
export const signInLinks = pgTable('sign_in_links', {
  tokenHash: bytea('token_hash').primaryKey(),
  personId: personId(),
  createdAt: at('created_at').notNull(),
  expiresAt: at('expires_at').notNull(),
  usedAt: at('used_at'),
});

export const browserSessions = pgTable(
  'browser_sessions',
  {
    tokenHash: bytea('token_hash').primaryKey(),
    personId: personId(),
    createdAt: at('created_at').notNull(),
    seenAt: at('seen_at').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [index('browser_sessions_person').on(table.personId)],
);

/** Bearer tokens of the CLI and SDK; they last until they are deleted. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    tokenHash: bytea('token_hash').primaryKey(),
    personId: personId(),
    label: text().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [index('api_tokens_person').on(table.personId)],
);
