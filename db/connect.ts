/** Pools of connections to one database: how they are reached and how values cross. Knows no table. */
import postgres from 'postgres';
import { AppError } from '#protocol/error.ts';
import { arrayTypes } from './array-type.ts';
import type { SocketAddress } from './embedded.ts';

/** bigint columns arrive as numbers: sequence numbers and offsets stay below 2^53. */
const types = {
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  ...arrayTypes,
};

type Types = typeof types;
type Extra = Pick<postgres.Options<Types>, 'onclose' | 'connection' | 'idle_timeout'>;
/** Opens a pool of at most `max` connections to the database. */
export type Connect = (max: number, extra?: Extra) => Sql;

export type Sql = ReturnType<typeof postgres<Types>>;

export interface PoolOptions {
  /** Yours by url, or the embedded one by its socket. */
  at: { url: string } | { embedded: SocketAddress };
  /** One line of the server's log. */
  log: (line: string) => void;
}

/** A pool of at most `max` connections, opened as they are needed. Throws `input.invalid` when the url is none. */
export function createPool({ at, log }: PoolOptions, max: number, extra: Extra = {}): Sql {
  const common: postgres.Options<Types> = {
    max,
    types,
    fetch_types: false,
    connect_timeout: 5,
    max_lifetime: null,
    // Fixed: the library's own grows to 20 s, and Postgres is back in under one.
    backoff: () => 0.05,
    onnotice: (notice) => {
      if (notice.severity !== 'NOTICE') log(`postgres: ${notice.message}`);
    },
    ...extra,
  };
  if ('embedded' in at) return postgres<Types>({ ...common, ...at.embedded });
  const { url, socketDir } = parseUrl(at.url);
  return postgres<Types>(url, { ...common, ...(socketDir && { host: socketDir }) });
}

/** Takes `?host=/folder/of/the/socket` out of the url, as libpq reads it and postgres.js does not. */
function parseUrl(text: string): { url: string; socketDir: string | null } {
  if (!URL.canParse(text)) throw new AppError({ code: 'input.invalid', message: 'DATABASE_URL is not a URL' });
  const url = new URL(text);
  const host = url.searchParams.get('host');
  if (!host?.startsWith('/')) return { url: text, socketDir: null };
  url.searchParams.delete('host');
  return { url: url.href, socketDir: host };
}
