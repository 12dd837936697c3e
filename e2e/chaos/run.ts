/** One seeded chaos run from an empty folder to a verdict. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Watcher } from '../watcher.ts';
import { checkLog, checkProcesses, checkScreens } from './check.ts';
import { type Durations, type FaultName, prepareFault } from './fault.ts';
import { type Random, seededRandom } from './random.ts';
import { Typist } from './typist.ts';
import { until } from './wait.ts';
import { openWorld, type World } from './world.ts';

export interface InFlight {
  /** Commands without an answer; each becomes at least one event. */
  events: number;
  /** Lines typed and not acked. */
  keys: number;
  /** Bytes the program had written and the slowest browser had not drawn. */
  bytes: number;
}

/** Time until every browser was live, commands succeeded and typed lines were acked again, ms; null: not seen. */
export interface Recovery {
  browsers: number | null;
  events: number | null;
  keys: number | null;
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
  /** From the end of the fault (a dead runner: from Resume). */
  recoveredMs: Recovery | null;
  acked: { events: number; keys: number };
}

export interface RunOptions {
  seed: number;
  fault: FaultName;
  durations: Durations;
  note: (line: string) => void;
}

/** Everything is back within this long after the fault ended, ms. */
const recoveryMs = 30_000;

export async function runOnce(options: RunOptions): Promise<ChaosRun> {
  const { seed, fault, note } = options;
  const random = seededRandom(seed);
  const world = await openWorld(random, { usesProxy: fault === 'cut-link' });
  const violations: string[] = [];
  let result: Pick<ChaosRun, 'at' | 'inFlightOf' | 'recoveredMs'> | null = null;
  try {
    result = await strike(world, random, options, violations);
  } catch (cause) {
    violations.push(`FLT9 the run did not end: ${cause instanceof Error ? cause.message : String(cause)}`);
    note(cause instanceof Error ? (cause.stack ?? '') : '');
  }
  if (violations.length > 0) note(world.server.output);
  const acked = { events: world.commander.acked, keys: world.typist.acked };
  await world
    .close()
    .catch((cause: unknown) => violations.push(`I10 ${cause instanceof Error ? cause.message : String(cause)}`));
  const inFlightOf = result?.inFlightOf ?? { events: 0, keys: 0, bytes: 0 };
  return {
    ...{ seed, fault, at: result?.at ?? new Date().toISOString(), ...verdictOf(inFlightOf, violations) },
    ...{ inFlightOf, recoveredMs: result?.recoveredMs ?? null, acked },
  };
}

/** A run in which nothing could have been lost proves nothing. */
export function verdictOf(inFlightOf: InFlight, found: string[]): Pick<ChaosRun, 'inFlight' | 'ok' | 'violations'> {
  const inFlight = inFlightOf.events + inFlightOf.keys;
  const violations = inFlight === 0 ? [...found, 'FLT8 the fault hit nothing in flight'] : found;
  return { inFlight, ok: violations.length === 0, violations };
}

async function strike(world: World, random: Random, options: RunOptions, violations: string[]) {
  const { typist, commander } = world;
  const fault = await prepareFault(options.fault, world, random, options.durations);
  typist.start();
  commander.start();
  await sleep(random.between(1_000, 3_500));
  const inFlightOf = await momentInFlight(world);
  fault.hit();
  const at = new Date().toISOString();
  violations.push(...(await fault.last()));
  const recoveredMs =
    options.fault === 'kill-runner' ? await endDead(world, violations) : await recover(world, violations);
  await quiesce(world, options.fault);
  violations.push(...(await check(world, options.fault)));
  return { at, inFlightOf, recoveredMs };
}

