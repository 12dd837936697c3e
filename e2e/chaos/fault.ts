/** The faults: how each hits, what must be seen while it lasts, and how it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '#runner/sandbox/process-table.ts';
import { type FoundProcess, readTree } from '../process-scan.ts';
import type { Random } from '../random.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

export const sessionFaults = ['kill-server', 'kill-postgres', 'cut-link', 'kill-runner', 'stop-server'] as const;
export type SessionFault = (typeof sessionFaults)[number];

export interface Durations {
  /** How long the runner's link stays cut, s. */
  cutSeconds: number;
  /** How long the server stays stopped, s. */
  stopSeconds: number;
}

/** issue and contract: the durations of a full run. */
export const fullDurations: Durations = { cutSeconds: 60, stopSeconds: 30 };

/** A half-open link is found within 15 s (protocol/runner-message.ts); a little more for a busy machine, ms. */
const noticedMs = 17_000;
/** A dead process is noticed by the host's look at the process table, ms. */
const confirmedMs = 5_000;

/** One fault of a run. `hit` strikes at once, in the same turn of the event loop; `last` goes on until the fault is over. */
export interface Fault {
  hit(): void;
  last(): Promise<string[]>;
}

export async function prepareFault(
  name: SessionFault,
  world: World,
  random: Random,
  durations: Durations,
): Promise<Fault> {
  switch (name) {
    case 'kill-server':
      return killServer(world, random);
    case 'kill-postgres':
      return killPostgres(world);
    case 'cut-link':
      return cutLink(world, random, durations.cutSeconds);
    case 'kill-runner':
      return killRunner(world);
    case 'stop-server':
      return stopServer(world, durations.stopSeconds);
  }
}

export function killServer({ server }: Pick<World, 'server'>, random: Random): Fault {
  const { pid } = server;
  return {
    hit: () => void process.kill(pid, 'SIGKILL'),
    async last() {
      await server.kill();
      await sleep(random.between(0, 1_500));
      await server.restart();
      return [];
    },
  };
}

export async function killPostgres({ server }: Pick<World, 'server'>): Promise<Fault> {
  const before = (await server.state()).postgres;
  if (!before) throw new Error('no embedded database');
  return {
    hit: () => void process.kill(before.pid, 'SIGKILL'),
    async last() {
      const isBack = async () => {
        const now = (await server.state()).postgres;
        return now !== null && now.pid !== before.pid;
      };
      await until('Postgres runs again', isBack, 20_000);
      return [];
    },
  };
}

const statusOf = async ({ people, sessionId }: World): Promise<string> => {
  const [ada] = people;
  return (await ada?.api.session.get.query({ session: sessionId }))?.view.status ?? 'unknown';
};

function cutLink(world: World, random: Random, seconds: number): Fault {
  const kind = random.pick(['silent', 'reset'] as const);
  return {
    hit: () => world.proxy.cut(kind),
    async last() {
      const wrong: string[] = [];
      const since = performance.now();
      if (seconds * 1000 > noticedMs || kind === 'reset') {
        await until('', async () => (await statusOf(world)) === 'unreachable', noticedMs, 100).catch(() => {
          wrong.push(`FLT7 the ${kind} link was not called unreachable within ${noticedMs / 1000} s`);
        });
      }
      await sleep(Math.max(0, seconds * 1000 - (performance.now() - since)));
      world.proxy.mend();
      return wrong;
    },
  };
}

async function killRunner(world: World): Promise<Fault> {
  const { people, sessionId, converser } = world;
  const list = await people[0]?.api.session.processes.query();
  const runnerOf = (session: string) => list?.sessions.find(({ id }) => id === session)?.runner;
  const [runner, talking] = [runnerOf(sessionId), runnerOf(converser.sessionId)];
  if (!runner || !talking) throw new Error('the session has no runner');
  let below: FoundProcess[] = [];
  const note = (found: FoundProcess[]) => {
    below = found;
  };
  // A tree that is read while it dies looks empty; what was seen before counts.
  const look = setInterval(() => void readTree(runner.pid).then((found) => found.length > 0 && note(found)), 50);
  return {
    hit: () => {
      process.kill(talking.pid, 'SIGKILL');
      process.kill(runner.pid, 'SIGKILL');
    },
    async last() {
      clearInterval(look);
      const wrong: string[] = [];
      const survivors = () => below.filter(isAlive);
      await until('', () => survivors().length === 0, confirmedMs).catch(() => {
        wrong.push(
          `I10 ${survivors().length} processes outlived their runner: ${survivors().map(({ command }) => command.slice(0, 60))}`,
        );
      });
      await until('', async () => (await statusOf(world)) === 'interrupted', confirmedMs).catch(async () => {
        wrong.push(`FLT6 after its runner died the session is ${await statusOf(world)}`);
      });
      return wrong;
    },
  };
}

function stopServer({ server }: World, seconds: number): Fault {
  const { pid } = server;
  return {
    hit: () => void process.kill(pid, 'SIGSTOP'),
    async last() {
      await sleep(seconds * 1000);
      process.kill(pid, 'SIGCONT');
      return [];
    },
  };
}
