/**
 * The ledger of model calls: each is entered before it leaves and ends as exactly one `usage.recorded`, whatever dies
 * meanwhile. Knows no provider and no prices.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '#db/client.ts';
import type { NewEvent } from '#protocol/event.ts';
import { type CallId, newId, type SessionId } from '#protocol/id.ts';
import type { CallUsage, SettledCall, StartedCall } from '#server/gateway/index.ts';
import type { Log } from '#server/session/index.ts';

/** A settlement that could not be stored is tried again after this long, in ms. */
const retryMs = 1_000;
/** Entries that are settled are forgotten together after this long, in ms: settling one twice changes nothing. */
const forgetMs = 1_000;

export { usageOf } from './report.ts';

export interface LedgerDeps {
  sql: Sql;
  log: Pick<Log, 'append'>;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  note: (line: string) => void;
}

const noTokens: CallUsage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 0,
};

export class Ledger {
  readonly #deps: LedgerDeps;
  #settled: CallId[] = [];
  #forgetting: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** Enters a call; resolves when the entry is durable, with what settles it. Settling twice records once. */
  async begin(call: StartedCall): Promise<(settled: SettledCall) => Promise<void>> {
    const { sql, now } = this.#deps;
    const callId = newId('call', this.#deps);
    const { sessionId, turnId, agent, provider, model } = call;
    await sql`insert into model_calls (call_id, session_id, turn_id, agent, provider, model, started_at)
      values (${callId}, ${sessionId}, ${turnId}, ${agent}, ${provider}, ${model}, ${new Date(now())})`;
    return (settled) => this.#settle(callId, call, settled);
  }

  /** After a start: calls that nobody can settle any more are unknown-spent. Returns how many. */
  async recover(): Promise<number> {
    const { sql } = this.#deps;
    const rows = await sql<
      {
        call_id: CallId;
        session_id: string;
        turn_id: string | null;
        agent: string;
        provider: StartedCall['provider'];
        model: string;
      }[]
    >`
      select call_id, session_id, turn_id, agent, provider, model from model_calls order by started_at`;
    for (const { call_id: callId, session_id: sessionId, turn_id: turnId, ...rest } of rows) {
      await this.#settle(callId, { sessionId, turnId, ...rest }, { status: 'unknown', usage: null });
    }
    return rows.length;
  }

  /** What is not stored by now is unknown-spent after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#forgetting) clearTimeout(this.#forgetting);
    if (this.#settled.length > 0) await this.#forget();
  }

  /** With what its agent does next, mostly the end of its turn. */
  async #settle(callId: CallId, call: StartedCall, { status, usage }: SettledCall): Promise<void> {
    const { log } = this.#deps;
    const { sessionId, turnId, agent, provider, model } = call;
    const payload = { callId, turnId, agent, provider, model, ...(usage ?? noTokens), costMicroUsd: null, status };
    const fact = { type: 'usage.recorded', payload, principal: 'server', dedupeKey: callId } as NewEvent;
    while (!this.#isClosed) {
      try {
        await log.append(sessionId as SessionId, [fact], true);
        return this.#forgetSoon(callId);
      } catch (cause) {
        this.#deps.note(`usage of ${callId} not stored yet: ${String(cause)}`);
        await sleep(retryMs);
      }
    }
  }

  #forgetSoon(callId: CallId): void {
    this.#settled.push(callId);
    this.#forgetting ??= setTimeout(() => {
      this.#forgetting = null;
      void this.#forget();
    }, forgetMs).unref();
  }

  /** Those that cannot be deleted now are settled again, to no effect, by the next start. */
  async #forget(): Promise<void> {
    const settled = this.#settled.splice(0);
    try {
      await this.#deps.sql`delete from model_calls where call_id = any(${settled}::text[])`;
    } catch (cause) {
      this.#deps.note(`${settled.length} settled calls not forgotten: ${String(cause)}`);
    }
  }
}