/** Looks in every turn of the event loop until keys and commands are under way, and returns in that very turn. */
async function momentInFlight(world: World): Promise<InFlight> {
  const { typist, commander, floodWatchers } = world;
  const deadline = performance.now() + 3_000;
  while (performance.now() < deadline) {
    if (typist.inFlight > 0 && commander.inFlight > 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const drawn = Math.min(...floodWatchers.map((watcher) => watcher.drawn));
  return { events: commander.inFlight, keys: typist.inFlight, bytes: Math.max(0, world.flooded() - drawn) };
}

/** Without anybody's help: every browser is live, commands succeed, typed lines are acked. */
async function recover(world: World, violations: string[]): Promise<Recovery> {
  const { typist, commander, floodWatchers, shellWatchers } = world;
  const watchers = [...floodWatchers, ...shellWatchers];
  const acked = typist.acked;
  commander.mark();
  const parts = {
    browsers: () => watchers.every((watcher) => watcher.isLive && watcher.state?.seat?.isLive === true),
    events: () => commander.done >= 6,
    keys: () => typist.acked > acked + 3,
  };
  const since = performance.now();
  const took: Recovery = { browsers: null, events: null, keys: null };
  const look = () => {
    for (const name of ['browsers', 'events', 'keys'] as const) {
      if (took[name] === null && parts[name]()) took[name] = Math.round(performance.now() - since);
    }
    return Object.values(took).every((ms) => ms !== null);
  };
  await until('', look, recoveryMs).catch(() => {
    const links = watchers.map((watcher) => watcher.state?.link.kind);
    violations.push(
      `FLT5 not back within ${recoveryMs / 1000} s: ${JSON.stringify(took)}, browsers ${links.join(' ')}`,
    );
  });
  return took;
}

/** A dead runner's session offers Resume, and what was resumed works. */
async function endDead(world: World, violations: string[]): Promise<Recovery | null> {
  const since = performance.now();
  const { people, sessionId, typist, commander } = world;
  const [ada] = people;
  if (!ada) return null;
  typist.stop();
  await commander.stop();
  await ada.api.session.resume.mutate({ session: sessionId });
  const view = async () => (await ada.api.session.get.query({ session: sessionId })).view;
  await until(
    'the resumed session has a terminal',
    async () => (await view()).terminals.some(({ closed }) => !closed),
    15_000,
  );
  const terminalId = (await view()).terminals.find(({ closed }) => !closed)?.terminalId;
  if (!terminalId) return null;
  const again = new Typist({
    type: (data) => watcher.type(data),
    file: `${world.checkout}/resumed.txt`,
    fileName: 'resumed.txt',
  });
  const watcher = new Watcher({
    ...{ visitor: ada, terminalId },
    onSent: (input) => again.sent(input),
    onAnswered: (answer) => again.answered(answer),
  });
  again.start();
  await until('', () => again.acked >= 10, 15_000).catch(() =>
    violations.push('FLT6 the resumed session takes no keys'),
  );
  const keys = Math.round(performance.now() - since);
  again.stop();
  await until('', async () => (await again.violations(true)).length === 0, 5_000).catch(async () => {
    violations.push(...(await again.violations(true)));
  });
  watcher.stop();
  return { browsers: null, events: null, keys };
}

/** Nobody types, nothing is printed any more, and what was printed has reached the browsers. */
async function quiesce(world: World, fault: FaultName): Promise<void> {
  const { typist, commander, floodWatchers, shellWatchers } = world;
  typist.stop();
  await commander.stop();
  await world.endFlood();
  let last = '';
  let stableSince = performance.now();
  await until(
    'the terminals fall silent',
    () => {
      const now = [...floodWatchers, ...shellWatchers].map((watcher) => watcher.drawn).join();
      if (now !== last) stableSince = performance.now();
      last = now;
      const ended = floodWatchers.every((watcher) => watcher.lines().some((line) => line.includes('flood ended')));
      return (ended || fault === 'kill-runner') && typist.inFlight === 0 && performance.now() - stableSince > 700;
    },
    30_000,
    50,
  );
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
    ...(await checkScreens(world, { name: 'shell', watchers: shellWatchers, isLive: isAlive })),
    ...(await checkLog(world)),
    ...(isAlive ? [] : await checkLost(world)),
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
