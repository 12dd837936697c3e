/** A process that appends to one log until it is killed: `testing-writer.ts <address json> <session> <name>`. */
import postgres from 'postgres';
import type { Sql } from '#db/client.ts';
import { counted, openTestLog } from './testing.ts';

const [, , address = '', sessionId = '', name = ''] = process.argv;
const sql: Sql = postgres<{ bigint: postgres.PostgresType<number> }>({
  ...JSON.parse(address),
  types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
});
const { log } = await openTestLog(sql);
for (let n = 0; ; n += 4) {
  const appends = [0, 1, 2, 3].map((k) => log.append(sessionId, [counted(n + k, `writer ${name} ${n + k}`)]));
  for (const append of appends) {
    const [result] = await append;
    process.stdout.write(`${result?.seq}\n`);
  }
}
