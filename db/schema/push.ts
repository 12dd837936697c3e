/** Who is told by push that something waits: the server's key pair, browsers that asked for it, and what they were told. */
import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';
import { people } from './person.ts';

const at = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** One row: the VAPID pair (RFC 8292) by which push services know this server. */
export const pushKeys = pgTable('push_keys', {
  name: text().primaryKey(),
  /** P-256 point, base64url; browsers bind their subscription to it. */
  publicKey: text('public_key').notNull(),
  /** As server/secret seals it. */
  sealedPrivateKey: bytea('sealed_private_key').notNull(),
  createdAt: at('created_at').notNull(),
});

export const pushSubscriptions = pgTable(
  'push_subscriptions',
  {
    /** sha256 of the endpoint, base64url: names it without telling it. */
    id: text().primaryKey(),
    personId: text('person_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    /** Endpoint and keys as JSON, as server/secret seals it: whoever knows them could disturb the browser. */
    sealed: bytea().notNull(),
    /** In its owner's words, e.g. "Firefox on Linux". */
    browser: text().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [index('push_subscriptions_person').on(table.personId)],
);

/** Approvals that were announced and are not settled: the row is the right to send, so nobody is told twice. */
export const pushNotices = pgTable('push_notices', {
  approvalId: text('approval_id').primaryKey(),
  /** Those it was announced to. */
  subscriptionIds: text('subscription_ids').array().notNull(),
  createdAt: at('created_at').notNull(),
});
