/** session.list, session.open, session.search: what a tab asks over its socket, on 5,000 and 100,000 sessions of 50 events. */
import { toResult } from '../result.ts';
import { seededEvents } from '../seed-home.ts';
import { type BenchOptions, type Measure, type SeededServer, type Stage, settle } from '../stage.ts';

interface Subject {
  name: string;
  /** Aims on the median, ms, for few and for many sessions. */
  aims: { few: number; many: number };
  what: string;
  ask(server: SeededServer, n: number): Promise<unknown>;
}

const few = 5_000;
const many = 100_000;
const warmUp = 20;
/** Keeps below what one tab may ask per second, ms. */
const pauseMs = 12;

async function measureSubject(stage: Stage, options: BenchOptions, subject: Subject, sessions: number) {
  const server = await stage.seeded(sessions, options.note);
  const timed = async (ask: () => Promise<unknown>) => {
    await settle(pauseMs);
    const since = performance.now();
    await ask();
    return performance.now() - since;
  };
  const samples: number[] = [];
  const bare: number[] = [];
  for (let n = -warmUp; n < (options.runs ?? (options.isQuick ? 100 : 500)); n++) {
    const [ms, bareMs] = [
      await timed(() => subject.ask(server, n + warmUp)),
      await timed(() => server.calls.query('person.me')),
    ];
    if (n < 0) continue;
    samples.push(ms);
    bare.push(bareMs);
  }
  return toResult({
    ...{ name: sessions === few ? subject.name : `${subject.name}.${sessions}`, unit: 'ms', samples },
    aim: sessions === few ? subject.aims.few : subject.aims.many,
    baseline: { name: 'a call on the same socket that reads nothing (person.me), in turns', samples: bare },
    method: `${subject.what}; one tRPC call over an open WebSocket, from its first byte out to its parsed answer, one at a time, ${sessions} sessions of ${seededEvents} events, warm`,
  });
}

const measureOf = (subject: Subject): Measure => ({
  name: subject.name,
  async run(stage, options) {
    const results = [await measureSubject(stage, options, subject, few)];
    if (!options.isQuick) results.push(await measureSubject(stage, options, subject, many));
    return results;
  },
});

/** Spread over all of them, the same in every run. */
const pickSession = ({ data }: SeededServer, n: number): string =>
  data.sessionIds[(n * 7_919) % data.sessionIds.length] ?? '';

export const list = measureOf({
  name: 'session.list',
  aims: { few: 3, many: 4 },
  what: 'the first 50 sessions by need with the counts of all groups',
  ask: ({ calls }) => calls.query('session.list', { limit: 50 }),
});

export const open = measureOf({
  name: 'session.open',
  aims: { few: 6, many: 8 },
  what: 'one session with its last 50 events, another one each time',
  ask: (server, n) => server.calls.query('session.get', { session: pickSession(server, n) }),
});

export const find = measureOf({
  name: 'session.search',
  aims: { few: 20, many: 30 },
  what: 'whole words in turn: a frequent one, a middling one, a rare one, one that is nowhere',
  ask({ calls, data: { words } }, n) {
    const queries = [words.common, words.middle, words.rare, words.absent];
    return calls.query('session.search', { query: queries[n % queries.length] ?? words.common });
  },
});
