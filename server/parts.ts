/** The server's parts on an open database, each wired to those it needs. Knows no process, port or page. */
import type { Sql } from '#db/client.ts';
import type { Launch } from '#protocol/launch.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Services, Topics } from '#server/api/index.ts';
import { Approvals } from '#server/approval/index.ts';
import { Audit } from '#server/audit/index.ts';
import { Auth } from '#server/auth/index.ts';
import { createBus } from '#server/bus/index.ts';
import { Gateway, type ProviderSettings } from '#server/gateway/index.ts';
import type { Harnesses, Host } from '#server/host/index.ts';
import { Policies } from '#server/policy/index.ts';
import { createPresence } from '#server/presence/index.ts';
import { Providers } from '#server/provider/index.ts';
import { type CompareCheckouts, Differences, Lifecycle, Runners } from '#server/runner/index.ts';
import { SecretBox } from '#server/secret/index.ts';
import { anchorFileOf, openLog } from '#server/session/index.ts';
import { Terminals } from '#server/terminal/index.ts';
import { createEditJudge, type Judge, OpenTexts, Turns } from '#server/turn/index.ts';
import { Ledger } from '#server/usage/index.ts';

export interface PartsOptions {
  sql: Sql;
  home: string;
  host: Host;
  isolation: Pick<Launch, 'isolation' | 'warning'>;
  removeCheckout: (options: { directory: string; mode: 'if-saved' | 'discard' }) => Promise<StopResult>;
  compareCheckouts: CompareCheckouts;
  /** What the environment says of providers; what people set wins over it. */
  providers: ProviderSettings;
  /** Under which keys of providers are sealed; null: that of `secret.key` in `home`. */
  secretKey: Uint8Array | null;
  agents: Pick<Launch, 'programs' | 'holdMs'>;
  harnesses: Harnesses;
  /** Who decides about actions; by default the session's rules do. */
  judge?: Judge | undefined;
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
  gateway: Gateway;
  ledger: Ledger;
  /** Stores what is not stored yet. Runners go on. */
  close(): Promise<void>;
}

export async function openParts(options: PartsOptions): Promise<Parts> {
  const { sql, home, host, now, random, note } = options;
  const bus = createBus<Topics>((error, topic) => note(`bus ${topic}: ${String(error)}`));
  const log = await openLog({ sql, bus, clock: { now }, random, hasRoom: options.hasRoom, log: note });
  const auth = new Auth({ sql, log, bus, now, random });
  const terminals = new Terminals({ sql, log, bus, now, note });
  const texts = new OpenTexts(bus);
  const policies = new Policies({ log });
  const judge = options.judge ?? policies.judge;
  const turns = new Turns({
    ...{ log, bus, texts, now, random, note, judge, familyOf: options.harnesses.familyOf },
    link: (sessionId) => runners.links.get(sessionId),
  });
  const runners: Runners = new Runners({
    ...{ sql, log, host, now, random, note, home, turns, agents: options.agents },
    terminals: terminals.port,
    isolation: options.isolation,
  });
  const lifecycle = new Lifecycle({
    ...{ log, runners, now, random, home },
    removeCheckout: options.removeCheckout,
    onTerminal: (...args) => terminals.expect(...args),
  });
  const differences = new Differences({ log, runners, home, compareCheckouts: options.compareCheckouts });
  const approvals = new Approvals({
    ...{ sql, log },
    judgeEdit: createEditJudge({ log, judge, link: (sessionId) => runners.links.get(sessionId) }),
  });
  const presence = createPresence({ bus, now });
  const ledger = new Ledger({ sql, log, now, random, note });
  const { pids, url } = options;
  const secrets = new SecretBox({ home, given: options.secretKey, random });
  const providers = await Providers.open({ sql, log, secrets, environment: options.providers, now });
  const gateway = new Gateway({ providerNamed: (name) => providers.find(name), url, calls: ledger, note });
  return {
    services: {
      ...{
        audit: new Audit({ sql, anchorFile: anchorFileOf(home), now }),
        approvals,
        auth,
        bus,
        differences,
        host,
        lifecycle,
        log,
        presence,
        policies,
        harnesses: options.harnesses,
        providers,
      },
      ...{ runners, terminals, texts, turns, pids, url, now, random, note },
    },
    gateway,
    ledger,
    async close() {
      gateway.close();
      await ledger.close();
      runners.close();
      await terminals.close();
      await log.close();
    },
  };
}
