/**
 * Which providers of models there are and with which keys: what people set, else what the environment says. The gateway asks
 * at every call and is answered from memory. Keys leave this file towards the gateway alone.
 */
import type { Sql } from '#db/client.ts';
import { untilReachable } from '#db/reach.ts';
import { AppError } from '#protocol/error.ts';
import { serverChain } from '#protocol/id.ts';
import { type ProviderName, providerNameSchema } from '#protocol/provider.ts';
import { addressOf, type ProviderSettings, type ProviderState } from '#server/gateway/index.ts';
import type { SealedColumn, SecretBox } from '#server/secret/index.ts';
import type { Log } from '#server/session/index.ts';

/** What people may know of a provider: everything but its key. */
export interface ProviderFacts {
  name: ProviderName;
  /** Null: the provider's own. */
  baseUrl: string | null;
  /** Where its key comes from; null: it has none. */
  source: 'stored' | 'environment' | null;
  hasKey: boolean;
  /** Why the stored key cannot be used and what to do; null when it can. */
  problem: string | null;
}

export interface ProvidersDeps {
  sql: Sql;
  log: Log;
  secrets: SecretBox;
  environment: ProviderSettings;
  now: () => number;
}

interface Known {
  facts: ProviderFacts;
  state: ProviderState;
}

interface StoredProvider {
  name: ProviderName;
  base_url: string | null;
  sealed_key: Uint8Array;
}

/** Where keys are sealed. */
export const sealedProviderKeys: SealedColumn = {
  ...{ table: 'providers', key: 'name', column: 'sealed_key', nameOf: (name) => name },
};

export class Providers {
  readonly #deps: ProvidersDeps;
  #known = new Map<ProviderName, Known>();
  /** Changes run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(deps: ProvidersDeps) {
    this.#deps = deps;
  }

  static async open(deps: ProvidersDeps): Promise<Providers> {
    const providers = new Providers(deps);
    await untilReachable(() => providers.#load());
    return providers;
  }

  /** For one model call. */
  find(name: ProviderName): ProviderState {
    return this.#known.get(name)?.state ?? { kind: 'missing', address: addressOf(name, null) };
  }

  /** All of them, in a fixed order. What could not be used is looked at anew: it may have been mended. */
  async list(): Promise<ProviderFacts[]> {
    if ([...this.#known.values()].some(({ facts }) => facts.problem !== null)) await this.#enqueue(() => this.#load());
    return [...this.#known.values()].map(({ facts }) => facts);
  }

  /** Stores key and address in place of what was stored. Throws `secret.unusable`, `database.unavailable`. */
  set(wanted: { name: ProviderName; key: string; baseUrl: string | null }, by: string): Promise<void> {
    const { sql, log, secrets, now } = this.#deps;
    const { name, key, baseUrl } = wanted;
    const write = (sealed: Uint8Array) =>
      sql.begin(async (transaction) => {
        await transaction`
          insert into providers (name, base_url, sealed_key, updated_at)
          values (${name}, ${baseUrl}, ${sealed}, ${new Date(now())})
          on conflict (name) do update
          set base_url = excluded.base_url, sealed_key = excluded.sealed_key, updated_at = excluded.updated_at`;
        await log.append(serverChain, [{ type: 'provider.set', payload: { provider: name, baseUrl }, principal: by }]);
      });
    return this.#enqueue(async () => {
      await secrets.store(key, name, write);
      await this.#load();
    });
  }

  /** Forgets what was stored; the environment counts again. Without anything stored it does nothing. */
  remove(name: ProviderName, by: string): Promise<void> {
    const { sql, log } = this.#deps;
    return this.#enqueue(async () => {
      await sql.begin(async (transaction) => {
        const removed = await transaction`delete from providers where name = ${name} returning name`;
        if (removed.length === 0) return;
        await log.append(serverChain, [{ type: 'provider.removed', payload: { provider: name }, principal: by }]);
      });
      await this.#load();
    });
  }

  #enqueue(change: () => Promise<void>): Promise<void> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #load(): Promise<void> {
    const rows = await this.#deps.sql<StoredProvider[]>`select name, base_url, sealed_key from providers`;
    const known = new Map<ProviderName, Known>();
    for (const name of providerNameSchema.options) {
      const row = rows.find((each) => each.name === name);
      known.set(name, row ? await this.#stored(row) : this.#given(name));
    }
    this.#known = known;
  }

  async #stored({ name, base_url: baseUrl, sealed_key: sealed }: StoredProvider): Promise<Known> {
    const facts = { name, baseUrl, source: 'stored', hasKey: true, problem: null } as const;
    try {
      const key = await this.#deps.secrets.open(sealed, name);
      return { facts, state: { kind: 'ready', provider: { ...addressOf(name, baseUrl), key } } };
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      const problem = `the stored key cannot be read: ${cause.message}`;
      return { facts: { ...facts, problem }, state: { kind: 'unusable', problem } };
    }
  }

  #given(name: ProviderName): Known {
    const { baseUrl, key } = this.#deps.environment[name];
    if (key === null) {
      const facts = { name, baseUrl, source: null, hasKey: false, problem: null };
      return { facts, state: { kind: 'missing', address: addressOf(name, baseUrl) } };
    }
    const facts = { name, baseUrl, source: 'environment', hasKey: true, problem: null } as const;
    return { facts, state: { kind: 'ready', provider: { ...addressOf(name, baseUrl), key } } };
  }
}
