/** One seeded chaos run from an empty folder to a verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '../random.ts';
import { checkLog, checkProcesses, checkScreens } from './check.ts';
import { type Durations, type FaultName, prepareFault } from './fault.ts';
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

/** One line of contract.md's `runs`; the fields after `violations` are additions. */
export interface ChaosRun {
  seed: number;
  fault: FaultName;
  /** When the fault hit, ISO 8601 UTC. */
  at: string;
  /** Things that were under way then: commands and typed lines without an answer. */
  inFlight: number;
  ok: boolean;
  violations: string[];
  inFlightOf: InFlight;
  /** Whether a real Chromium window was among the browsers. */
  chromium: boolean;
  /** From the end of the fault (a dead runner: from Resume). */
  recoveredMs: Recovery | null;
  acked: { events: number; keys: number; prompts: number };
}

export interface RunOptions {
  seed: number;
  fault: FaultName;
  durations: Durations;
  /** With a real Chromium window among the browsers. */
  usesBrowser: boolean;
  note: (line: string) => void;
}

type Outcome = Pick<ChaosRun, 'at' | 'inFlightOf' | 'recoveredMs'>;

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
    ...{ seed, fault, at, ...verdictOf(inFlightOf, violations) },
    ...{ inFlightOf, chromium: usesBrowser, recoveredMs, acked },
  };
}

/** A run in which nothing could have been lost proves nothing. */
export function verdictOf(inFlightOf: InFlight, found: string[]): Pick<ChaosRun, 'inFlight' | 'ok' | 'violations'> {
  const inFlight = inFlightOf.events + inFlightOf.keys;
  const violations = inFlight === 0 ? [...found, 'FLT8 the fault hit nothing in flight'] : found;
  return { inFlight, ok: violations.length === 0, violations };
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

async function check(world: World, fault: FaultName): Promise<string[]> {
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
