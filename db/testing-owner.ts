/** A process that opens the cluster of a home and lives until it is killed: `testing-owner.ts <home>`. Prints its pid. */
import { randomFillSync } from 'node:crypto';
import { openEmbedded } from './embedded.ts';

const embedded = await openEmbedded({
  home: process.argv[2] ?? '',
  log: () => undefined,
  progress: () => undefined,
  random: (bytes) => void randomFillSync(bytes),
});
process.stdout.write(`${embedded.pid()}\n`);
setInterval(() => undefined, 60_000);
