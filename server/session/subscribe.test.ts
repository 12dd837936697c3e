/** Following a log: every event once and in order, from any cursor, whatever happens meanwhile. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '#db/testing.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { createBus } from '#server/bus/index.ts';
import { type Follow, followLog } from './subscribe.ts';
import { counted, openTestLog, startSession, type TestLog } from './testing.ts';

let database: TestDatabase;
let test: TestLog;

beforeAll(async () => {
  database = await openTestDatabase();
  test = await openTestLog(database.sql);
});
afterAll(async () => {
  await test.log.close();
  await database.close();
});

const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

/** Takes events until one has seq `last`. */
async function takeUntil(events: AsyncGenerator<SessionEvent>, last: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of events) {
    seqs.push(event.seq);
    if (event.seq >= last) return seqs;
  }
  return seqs;
}

it('[LOG13] a subscriber gets every event after its cursor once, in order, while others append', async () => {
  const id = await startSession(test.log, 50);
  const abort = new AbortController();
  const writing = Promise.all(range(0, 300).map((n) => test.log.append(id, [counted(n)])));
  const cursors = [0, 1, 25, 49, 50, 51, 200, 349];
  const following = cursors.map((cursor) => takeUntil(test.log.subscribe(id, cursor, abort.signal), 350));
  await writing;
  const seen = await Promise.all(following);
  for (const [index, cursor] of cursors.entries()) expect(seen[index]).toEqual(range(cursor + 1, 350 - cursor));
});

it('[LOG13] a subscriber that stops and comes back with its last seq misses nothing', async () => {
  const id = await startSession(test.log);
  let isDone = false;
  const writing = (async () => {
    for (const n of range(0, 200)) await test.log.append(id, [counted(n)]);
    isDone = true;
  })();
  const seen: number[] = [];
  while (!isDone || (seen.at(-1) ?? 0) < 201) {
    const abort = new AbortController();
    const from = seen.at(-1) ?? 0;
    for await (const event of test.log.subscribe(id, from, abort.signal)) {
      seen.push(event.seq);
      if (event.seq === 201 || event.seq - from >= 7) break;
    }
    abort.abort();
  }
  await writing;
  expect(seen).toEqual(range(1, 201));
});

it('[LOG13] aborting ends a subscription that waits, and leaves no listener', async () => {
  const id = await startSession(test.log);
  const abort = new AbortController();
  const events = test.log.subscribe(id, 0, abort.signal);
  expect((await events.next()).value).toMatchObject({ seq: 1 });
  const waiting = events.next();
  abort.abort();
  expect(await waiting).toMatchObject({ done: true });
  const already = test.log.subscribe(id, 0, abort.signal);
  expect(await already.next()).toMatchObject({ done: true });
});

/** A log in memory that counts how much a subscriber reads and holds. */
function memoryLog() {
  const bus = createBus<{ event: SessionEvent }>((error) => {
    throw error;
  });
  const stored: SessionEvent[] = [];
  const reads: number[] = [];
  let listeners = 0;
  const follow: Follow = {
    listen(listener) {
      listeners++;
      const leave = bus.subscribe('event', listener);
      return () => {
        listeners--;
        leave();
      };
    },
    async read(after, limit) {
      reads.push(after);
      return stored.slice(after, after + limit);
    },
  };
  const event = (seq: number) => ({ seq }) as SessionEvent;
  return {
    follow,
    reads,
    listeners: () => listeners,
    store: (...seqs: number[]) => void stored.push(...seqs.map(event)),
    announce: (...seqs: number[]) => {
      for (const seq of seqs) bus.publish('event', event(seq));
    },
  };
}

it('[LOG14] a subscriber far behind reads from the log again instead of piling up events', async () => {
  const memory = memoryLog();
  const abort = new AbortController();
  memory.store(1);
  const events = followLog(memory.follow, 0, abort.signal);
  expect((await events.next()).value?.seq).toBe(1);
  const waiting = events.next();
  for (const seq of range(2, 5_000)) {
    memory.store(seq);
    memory.announce(seq);
  }
  const seen = [(await waiting).value?.seq, ...(await takeUntil(events, 5_001))];
  expect(seen).toEqual(range(2, 5_000));
  expect(memory.reads.length).toBeGreaterThan(1);
  abort.abort();
  await events.return(undefined);
  expect(memory.listeners()).toBe(0);
});

it('[LOG14] an announcement that was missed is read from the log', async () => {
  const memory = memoryLog();
  const events = followLog(memory.follow, 0, new AbortController().signal);
  memory.store(1);
  expect((await events.next()).value?.seq).toBe(1);
  const waiting = events.next();
  memory.store(2, 3, 4);
  memory.announce(4, 2, 3, 4);
  expect([(await waiting).value?.seq, ...(await takeUntil(events, 4))]).toEqual([2, 3, 4]);
  await events.return(undefined);
  expect(memory.listeners()).toBe(0);
});
