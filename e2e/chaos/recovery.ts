/** What happens between a fault and the checks: everything comes back by itself, or by Resume, and then falls silent. */
import { Watcher } from '../watcher.ts';
import type { SessionFault } from './fault.ts';
import { Typist } from './typist.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

/** Time until every browser was live, commands succeeded and typed lines were acked again, ms; null: not seen. */
export interface Recovery {
  browsers: number | null;
  events: number | null;
  keys: number | null;
}

/** Everything is back within this long after the fault ended, ms. */
const recoveryMs = 30_000;

/** Without anybody's help: every browser is live, commands succeed, typed lines are acked. */
export async function recover(world: World, violations: string[]): Promise<Recovery> {
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
export async function endDead(world: World, violations: string[]): Promise<Recovery | null> {
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
export async function quiesce(world: World, fault: SessionFault): Promise<void> {
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
