/** The server's one way to its database: connection pools, the lock that keeps a second server out, migrations. */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { AppError } from '#protocol/error.ts';
import type { SocketAddress } from './embedded.ts';
import { takeLock } from './lock.ts';
import { type Reach, untilReachable } from './reach.ts';
import * as schema from './schema/index.ts';

/** bigint columns arrive as numbers: sequence numbers and offsets stay below 2^53. */
const types = {
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
};

type Types = { bigint: postgres.PostgresType<number> };
type Extra = Pick<postgres.Options<Types>, 'onclose' | 'connection'>;
/** Opens a pool of at most `max` connections to the database. */
export type Connect = (max: number, extra?: Extra) => Sql;

export type Sql = postgres.Sql<{ bigint: number }>;
/** The same database through drizzle, on connections of its own: it changes how a client reads times and json. */
export type Drizzle = PostgresJsDatabase<typeof schema>;

export interface DatabaseOptions {
  /** Yours by url, or the embedded one by its socket. */
  at: { url: string } | { embedded: SocketAddress };
  /** Folder of db/migrations; a bundle passes where it shipped them. */
  migrationsFolder: string;
  /** One line of the server's log. */
  log: (line: string) => void;
  /** Another server holds the lock after this one lost it: this server must stop writing. */
  onLockLost: (error: Error) => void;
  /** How long to wait for a database that does not answer yet. Default 10 s. */
  patienceMs?: number;
}

export interface Database {
  sql: Sql;
  drizzle: Drizzle;
  close(): Promise<void>;
}

/**
 * Connects, takes the server lock and applies migrations, waiting for a database that is starting.
 * Throws `database.locked` naming the process that holds it, `database.unavailable` when it cannot be reached,
 * `input.invalid` when the url is none.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const connect: Connect = (max, extra) => createClient(options, max, extra);
  const reach: Reach = (work) => untilReachable(work, options.patienceMs);
  const lock = await takeLock({ connect, reach, log: options.log, onLost: options.onLockLost });
  const drizzleClient = connect(4);
  const sql = connect(10);
  const close = async () => {
    await Promise.all([sql.end({ timeout: 5 }), drizzleClient.end({ timeout: 5 })]);
    await lock.release();
  };
  try {
    const database = drizzle(drizzleClient, { schema });
    await reach(() => migrate(database, { migrationsFolder: options.migrationsFolder }));
    return { sql, drizzle: database, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function createClient({ at, log }: DatabaseOptions, max: number, extra: Extra = {}): Sql {
  const common: postgres.Options<Types> = {
    max,
    types,
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
