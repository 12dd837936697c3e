/** The server's parts on an open database, each wired to those it needs. Knows no process, port or page. */
import type { Sql } from '#db/client.ts';
import type { Launch } from '#protocol/launch.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Services, Topics } from '#server/api/index.ts';
import { Auth } from '#server/auth/index.ts';
import { createBus } from '#server/bus/index.ts';
import type { Host } from '#server/host/index.ts';
import { createPresence } from '#server/presence/index.ts';
import { Lifecycle, Runners } from '#server/runner/index.ts';
import { openLog } from '#server/session/index.ts';
import { Terminals } from '#server/terminal/index.ts';

export interface PartsOptions {
  sql: Sql;
  home: string;
  host: Host;
  isolation: Pick<Launch, 'isolation' | 'warning'>;
  removeCheckout: (options: { directory: string; mode: 'if-saved' | 'discard' }) => Promise<StopResult>;
  /** True while the database's disk has room for more work. */
  hasRoom: () => Promise<boolean>;
  pids: () => { server: number; postgres: number | null };
  /** Origin for links, without a slash at the end; asked when a link is made. */
  url: () => string;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

export interface Parts {
  services: Services;
  /** Stores what is not stored yet. Runners go on. */
  close(): Promise<void>;
}

export async function openParts(options: PartsOptions): Promise<Parts> {
  const { sql, home, host, now, random, note } = options;
  const bus = createBus<Topics>((error, topic) => note(`bus ${topic}: ${String(error)}`));
  const log = await openLog({ sql, bus, clock: { now }, random, hasRoom: options.hasRoom, log: note });
  const auth = new Auth({ sql, log, bus, now, random });
  const terminals = new Terminals({ sql, log, bus, now, note });
  const runners = new Runners({
    ...{ sql, log, host, now, random, note, home },
    terminals: terminals.port,
    isolation: options.isolation,
  });
  const lifecycle = new Lifecycle({
    ...{ log, runners, now, random, home },
    removeCheckout: options.removeCheckout,
    onTerminal: (...args) => terminals.expect(...args),
  });
  const presence = createPresence({ bus, now });
  const { pids, url } = options;
  return {
    services: { auth, bus, host, lifecycle, log, presence, runners, terminals, pids, url, now, random, note },
    async close() {
      runners.close();
      await terminals.close();
      await log.close();
    },
  };
}
