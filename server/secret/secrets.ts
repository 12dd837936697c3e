/**
 * The secrets that agents use without seeing them. Whoever carries a request asks at every one and is answered from memory;
 * values leave this file towards that alone.
 */
import type { Sql } from '#db/client.ts';
import { untilReachable } from '#db/reach.ts';
import { AppError } from '#protocol/error.ts';
import { serverChain } from '#protocol/id.ts';
import {
  type CredentialRoute,
  misfitOf,
  type SecretMethod,
  type SecretPlace,
  type SecretUse,
} from '#protocol/secret.ts';
import type { Log } from '#server/session/index.ts';
import type { SecretBox } from './box.ts';
import type { SealedColumn } from './rotation.ts';

/** Where a secret goes, and how. */
export interface SecretRoute extends SecretPlace {
  name: string;
  use: SecretUse;
  /** Null: every method that carries a credential. */
  methods: readonly SecretMethod[] | null;
}

/** What people may know of a secret: everything but its value. Times are ISO 8601 UTC. */
export interface SecretFacts extends SecretRoute {
  createdAt: string;
  /** Since when it has the value that it has. */
  updatedAt: string;
  lastUsedAt: string | null;
  useCount: number;
  /** Why its value cannot be used and what to do; null when it can. */
  problem: string | null;
}

export type SecretState =
  | { kind: 'ready'; route: SecretRoute; value: string }
  | { kind: 'unusable'; problem: string }
  | { kind: 'missing' };

export interface SecretsDeps {
  sql: Sql;
  log: Log;
  box: SecretBox;
  now: () => number;
}

interface StoredSecret extends SecretPlace {
  name: string;
  use: SecretUse['kind'];
  useName: string | null;
  methods: SecretMethod[] | null;
  sealedValue: Uint8Array;
}

interface StoredTimes {
  name: string;
  createdAt: Date;
  updatedAt: Date;
  lastUsedAt: Date | null;
  useCount: number;
}

interface Known {
  route: SecretRoute;
  state: Exclude<SecretState, { kind: 'missing' }>;
}

/** So many are looked through by people and by every program that starts. */
const maxSecrets = 200;

const sealName = (name: string): string => `secret.${name}`;

/** Where the values are sealed. */
export const sealedSecrets: SealedColumn = {
  ...{ table: 'secrets', key: 'name', column: 'sealed_value', nameOf: sealName },
};

export class Secrets {
  readonly #deps: SecretsDeps;
  #known = new Map<string, Known>();
  /** Changes run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(deps: SecretsDeps) {
    this.#deps = deps;
  }

  static async open(deps: SecretsDeps): Promise<Secrets> {
    const secrets = new Secrets(deps);
    await untilReachable(() => secrets.#load());
    return secrets;
  }

  /** For one request. */
  find(name: string): SecretState {
    return this.#known.get(name)?.state ?? { kind: 'missing' };
  }

