/** The server's one way to its database: connection pools, the lock that keeps a second server out, migrations. */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { type Connect, createPool, type PoolOptions, type Sql } from './connect.ts';
import { takeLock } from './lock.ts';
import { type Reach, untilReachable } from './reach.ts';
import * as schema from './schema/index.ts';

export type { Sql } from './connect.ts';

/** The same database through drizzle, on connections of its own: it changes how a client reads times and json. */
export type Drizzle = PostgresJsDatabase<typeof schema>;

export interface DatabaseOptions extends PoolOptions {
  /** Folder of db/migrations; a bundle passes where it shipped them. */
  migrationsFolder: string;
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
  const connect: Connect = (max, extra) => createPool(options, max, extra);
  const reach: Reach = (work) => untilReachable(work, options.patienceMs);
  const lock = await takeLock({ connect, reach, log: options.log, onLost: options.onLockLost });
  // Rarely used: its connections go when they are idle.
  const drizzleClient = connect(4, { idle_timeout: 30 });
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
