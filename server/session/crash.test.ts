/** Appends while Postgres, its backends and other writers are killed: nothing acknowledged is lost, nothing is there twice. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Database } from '#db/client.ts';
import { type Embedded, openEmbedded } from '#db/embedded.ts';
import { untilReachable } from '#db/reach.ts';
import { openAt } from '#db/testing.ts';
import type { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { counted, openTestLog, random, startSession, type TestLog } from './testing.ts';
import { verifyLog } from './verify.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

let home: string;
let embedded: Embedded;
let database: Database;
let test: TestLog;
const children: ChildProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'omnigent-crash-'));
  const quiet = () => undefined;
  embedded = await openEmbedded({ home, log: quiet, progress: quiet, random });
  database = await openAt({ embedded: embedded.address });
  test = await openTestLog(database.sql, { patienceMs: 60_000 });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await test.log.close();
  await database.close();
  await embedded.stop();
  await rm(home, { recursive: true, force: true });
});

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await sleep(5);
  }
}

/** Six writers, each with a session of its own and one they share, until `stop`. */
async function startWriters() {
  const shared = await startSession(test.log);
  const acked: { id: string; seq: number; mark: number }[] = [];
  const unknown: number[] = [];
  let isStopped = false;
  let mark = 0;
  const write = async () => {
    const own = await startSession(test.log);
    while (!isStopped) {
      const id = mark % 3 === 0 ? shared : own;
      const current = ++mark;
      // Every second one by a function, as decisions are made.
      const events = current % 2 === 0 ? [counted(current)] : () => [counted(current)];
      try {
        const [result] = await test.log.append(id, events);
        acked.push({ id, seq: result?.seq ?? 0, mark: current });
      } catch (error) {
        expect((error as AppError).code).toBe('database.unavailable');
        unknown.push(current);
      }
    }
  };
  const writing = Promise.all(Array.from({ length: 6 }, write));
  return {
    shared,
    acked,
    unknown,
    async stop() {
      isStopped = true;
      await writing;
    },
  };
}

const markOf = (event: SessionEvent) => (event.type === 'runner.lost' ? event.payload.epoch - 1 : 0);

/** Every acknowledged event is where it was said to be, no event is there twice, and every chain holds. */
async function checkLogs({ acked, unknown }: Awaited<ReturnType<typeof startWriters>>): Promise<void> {
  const stored = new Map<string, number>();
  const marks: number[] = [];
  for (const id of new Set(acked.map((ack) => ack.id))) {
    const events = await test.log.read(id, { after: 0, limit: 1_000_000 });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    for (const event of events.slice(1)) {
      stored.set(`${id}/${event.seq}`, markOf(event));
      marks.push(markOf(event));
    }
  }
  for (const { id, seq, mark } of acked) expect(stored.get(`${id}/${seq}`)).toBe(mark);
  expect(new Set(marks).size).toBe(marks.length);
  expect(marks.length).toBeLessThanOrEqual(acked.length + unknown.length);
  expect(await verifyLog({ sql: database.sql, anchorFile: join(home, 'none') })).toMatchObject({ ok: true });
}

it('[LOG23] kill -9 of Postgres under six writers loses no acknowledged event and doubles none', async () => {
  const writers = await startWriters();
  const seen: number[] = [];
  const abort = new AbortController();
  const following = (async () => {
    for await (const event of test.log.subscribe(writers.shared, 0, abort.signal)) seen.push(event.seq);
  })();
  for (let round = 0; round < 3; round++) {
    const [pid, before] = [embedded.pid(), writers.acked.length];
    await until('they write', () => writers.acked.length > before + 100);
    process.kill(pid, 'SIGKILL');
    // Backends outlive it for a moment and still answer: only a new pid is a restart.
    await until('it was started again', () => embedded.pid() !== pid);
  }
  const before = writers.acked.length;
  await until('they write again', () => writers.acked.length > before + 100);
  await writers.stop();
  expect(writers.unknown).toEqual([]);
  await checkLogs(writers);
  const last = (await test.log.view(writers.shared))?.lastSeq ?? 0;
  await until('the subscriber has all', () => seen.length >= last);
  abort.abort();
  await following;
  expect(seen).toEqual(seen.map((_, index) => index + 1));
});

it('[LOG23] kill -9 of a backend restarts every connection and doubles no event', async () => {
  const writers = await startWriters();
  for (let round = 0; round < 3; round++) {
    const before = writers.acked.length;
    await until('they write', () => writers.acked.length > before + 100);
    const rows = await database.sql<{ pid: number }[]>`
      select pid from pg_stat_activity where backend_type = 'client backend' and query like '%search_marks%' is false
        and pid <> pg_backend_pid() and datname = current_database()`.catch(() => []);
    const victim = rows.at(-1);
    if (victim) process.kill(victim.pid, 'SIGKILL');
  }
  const before = writers.acked.length;
  await until('they write again', () => writers.acked.length > before + 100);
  await writers.stop();
  await checkLogs(writers);
});

it('[LOG24] an append outlives a short absence of the database, and is refused as unavailable after its patience', async () => {
  const id = await startSession(test.log);
  process.kill(embedded.pid(), 'SIGKILL');
  expect(await test.log.append(id, [counted(1)])).toEqual([{ seq: 2, isNew: true }]);
  const other = await openTestLog(database.sql, { patienceMs: 1_000 });
  await embedded.stop();
  const started = performance.now();
  const results = await Promise.allSettled([other.log.append(id, [counted(2)]), other.log.append(id, [counted(3)])]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'database.unavailable' } });
  expect(performance.now() - started).toBeGreaterThan(990);
  const quiet = () => undefined;
  embedded = await openEmbedded({ home, log: quiet, progress: quiet, random });
  await untilReachable(() => database.sql`select 1`);
  expect(await other.log.append(id, [counted(4)])).toEqual([{ seq: 3, isNew: true }]);
  expect(await test.log.append(id, [counted(5)])).toEqual([{ seq: 4, isNew: true }]);
  await other.log.close();
});

it('[LOG25] kill -9 of a server that writes loses nothing it acknowledged, and the next one goes on', async () => {
  const id = await startSession(test.log);
  const file = fileURLToPath(new URL('./testing-writer.ts', import.meta.url));
  for (let round = 0; round < 2; round++) {
    const address = JSON.stringify(embedded.address);
    const child = spawn(process.execPath, ['--import', 'tsx', file, address, id, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const acked: number[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => acked.push(Number(line)));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until('it writes', () => acked.length > 50);
    child.kill('SIGKILL');
    await ended;
    const events = await test.log.read(id, { after: 0, limit: 100_000 });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const keys = await database.sql<{ seq: number }[]>`
      select seq from events where session_id = ${id} and dedupe_key like ${`writer ${round} %`}`;
    expect(keys.map((row) => row.seq)).toEqual(expect.arrayContaining(acked));
    const [result] = await test.log.append(id, [counted(round)]);
    expect(result?.seq).toBe(events.length + 1);
  }
  expect(await verifyLog({ sql: database.sql, anchorFile: join(home, 'none') })).toMatchObject({ ok: true });
});
