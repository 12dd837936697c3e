/** Where a server keeps its data and what `server.json` there says. Pure: who asks is passed in, nothing is read. */
import * as z from 'zod';

/** The data directory of contract.md when `OMNIGENT_HOME` is not set: `~/.omnigent`, for root `/var/lib/omnigent`. */
export const homeOf = (user: { uid: number | undefined; home: string }): string =>
  user.uid === 0 ? '/var/lib/omnigent' : `${user.home}/.omnigent`;

/** `$OMNIGENT_HOME/server.json` while a server runs. `postgres` is null where somebody else's database is used. */
export const serverFileSchema = z.object({
  pid: z.number().int().min(1),
  url: z.url({ protocol: /^https?$/ }),
  version: z.string(),
  startedAt: z.iso.datetime(),
  postgres: z.object({ pid: z.number().int(), port: z.number().int() }).nullable(),
});
export type ServerFile = z.infer<typeof serverFileSchema>;
