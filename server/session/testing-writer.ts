/** A process that appends to one log until it is killed: `testing-writer.ts <address json> <session> <name>`. */
import { createPool } from '#db/connect.ts';
import { counted, openTestLog } from './testing.ts';

const [, , address = '', sessionId = '', name = ''] = process.argv;
const sql = createPool({ at: { embedded: JSON.parse(address) }, log: () => undefined }, 4);
const { log } = await openTestLog(sql);
for (let n = 0; ; n += 4) {
  const appends = [0, 1, 2, 3].map((k) => log.append(sessionId, [counted(n + k, `writer ${name} ${n + k}`)]));
  for (const append of appends) {
    const [result] = await append;
    process.stdout.write(`${result?.seq}\n`);
  }
}
