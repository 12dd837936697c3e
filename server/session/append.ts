/** The only writer of events: one queue, one statement in flight, whatever arrived meanwhile is the next batch. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '#db/client.ts';
import { isPassing } from '#db/connection-error.ts';
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import { type Appended, buildBatch, type Call, type Decide, maxBatchEvents, type Part } from './batch.ts';
import { Doubts } from './doubt.ts';
import { type Head, HeadCache, loadHeads } from './head.ts';
import { findKeys, isRepeatedKey, writeParts } from './statement.ts';

/** Appends that may wait; more are refused. */
const maxWaiting = 20_000;
const pauseMs = { first: 20, most: 500 };
const roomCheckMs = 1_000;
/** How long an append that lingers waits for company, ms. */
const lingerMs = 20;

export interface AppendOptions {
  sql: Sql;
  /** ms since the epoch. */
  now(): number;
  newKey(): string;
  /** False: the database's disk is nearly full, and writing on could end with a database that cannot even recover. */
  hasRoom(): Promise<boolean>;
  /** How long an append outlives a database that is away. */
  patienceMs: number;
  /** Told after each commit, in seq order within a session. */
  onCommitted(part: Part): void;
  /** Told when another writer was seen: whatever was counted from our own commits alone is off. */
  onForeignWrite(): void;
}

interface Task {
  run(): Promise<void>;
}

type Waiting = Call | Task;
const isTask = (waiting: Waiting): waiting is Task => 'run' in waiting;

export class AppendQueue {
  readonly #options: AppendOptions;
  readonly #heads = new HeadCache();
  readonly #doubts = new Doubts();
  #waiting: Waiting[] = [];
  #loop: Promise<void> | null = null;
  #outageSince: number | null = null;
  #room = { isThere: true, checkedAt: Number.NEGATIVE_INFINITY };
  /** After a statement failed for a reason of its own, so many calls go one by one: only the bad one is rejected. */
  #alone = 0;
  #isClosed = false;

  constructor(options: AppendOptions) {
    this.#options = options;
  }

