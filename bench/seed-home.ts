/** Makes the database of a data directory that no server has used yet, and fills it with sessions. */
import { randomFillSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { type Database, openDatabase } from '#db/client.ts';
import { type Embedded, openEmbedded } from '#db/embedded.ts';
import { projectRoot } from '#e2e/server-process.ts';
import { type Seeded, seed } from './seed.ts';

export const seededEvents = 50;
const quiet = () => undefined;

/** The real embedded Postgres with its production settings; `work` gets it, then it is stopped. */
export async function withDatabase<T>(home: string, work: (database: Database) => Promise<T>): Promise<T> {
  await mkdir(home, { recursive: true, mode: 0o711 });
  const embedded: Embedded = await openEmbedded({
    ...{ home, log: quiet, progress: quiet },
    random: (bytes) => void randomFillSync(bytes),
  });
  try {
    const database = await openDatabase({
      at: { embedded: embedded.address },
      migrationsFolder: `${projectRoot}/db/migrations`,
      log: quiet,
      onLockLost: quiet,
    });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await embedded.stop();
  }
}

export const seedHome = (home: string, sessions: number): Promise<Seeded> =>
  withDatabase(home, ({ sql }) => seed({ sql, sessions, eventsPerSession: seededEvents, now: Date.now(), seed: 1 }));
