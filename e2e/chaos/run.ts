/** One seeded chaos run from an empty folder to a verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '../random.ts';
import { type ChaosRun, verdictOf } from './chaos-run.ts';
import { checkLog, checkProcesses, checkScreens } from './check.ts';
import { type Durations, prepareFault, type SessionFault } from './fault.ts';
import { endDead, quiesce, type Recovery, recover } from './recovery.ts';
import { openWorld, type World } from './world.ts';

export interface InFlight {
  /** Commands without an answer; each becomes at least one event. */
  events: number;
  /** Lines typed and not acked. */
  keys: number;
  /** Calls of a model that stream. */
  calls: number;
  /** Bytes the program had written and the slowest browser had not drawn. */
  bytes: number;
}

export interface RunOptions {
  seed: number;
  fault: SessionFault;
  durations: Durations;
  /** With a real Chromium window among the browsers. */
  usesBrowser: boolean;
  note: (line: string) => void;
}

interface Outcome {
  at: string;
  inFlightOf: InFlight;
  recoveredMs: Recovery | null;
}

export async function runOnce(options: RunOptions): Promise<ChaosRun> {
  const { seed, fault, usesBrowser, note } = options;
  const random = seededRandom(seed);
  const violations: string[] = [];
  let result: Outcome = {
    at: new Date().toISOString(),
    inFlightOf: { events: 0, keys: 0, calls: 0, bytes: 0 },
    recoveredMs: null,
  };
  let acked = { events: 0, keys: 0, prompts: 0 };
  const failed = (rule: string, cause: unknown) => {
    violations.push(`${rule} ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`);
    note(cause instanceof Error ? (cause.stack ?? cause.message) : '');
  };
  try {
    const world = await openWorld(random, { usesProxy: fault === 'cut-link', usesBrowser });
    await strike(world, random, options, violations).then(
      (outcome) => {
        result = outcome;
      },
      (cause: unknown) => failed('FLT9 the run did not end:', cause),
    );
    if (violations.length > 0) note(world.server.output);
    acked = { events: world.commander.acked, keys: world.typist.acked, prompts: world.converser.acked };
    await world.close().catch((cause: unknown) => failed('I10', cause));
  } catch (cause) {
    failed('FLT9', cause);
  }
  const { at, inFlightOf, recoveredMs } = result;
  return {
    ...{ seed, fault, at, ...verdictOf(inFlightOf.events + inFlightOf.keys, violations) },
    ...{ inFlightOf: { ...inFlightOf }, chromium: usesBrowser, recoveredMs: recoveredMs && { ...recoveredMs }, acked },
  };
}

async function strike(world: World, random: Random, options: RunOptions, violations: string[]): Promise<Outcome> {
  const { typist, commander, converser } = world;
  const fault = await prepareFault(options.fault, world, random, options.durations);
  typist.start();
  commander.start();
  converser.start();
  await sleep(random.between(1_000, 3_500));
  const inFlightOf = await momentInFlight(world);
  fault.hit();
  const at = new Date().toISOString();
  violations.push(...(await fault.last()));
  const recoveredMs =
    options.fault === 'kill-runner' ? await endDead(world, violations) : await recover(world, violations);
  await quiesce(world, options.fault);
  await converser.settle(violations);
  violations.push(...(await check(world, options.fault)));
  return { at, inFlightOf, recoveredMs };
}

/** Looks in every turn of the event loop until keys and commands are under way, and returns in that very turn. */
async function momentInFlight(world: World): Promise<InFlight> {
  const { typist, commander, converser, floodWatchers } = world;
  const deadline = performance.now() + 3_000;
  while (performance.now() < deadline) {
    if (typist.inFlight > 0 && commander.inFlight > 0 && converser.inFlight > 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const drawn = Math.min(...floodWatchers.map((watcher) => watcher.drawn));
  const { inFlight: calls } = converser;
  return { events: commander.inFlight, keys: typist.inFlight, calls, bytes: Math.max(0, world.flooded() - drawn) };
}

async function check(world: World, fault: SessionFault): Promise<string[]> {
  const isAlive = fault !== 'kill-runner';
  const { people, sessionId, floodWatchers, shellWatchers } = world;
  const status = (await people[0]?.api.session.get.query({ session: sessionId }))?.view.status;
  const expected = isAlive ? 'working' : 'idle';
  return [
    ...(status === expected ? [] : [`FLT7 the session is ${status}, not ${expected}`]),
    ...(await world.typist.violations(isAlive)),
    ...(await checkScreens(world, { name: 'flood', watchers: floodWatchers, isLive: isAlive })),
    ...(isAlive && floodWatchers[0] ? ((await world.window?.violations(floodWatchers[0].terminal)) ?? []) : []),
    ...(await checkScreens(world, { name: 'shell', watchers: shellWatchers, isLive: isAlive })),
    ...(await checkLog(world)),
    ...(isAlive ? [] : await checkLost(world)),
    ...(await world.converser.violations()),
    ...(await checkProcesses(world)),
  ];
}

/** FLT6: first unreachable, then interrupted, then resumed; told once each. */
async function checkLost({ followed }: World): Promise<string[]> {
  const life = new Set(['runner.lost', 'session.interrupted', 'session.resumed', 'runner.connected']);
  const seen = followed[0]?.map(({ type }) => type).filter((type) => life.has(type)) ?? [];
  const wanted = 'runner.connected runner.lost session.interrupted session.resumed runner.connected';
  return seen.join(' ') === wanted ? [] : [`FLT6 the log tells ${seen.join(' ')}`];
}
