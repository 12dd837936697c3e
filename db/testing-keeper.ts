/** The process that owns a test run's cluster: `testing-keeper.ts <main pid> <folder>`. Ends with the main process. */
import { randomFillSync } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { AppError } from '#protocol/error.ts';
import { openDatabase } from './client.ts';
import { isRunning } from './embedded/process.ts';
import { openEmbedded } from './embedded.ts';
import { addressFile, failureFile, migrationsFolder, templateName } from './testing.ts';

const [, , mainPid = '', folder = ''] = process.argv;
const quiet = () => undefined;

try {
  const embedded = await openEmbedded({
    home: join(folder, 'home'),
    log: quiet,
    progress: quiet,
    random: (bytes) => void randomFillSync(bytes),
    // Tests kill processes, not the machine: what reached the page cache stays.
    settings: { fsync: 'off', max_connections: '300' },
  });
  const admin = postgres({ ...embedded.address, max: 1 });
  await admin.unsafe(`create database ${templateName}`);
  await admin.end();
  const at = { embedded: { ...embedded.address, database: templateName } };
  const template = await openDatabase({ at, migrationsFolder, log: quiet, onLockLost: quiet });
  await template.close();
  await writeFile(join(folder, 'address.new'), JSON.stringify(embedded.address), { mode: 0o600 });
  await rename(join(folder, 'address.new'), join(folder, addressFile));
  while (await isRunning(Number(mainPid))) await sleep(200);
  await embedded.stop();
} catch (error) {
  await writeFile(join(folder, failureFile), String(error instanceof AppError ? error.detail : error));
  while (await isRunning(Number(mainPid))) await sleep(200);
} finally {
  await rm(folder, { recursive: true, force: true });
}
