/** The server's key pair towards push services (RFC 8292): made once, its private half sealed at rest. */
import webPush from 'web-push';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { SealedColumn, SecretBox } from '#server/secret/index.ts';
import type { VapidPair } from './sender.ts';

export interface VapidDeps {
  sql: Sql;
  secrets: SecretBox;
  now: () => number;
}

/** The row's name, and the one under which its private key is sealed. */
const name = 'push.vapid';

/** Where the private key is sealed. */
export const sealedVapidKey: SealedColumn = {
  ...{ table: 'push_keys', key: 'name', column: 'sealed_private_key', nameOf: (name) => name },
};

interface Row {
  public_key: string;
  sealed_private_key: Uint8Array;
}

export class VapidKeys {
  readonly #deps: VapidDeps;

  constructor(deps: VapidDeps) {
    this.#deps = deps;
  }

  /** Null where none was made yet. Throws `secret.unusable`. */
  async read(): Promise<VapidPair | null> {
    const row = await this.#row();
    return row && this.#open(row);
  }

  /**
   * The pair, made where there is none. One that cannot be opened any more is replaced, and every subscription goes with it:
   * it is bound to the old one. Throws `secret.unusable` where the secret key itself needs a person.
   */
  async ensure(): Promise<VapidPair> {
    const row = await this.#row();
    if (!row) return this.#create();
    try {
      return await this.#open(row);
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'secret.unusable') throw cause;
      return this.#replace(row);
    }
  }

  async #row(): Promise<Row | null> {
    const rows = await this.#deps.sql<Row[]>`
      select public_key, sealed_private_key from push_keys where name = ${name}`;
    return rows[0] ?? null;
  }

  async #open({ public_key: publicKey, sealed_private_key: sealed }: Row): Promise<VapidPair> {
    return { publicKey, privateKey: await this.#deps.secrets.open(sealed, name) };
  }

  /** Of several who make one at once all get the same. */
  async #create(): Promise<VapidPair> {
    const { sql, secrets, now } = this.#deps;
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    await secrets.store(
      privateKey,
      name,
      (sealed) => sql`
        insert into push_keys (name, public_key, sealed_private_key, created_at)
        values (${name}, ${publicKey}, ${sealed}, ${new Date(now())}) on conflict (name) do nothing`,
    );
    return this.#stored();
  }

  async #replace(old: Row): Promise<VapidPair> {
    const { sql, secrets, now } = this.#deps;
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    await secrets.store(privateKey, name, (sealed) =>
      sql.begin(async (transaction) => {
        const replaced = await transaction`
          update push_keys set public_key = ${publicKey}, sealed_private_key = ${sealed}, created_at = ${new Date(now())}
          where name = ${name} and public_key = ${old.public_key} returning name`;
        if (replaced.length > 0) await transaction`delete from push_subscriptions`;
      }),
    );
    return this.#stored();
  }

  async #stored(): Promise<VapidPair> {
    const pair = await this.read();
    if (!pair) throw new AppError({ code: 'server.internal', message: 'the push key is gone; try again' });
    return pair;
  }
}
