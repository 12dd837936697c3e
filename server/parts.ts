/** The server's parts on an open database, each wired to those it needs. Knows no process, port or page. */
import type { Sql } from '#db/client.ts';
import { actionFactsSchema } from '#protocol/action-facts.ts';
import type { Launch } from '#protocol/launch.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { Services, Topics } from '#server/api/index.ts';
import { Approvals, Deadlines } from '#server/approval/index.ts';
import { Audit } from '#server/audit/index.ts';
import { Auth } from '#server/auth/index.ts';
import { type Bus, createBus } from '#server/bus/index.ts';
import { Credentials } from '#server/credential/index.ts';
import { Gateway, type ProviderSettings } from '#server/gateway/index.ts';
import type { Harnesses, Host } from '#server/host/index.ts';
import { Notify, sealedPush } from '#server/notify/index.ts';
import { Policies, Trials } from '#server/policy/index.ts';
import { createPresence } from '#server/presence/index.ts';
import { Providers, sealedProviderKeys } from '#server/provider/index.ts';
import {
  type CompareCheckouts,
  Differences,
  Lifecycle,
  Pauses,
  Runners,
  sandboxProblemOf,
} from '#server/runner/index.ts';
import { Rotation, SecretBox, Secrets, sealedSecrets } from '#server/secret/index.ts';
import { anchorFileOf, type Log, openLog } from '#server/session/index.ts';
import { Terminals } from '#server/terminal/index.ts';
import { createPropose, type Judge, OpenTexts, Turns } from '#server/turn/index.ts';
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
  /** What takes its place; null: nothing, or `secret.key.next`. */
  nextSecretKey: Uint8Array | null;
  /** Certificates (PEM) that upstreams of credential routes may have, too. */
  trustedCa?: string | undefined;
  /** Push services on this machine may be used. */
  allowsLoopbackPush: boolean;
  /** Waits before a push is tried again, in ms. */
  pushRetryMs?: readonly number[] | undefined;
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
  credentials: Credentials;
  ledger: Ledger;
  deadlines: Deadlines;
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
  const policies = await Policies.open({ log, now });
  const base = { ...options, bus, log, policies, terminals, texts };
  const work = openWork(base);
  const decisions = openDecisions(base, work);
  const { deadlines, approvals } = decisions;
  const presence = createPresence({ bus, now });
  const ledger = new Ledger({ sql, log, now, random, note });
  const { pids, url } = options;
  const { box, rotation, secrets } = await openSecrets(options, log);
  const providers = await Providers.open({ sql, log, secrets: box, environment: options.providers, now });
  const notify = new Notify({
    ...{ sql, secrets: box, bus, approvals, url, now, note, allowsLoopback: options.allowsLoopbackPush },
    retryMs: options.pushRetryMs,
  });
  const credentials = new Credentials({
    ...{ log, secrets, holds: work.pauses, url, now, note, trustedCa: options.trustedCa },
  });
  const gateway = new Gateway({
    providerNamed: (name) => providers.find(name),
    url,
    calls: ledger,
    holds: work.pauses,
    note,
  });
  return {
    services: {
      ...{
        audit: new Audit({ sql, anchorFile: anchorFileOf(home), now }),
        ...{
          approvals,
          auth,
          bus,
          host,
          log,
          notify,
          presence,
          policies,
          providers,
          rotation,
          secrets,
          harnesses: options.harnesses,
        },
        ...{ trials: decisions.trials, differences: decisions.differences, lifecycle: work.lifecycle },
      },
      ...{ runners: work.runners, turns: work.turns, terminals, texts, pids, url, now, random, note },
    },
    gateway,
    credentials,
    ledger,
    deadlines,
    async close() {
      deadlines.close();
      gateway.close();
      await credentials.close();
      await notify.close();
      await ledger.close();
      work.runners.close();
      await terminals.close();
      await log.close();
    },
  };
}

/** What is sealed, under which key; a change of the key that a crash cut off is finished first. */
async function openSecrets({ sql, home, secretKey, nextSecretKey, random, now, note }: PartsOptions, log: Log) {
  const box = new SecretBox({ home, given: secretKey, givenNext: nextSecretKey, random });
  const columns = [sealedProviderKeys, ...sealedPush, sealedSecrets];
  const rotation = new Rotation({ sql, log, box, columns, isGiven: (secretKey ?? nextSecretKey) !== null });
  await rotation.finish().catch((cause: unknown) => note(`secret.key.next is not in use yet: ${String(cause)}`));
  return { box, rotation, secrets: await Secrets.open({ sql, log, box, now }) };
}

interface Base extends PartsOptions {
  bus: Bus<Topics>;
  log: Log;
  policies: Policies;
  terminals: Terminals;
  texts: OpenTexts;
}

const judgeOf = ({ judge, policies }: Base): Judge => judge ?? policies.judge;

/** What agents do, and the processes that they do it in: each knows the others. */
function openWork(base: Base) {
  const { sql, home, host, now, random, note, bus, log, policies, terminals, texts } = base;
  const turns = new Turns({
    ...{
      log,
      bus,
      texts,
      now,
      random,
      note,
      judge: judgeOf(base),
      familyOf: base.harnesses.familyOf,
      onSurprise: policies.onSurprise,
    },
    changedPlace: (view) => policies.changedPlace(view),
    link: (sessionId) => runners.links.get(sessionId),
    isFrozen: (sessionId) => pauses.isFrozen(sessionId),
  });
  const pauses: Pauses = new Pauses({
    ...{ bus, note },
    link: (sessionId) => runners.links.get(sessionId),
    onGoing: (sessionId) =>
      void turns.going(sessionId).catch((cause: unknown) => note(`resume of ${sessionId}: ${String(cause)}`)),
  });
  const runners: Runners = new Runners({
    ...{ sql, log, host, now, random, note, home, turns, agents: base.agents },
    policyFor: (view) => policies.placeFor(view),
    terminals: terminals.port,
    isolation: base.isolation,
  });
  const lifecycle = new Lifecycle({
    ...{ log, runners, pauses, now, random, home },
    removeCheckout: base.removeCheckout,
    sandboxProblem: sandboxProblemOf(base.isolation),
    onTerminal: (...args) => terminals.expect(...args),
  });
  return { turns, pauses, runners, lifecycle };
}

/** What people decide about it, by which rules, and what becomes of what they do not decide. */
function openDecisions(base: Base, { runners }: ReturnType<typeof openWork>) {
  const { sql, home, now, note, bus, log, policies } = base;
  const differences = new Differences({ log, runners, home, compareCheckouts: base.compareCheckouts });
  const approvals = new Approvals({
    ...{ sql, log, now, note, holdMs: base.agents.holdMs, judge: judgeOf(base) },
    propose: createPropose({ log, link: (sessionId) => runners.links.get(sessionId) }),
  });
  const trials = new Trials({
    ...{ log, now, policies },
    async examine(sessionId, command, cwd) {
      const answer = await runners.links.get(sessionId)?.request({ type: 'action.examine', command, cwd });
      return answer === undefined ? null : actionFactsSchema.parse(answer);
    },
  });
  const deadlines = new Deadlines({ sql, log, bus, now, note });
  return { approvals, trials, deadlines, differences };
}
