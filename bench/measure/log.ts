/** log.append, log.append-batched, log.commit-to-browser: how fast facts become durable and reach a tab. */
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '#protocol/event.ts';
import { newId, type PersonId, type SessionId } from '#protocol/id.ts';
import { createBus } from '#server/bus/index.ts';
import { type Log, openLog, type SessionTopics } from '#server/session/index.ts';
import { toResult } from '../result.ts';
import { withDatabase } from '../seed-home.ts';
import { type BenchOptions, type Measure, settle } from '../stage.ts';

const random = (bytes: Uint8Array) => void randomFillSync(bytes);
const ids = { now: () => Date.now(), random };

/** The log on a real embedded Postgres with production settings, in this process. */
async function withLog<T>(work: (log: Log) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'omnigent-bench-'));
  try {
    return await withDatabase(join(folder, 'home'), async ({ sql }) => {
      const bus = createBus<SessionTopics>(() => undefined);
      const log = await openLog({ sql, bus, clock: { now: () => Date.now() }, random });
      try {
        return await work(log);
      } finally {
        await log.close();
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createSession(log: Log): Promise<SessionId> {
  const id = newId('session', ids);
  const payload = { name: 'bench', source: '/repository', checkout: '/checkout', branch: null, includesChanges: false };
  await log.append(id, [{ type: 'session.created', payload, principal: 'server' }]);
  return id;
}

const fact = (): NewEvent => {
  const payload = {
    terminalId: newId('terminal', ids),
    driver: newId('person', ids) as PersonId,
    how: 'taken' as const,
  };
  return { type: 'driver.changed', payload, principal: 'server' };
};

const common =
  'the log on the embedded Postgres with its production settings (fsync and synchronous_commit on), from `append` to its answer';

export const append: Measure = {
  name: 'log.append',
  run: (_stage, { runs, isQuick }: BenchOptions) =>
    withLog(async (log) => {
      const sessionId = await createSession(log);
      const samples: number[] = [];
      for (let n = -50; n < (runs ?? (isQuick ? 300 : 2_000)); n++) {
        const since = performance.now();
        await log.append(sessionId, [fact()]);
        if (n >= 0) samples.push(performance.now() - since);
      }
      return [
        toResult({ name: 'log.append', unit: 'ms', samples, aimP95: 10, method: `${common}; one event at a time` }),
      ];
    }),
};

const writers = 100;
const roundMs = 1_000;

export const appendBatched: Measure = {
  name: 'log.append-batched',
  run: (_stage, { runs, isQuick }: BenchOptions) =>
    withLog(async (log) => {
      const sessions = await Promise.all(Array.from({ length: writers }, () => createSession(log)));
      let done = 0;
      let isOver = false;
      const write = async (sessionId: SessionId) => {
        for (; !isOver; done++) await log.append(sessionId, [fact()]);
      };
      const all = sessions.map(write);
      await settle(roundMs);
      const samples: number[] = [];
      for (let n = 0; n < (runs ?? (isQuick ? 3 : 10)); n++) {
        const before = done;
        const since = performance.now();
        await settle(roundMs);
        samples.push((1_000 * (done - before)) / (performance.now() - since));
      }
      isOver = true;
      await Promise.all(all);
      return [
        toResult({
          ...{ name: 'log.append-batched', unit: 'events/s', better: 'higher', samples, aim: 3_000 },
          method: `${common}; ${writers} sessions append one event after the other at the same time; windows of 1 s`,
        }),
      ];
    }),
};

export const commitToBrowser: Measure = {
  name: 'log.commit-to-browser',
  async run(stage, { runs, isQuick }) {
    const session = await stage.session(['/bin/cat']);
    const [ada, ben] = [await stage.person(), await stage.person('Ben')];
    let heard: (at: number) => void = () => undefined;
    const subscription = ben.api.session.events.subscribe(
      { session: session.sessionId, after: 0 },
      { onData: ({ data }) => data.type === 'driver.changed' && heard(performance.now()) },
    );
    await settle(500);
    const samples: number[] = [];
    for (let n = -20; n < (runs ?? (isQuick ? 100 : 500)); n++) {
      const person = n % 2 === 0 ? ben : ada;
      const arrived = new Promise<number>((resolve) => {
        heard = resolve;
      });
      const since = performance.now();
      const answered = person.api.terminal.take.mutate({ session: session.sessionId, terminalId: session.terminalId });
      const at = await arrived;
      await answered;
      if (n >= 0) samples.push(at - since);
      await settle(10);
    }
    subscription.unsubscribe();
    await stage.end(session);
    return [
      toResult({
        ...{ name: 'log.commit-to-browser', unit: 'ms', samples, aimP95: 20 },
        method:
          'from sending a command that makes one event (terminal.take) to that event in the subscription of another tab; ' +
          'the command’s way and the commit are included, so this is an upper bound',
      }),
    ];
  },
};