  /** What programs may know, by name. One that cannot be used is not there for them. */
  routes(): CredentialRoute[] {
    return [...this.#known.values()]
      .filter(({ state }) => state.kind === 'ready')
      .map(({ route: { name, origin, pathPrefix, use } }) => ({ name, origin, pathPrefix, use: use.kind }));
  }

  /** All of them, by name. What could not be used is looked at anew: it may have been mended. */
  async list(): Promise<SecretFacts[]> {
    if ([...this.#known.values()].some(({ state }) => state.kind === 'unusable')) {
      await this.#enqueue(() => this.#load());
    }
    const rows = await this.#deps.sql<StoredTimes[]>`
      select name, created_at as "createdAt", updated_at as "updatedAt", last_used_at as "lastUsedAt",
        use_count as "useCount" from secrets order by name`;
    return rows.flatMap(({ name, createdAt, updatedAt, lastUsedAt, useCount }) => {
      const known = this.#known.get(name);
      if (!known) return [];
      const times = { createdAt: iso(createdAt), updatedAt: iso(updatedAt), lastUsedAt: lastUsedAt && iso(lastUsedAt) };
      const problem = known.state.kind === 'unusable' ? known.state.problem : null;
      return [{ ...known.route, ...times, useCount: Number(useCount), problem }];
    });
  }

  /**
   * Stores a secret, in place of one of that name. Resolves to whether there was one. Throws `input.invalid` naming the field,
   * `secret.unusable`, `database.unavailable`.
   */
  async set(wanted: SecretRoute & { value: string }, by: string): Promise<{ wasThere: boolean }> {
    const { value, ...route } = wanted;
    const misfit = misfitOf(value, route.use);
    if (misfit !== null) throw new AppError({ code: 'input.invalid', message: `value: ${misfit}` });
    let wasThere = false;
    await this.#enqueue(async () => {
      this.#checkRoom(route);
      wasThere = this.#known.has(route.name);
      await this.#deps.box.store(value, sealName(route.name), (sealed) => this.#write(route, sealed, wasThere, by));
      await this.#load();
    });
    return { wasThere };
  }

  /** Forgets it. Throws `secret.not-found`, `database.unavailable`. */
  remove(name: string, by: string): Promise<void> {
    const { sql, log } = this.#deps;
    return this.#enqueue(async () => {
      await sql.begin(async (transaction) => {
        const removed = await transaction`delete from secrets where name = ${name} returning name`;
        if (removed.length === 0)
          throw new AppError({ code: 'secret.not-found', message: `no secret is called ${name}` });
        await log.append(serverChain, [{ type: 'secret.removed', payload: { name }, principal: by }]);
      });
      await this.#load();
    });
  }

  /** Adds to the count of uses. */
  async count(uses: ReadonlyMap<string, { count: number; lastAt: number }>): Promise<void> {
    for (const [name, { count, lastAt }] of uses) {
      await this.#deps.sql`
        update secrets set use_count = use_count + ${count}, last_used_at = greatest(last_used_at, ${new Date(lastAt)})
        where name = ${name}`;
    }
  }

  #checkRoom({ name, use }: SecretRoute): void {
    const others = [...this.#known.values()].map(({ route }) => route).filter((route) => route.name !== name);
    if (others.length >= maxSecrets) {
      throw new AppError({ code: 'input.invalid', message: `name: there are ${maxSecrets} secrets; remove one first` });
    }
    const other = use.kind === 'npm' ? others.find((route) => route.use.kind === 'npm') : undefined;
    if (!other) return;
    const message = `use: npm has one registry, and ${other.name} is for it; remove that one first`;
    throw new AppError({ code: 'input.invalid', message });
  }

  async #write(route: SecretRoute, sealed: Uint8Array, wasThere: boolean, by: string): Promise<void> {
    const { sql, log, now } = this.#deps;
    const { name, origin, pathPrefix, use, methods } = route;
    const at = new Date(now());
    const useName = use.kind === 'basic' ? use.user : use.kind === 'header' ? use.header : null;
    const type = wasThere ? 'secret.rotated' : 'secret.set';
    await sql.begin(async (transaction) => {
      await transaction`
        insert into secrets
          (name, origin, path_prefix, use, use_name, methods, sealed_value, created_at, updated_at, use_count)
        values (${name}, ${origin}, ${pathPrefix}, ${use.kind}, ${useName}, ${methods && [...methods]}::text[], ${sealed}, ${at}, ${at}, 0)
        on conflict (name) do update set origin = excluded.origin, path_prefix = excluded.path_prefix,
          use = excluded.use, use_name = excluded.use_name, methods = excluded.methods,
          sealed_value = excluded.sealed_value, updated_at = excluded.updated_at`;
      await log.append(serverChain, [{ type, payload: { name, origin, pathPrefix, use: use.kind }, principal: by }]);
    });
  }

  #enqueue(change: () => Promise<void>): Promise<void> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #load(): Promise<void> {
    const rows = await this.#deps.sql<StoredSecret[]>`
      select name, origin, path_prefix as "pathPrefix", use, use_name as "useName", methods,
        sealed_value as "sealedValue" from secrets order by name`;
    const known = new Map<string, Known>();
    for (const row of rows) known.set(row.name, await this.#open(row));
    this.#known = known;
  }

  async #open({ name, origin, pathPrefix, use, useName, methods, sealedValue }: StoredSecret): Promise<Known> {
    const route = { name, origin, pathPrefix, use: namedUse(use, useName ?? ''), methods };
    try {
      const value = await this.#deps.box.open(sealedValue, sealName(name));
      return { route, state: { kind: 'ready', route, value } };
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      return { route, state: { kind: 'unusable', problem: `the stored value cannot be read: ${cause.message}` } };
    }
  }
}

const iso = (at: Date): string => new Date(at).toISOString();

function namedUse(kind: SecretUse['kind'], name: string): SecretUse {
  switch (kind) {
    case 'basic':
      return { kind, user: name };
    case 'header':
      return { kind, header: name };
    case 'bearer':
    case 'npm':
      return { kind };
  }
}