  /** `lingers`: it goes with the next append that does not, or after a moment. */
  append(sessionId: string, events: NewEvent[] | Decide, lingers = false): Promise<Appended[]> {
    if (this.#isClosed) return Promise.reject(unavailable('the server is stopping'));
    if (this.#waiting.length >= maxWaiting) return Promise.reject(unavailable('too many events wait for the database'));
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const call = { sessionId, events, keys: [], known: null, since, isSettled: false, resolve, reject };
      if (!lingers) return this.#enqueue(call);
      this.#waiting.push(call);
      setTimeout(() => this.#start(), lingerMs);
    });
  }

  /** True for a session that is surely there: this process has appended to it, or read it to do so, not long ago. */
  isKnown(sessionId: string): boolean {
    return (this.#heads.get(sessionId)?.view ?? null) !== null;
  }

  /** Runs `work` between two statements: nothing is in flight meanwhile. The head of `changed` is read again after. */
  exclusive<T>(changed: string | null, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () =>
        work()
          .finally(() => changed !== null && this.#heads.delete(changed))
          .then(resolve, reject);
      this.#enqueue({ run });
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    this.#start();
    while (this.#loop) await this.#loop;
  }

  /** Refuses further appends and waits for those that were accepted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.idle();
  }

  #enqueue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#start();
  }

  #start(): void {
    if (this.#waiting.length > 0) this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    // Lets everything that arrives in this turn of the event loop join the first batch.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0];
      if (first && isTask(first)) {
        this.#waiting.shift();
        await first.run();
      } else {
        await this.#runCalls(this.#takeCalls());
      }
    }
    // In the same turn as the check above: what is enqueued later starts a loop of its own.
    this.#loop = null;
  }

  #takeCalls(): Call[] {
    const most = this.#alone > 0 ? 1 : maxBatchEvents;
    this.#alone = Math.max(0, this.#alone - 1);
    const calls: Call[] = [];
    for (const waiting of this.#waiting) {
      if (isTask(waiting) || calls.length === most) break;
      calls.push(waiting);
    }
    this.#waiting.splice(0, calls.length);
    return calls;
  }

  async #runCalls(calls: Call[]): Promise<void> {
    try {
      await this.#checkRoom();
      await this.#settleDoubts();
      await this.#attempt(calls.filter((call) => !call.isSettled));
      this.#outageSince = null;
    } catch (error) {
      this.#putBack(calls);
      if (isPassing(error)) await this.#waitOutage(error);
      else this.#isolate(calls, error);
    }
  }

  async #checkRoom(): Promise<void> {
    const now = performance.now();
    if (now - this.#room.checkedAt >= roomCheckMs) {
      this.#room = { isThere: await this.#options.hasRoom(), checkedAt: now };
    }
    if (!this.#room.isThere) throw unavailable("the database's disk is nearly full");
  }

  async #attempt(calls: Call[]): Promise<void> {
    const heads = await this.#headsFor(calls);
    const { now, newKey } = this.#options;
    const { parts, rest, repeated } = buildBatch(calls, { heads, now: now(), newKey });
    const changed = parts.filter((part) => part.drafts.length > 0);
    let lost: Call[] = [];
    try {
      const written = changed.length > 0 ? await this.#write(changed) : new Set<string>();
      lost = this.#settle(parts, written);
    } catch (error) {
      if (!isRepeatedKey(error)) throw error;
      lost = parts.flatMap((part) => part.calls.map(({ call }) => call));
      await this.#lookUp(lost);
    }
    if (repeated.length > 0) await this.#lookUp(repeated);
    this.#putBack([...lost, ...repeated, ...rest]);
  }

  async #headsFor(calls: Call[]): Promise<Map<string, Head>> {
    const heads = new Map<string, Head>();
    const missing = new Set<string>();
    for (const { sessionId } of calls) {
      const head = this.#heads.get(sessionId);
      if (head) heads.set(sessionId, head);
      else missing.add(sessionId);
    }
    if (missing.size > 0) {
      for (const [id, head] of await loadHeads(this.#options.sql, [...missing])) heads.set(id, head);
    }
    return heads;
  }

  async #write(parts: Part[]): Promise<Set<string>> {
    try {
      return await writeParts(this.#options.sql, parts);
    } catch (error) {
      for (const part of parts) this.#heads.delete(part.sessionId);
      if (isPassing(error)) this.#doubts.add(parts);
      throw error;
    }
  }

  /** Answers the calls of what was written; the rest is returned, to be tried again from a fresh head. */
  #settle(parts: Part[], written: ReadonlySet<string>): Call[] {
    const lost: Call[] = [];
    for (const part of parts) {
      if (part.drafts.length === 0 || written.has(part.sessionId)) {
        this.#commit(part);
      } else {
        this.#heads.delete(part.sessionId);
        this.#options.onForeignWrite();
        lost.push(...part.calls.map(({ call }) => call));
      }
    }
    return lost;
  }

  #commit(part: Part): void {
    if (part.after.exists) this.#heads.set(part.sessionId, part.after);
    if (part.drafts.length > 0) {
      this.#doubts.forget(part.sessionId);
      this.#options.onCommitted(part);
    }
    for (const { call, results } of part.calls) {
      if (call.isSettled) continue;
      call.isSettled = true;
      call.resolve(results);
    }
  }

  /** Answers the calls of those unanswered parts that turn out to have happened. */
  async #settleDoubts(): Promise<void> {
    for (const part of await this.#doubts.settle(this.#options.sql)) {
      this.#commit(part);
      // Another writer may have gone on from there.
      this.#heads.delete(part.sessionId);
    }
  }

  async #lookUp(calls: Call[]): Promise<void> {
    const wanted = calls.flatMap(({ sessionId, keys }) => keys.map((key) => ({ sessionId, key })));
    const found = await findKeys(this.#options.sql, wanted);
    for (const call of calls) call.known = found.get(call.sessionId) ?? new Map();
  }

  #putBack(calls: Call[]): void {
    const open = calls.filter((call) => !call.isSettled);
    if (open.length > 0) this.#waiting.unshift(...open);
  }

  async #waitOutage(cause: unknown): Promise<void> {
    const now = performance.now();
    this.#outageSince ??= now;
    const start = this.#outageSince;
    const isOver = (call: Call) => now - Math.max(call.since, start) >= this.#options.patienceMs;
    this.#rejectWaiting(isOver, unavailable('the database does not answer', cause));
    await sleep(Math.min(pauseMs.most, Math.max(pauseMs.first, (now - start) / 4)));
  }

  #isolate(calls: Call[], error: unknown): void {
    const open = calls.filter((call) => !call.isSettled);
    if (open.length > 1) {
      this.#alone = open.length;
      return;
    }
    this.#rejectWaiting((call) => open.includes(call), refusal(error));
  }

  #rejectWaiting(isMeant: (call: Call) => boolean, error: unknown): void {
    this.#waiting = this.#waiting.filter((waiting) => {
      if (isTask(waiting) || !isMeant(waiting)) return true;
      waiting.isSettled = true;
      waiting.reject(error);
      return false;
    });
  }
}

const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError({ code: 'database.unavailable', message, ...(cause !== undefined && { cause, detail: String(cause) }) });

/** Class 22 is "data exception": the values themselves cannot be stored. */
function refusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const facts = { detail: String(error), cause: error };
  if (code === 'CONNECTION_ENDED') return unavailable('the database connection is closed', error);
  if (!code.startsWith('22')) {
    return new AppError({ code: 'server.internal', message: 'the event could not be stored', ...facts });
  }
  return new AppError({ code: 'event.unstorable', message: 'the database cannot store this event', ...facts });
}
