/** The database of a data directory, copied instead of created: a server under test starts as after its first start. Knows no server. */
import { execFile } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildFolder } from './embedded/build-folder.ts';
import { openEmbedded } from './embedded.ts';
import { migrationsFolder, openAt } from './testing.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'omnigent-home');
/** What decides how a new database looks, beside its migrations. */
const sources = ['package-lock.json', 'db/embedded/cluster.ts'];
const quiet = () => undefined;

/**
 * Gives `home`, which no server has used, a migrated database without a row: `ServerProcessOptions.onHome`. Made once for
 * each state of the sources, which costs what a first start does; whoever tests a first start leaves it out.
 */
export async function prepareHome(home: string): Promise<void> {
  const made = join(cache, await nameOf());
  if (!existsSync(made)) {
    await mkdir(cache, { recursive: true });
    await buildFolder(made, makeDatabase);
  }
  await mkdir(home, { recursive: true, mode: 0o711 });
  await copy(join(made, 'postgres'), home);
}

/** Files of another user, as the database's are for root, cannot be used by this one. */
async function nameOf(): Promise<string> {
  const migrations = (await readdir(migrationsFolder)).filter((name) => name.endsWith('.sql')).sort();
  const paths = [...sources.map((path) => join(root, path)), ...migrations.map((name) => join(migrationsFolder, name))];
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await readFile(path));
  return `${process.getuid?.() ?? 0}-${hash.digest('hex').slice(0, 16)}`;
}

/** The database's own user has to reach it while it is made. */
async function makeDatabase(target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-prepared-'));
  try {
    await chmod(folder, 0o711);
    const home = join(folder, 'home');
    const random = (bytes: Uint8Array) => void randomFillSync(bytes);
    const embedded = await openEmbedded({ home, log: quiet, progress: quiet, random, settings: { fsync: 'off' } });
    try {
      await (await openAt({ embedded: embedded.address })).close();
    } finally {
      await embedded.stop();
    }
    await copy(join(home, 'postgres'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With owners and modes, which Postgres looks at. */
async function copy(from: string, into: string): Promise<void> {
  await run('cp', ['-a', from, into]);
}
