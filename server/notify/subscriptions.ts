/** Which browsers of whom get pushes. Addresses and keys are sealed at rest; knows nothing of what is sent. */
import { createHash } from 'node:crypto';
import type { Sql } from '#db/client.ts';
import type { ApprovalId, PersonId } from '#protocol/id.ts';
import { type PushTarget, pushSubscriptionSchema } from '#protocol/push.ts';
import type { SealedColumn, SecretBox } from '#server/secret/index.ts';

/** Browsers that one person may have; the oldest makes room for another. */
const maxPerPerson = 20;

/** What its owner may know of one. */
export interface SubscribedBrowser {
  id: string;
  browser: string;
  /** ISO 8601 UTC. */
  createdAt: string;
}

export interface Subscription {
  id: string;
  target: PushTarget;
}

export interface SubscriptionsDeps {
  sql: Sql;
  secrets: SecretBox;
  now: () => number;
}

const subscriptionIdOf = (endpoint: string): string => createHash('sha256').update(endpoint).digest('base64url');

const sealName = (id: string): string => `push.${id}`;

/** Where subscriptions are sealed. */
export const sealedSubscriptions: SealedColumn = {
  ...{ table: 'push_subscriptions', key: 'id', column: 'sealed', nameOf: sealName },
};

export class Subscriptions {
  readonly #deps: SubscriptionsDeps;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** Newest first. */
  async list(personId: PersonId): Promise<SubscribedBrowser[]> {
    const rows = await this.#deps.sql<{ id: string; browser: string; created_at: Date }[]>`
      select id, browser, created_at from push_subscriptions where person_id = ${personId} order by created_at desc, id`;
    return rows.map(({ id, browser, created_at: at }) => ({ id, browser, createdAt: new Date(at).toISOString() }));
  }

  /** A browser that somebody else had enabled is this person's from now on: it shows what this person may see. */
  async add(target: PushTarget, browser: string, personId: PersonId): Promise<string> {
    const { sql, secrets, now } = this.#deps;
    const id = subscriptionIdOf(target.endpoint);
    const write = (sealed: Uint8Array) =>
      sql.begin(async (transaction) => {
        await transaction`
          insert into push_subscriptions (id, person_id, sealed, browser, created_at)
          values (${id}, ${personId}, ${sealed}, ${browser}, ${new Date(now())})
          on conflict (id) do update set person_id = excluded.person_id, sealed = excluded.sealed,
            browser = excluded.browser, created_at = excluded.created_at`;
        await transaction`
          delete from push_subscriptions where person_id = ${personId} and id not in (
            select id from push_subscriptions where person_id = ${personId}
            order by created_at desc, id = ${id} desc limit ${maxPerPerson})`;
      });
    await secrets.store(JSON.stringify(target), sealName(id), write);
    return id;
  }

  /** Whether there was one to remove; null as person: whoever has it. */
  async remove(id: string, personId: PersonId | null): Promise<boolean> {
    const removed = await this.#deps.sql`
      delete from push_subscriptions
      where id = ${id} and (${personId}::text is null or person_id = ${personId}) returning id`;
    return removed.length > 0;
  }

  /** One of this person's; null: there is none. Throws `secret.unusable`. */
  async find(id: string, personId: PersonId): Promise<Subscription | null> {
    const rows = await this.#deps.sql<{ id: string; sealed: Uint8Array }[]>`
      select id, sealed from push_subscriptions where id = ${id} and person_id = ${personId}`;
    return rows[0] ? this.#open(rows[0]) : null;
  }

  /**
   * Takes the right to announce an approval, once: whom it is announced to, all browsers of those who may decide. Empty for
   * whoever comes later, and where there are none.
   */
  async claim(approvalId: ApprovalId): Promise<Subscription[]> {
    const { sql, now } = this.#deps;
    const claimed = await sql<{ ids: string[] }[]>`
      insert into push_notices (approval_id, subscription_ids, created_at)
      select ${approvalId}, array_agg(s.id), ${new Date(now())}::timestamptz
      from push_subscriptions s join people p on p.id = s.person_id where p.role in ('editor', 'owner')
      having count(*) > 0
      on conflict (approval_id) do nothing returning subscription_ids as ids`;
    return this.#all(claimed[0]?.ids ?? []);
  }

  /** Gives the claim up, once: whom it was announced to and who is still there. */
  async settle(approvalId: ApprovalId): Promise<Subscription[]> {
    const settled = await this.#deps.sql<{ ids: string[] }[]>`
      delete from push_notices where approval_id = ${approvalId} returning subscription_ids as ids`;
    return this.#all(settled[0]?.ids ?? []);
  }

  /** Approvals that were announced and not settled. */
  async announced(): Promise<ApprovalId[]> {
    const rows = await this.#deps.sql<{ id: ApprovalId }[]>`select approval_id as id from push_notices`;
    return rows.map(({ id }) => id);
  }

  async #all(ids: string[]): Promise<Subscription[]> {
    if (ids.length === 0) return [];
    const rows = await this.#deps.sql<{ id: string; sealed: Uint8Array }[]>`
      select id, sealed from push_subscriptions where id = any(${ids})`;
    return Promise.all(rows.map((row) => this.#open(row)));
  }

  async #open({ id, sealed }: { id: string; sealed: Uint8Array }): Promise<Subscription> {
    const text = await this.#deps.secrets.open(sealed, sealName(id));
    return { id, target: pushSubscriptionSchema.parse(JSON.parse(text)) };
  }
}
