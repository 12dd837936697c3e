/** What must hold after a fault, read from the database, the process table and the emulators; never from the server's own word alone. */
import { join } from 'node:path';
import postgres from 'postgres';
import type { Sql } from '#db/client.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { verifyLog } from '#server/session/index.ts';
import { type FoundProcess, readTree } from '../process-scan.ts';
import type { ServerProcess } from '../server-process.ts';
import { Watcher } from '../watcher.ts';
import { readJournal } from './journal-file.ts';
import { until } from './wait.ts';
import type { World } from './world.ts';

/** Postgres of this server, as its owner reaches it. */
export async function withDatabase<T>(server: ServerProcess, work: (sql: Sql) => Promise<T>): Promise<T> {
  const { host, port, user, password, database } = await server.database();
  const sql = postgres({
    ...{ host, port, user, password, database, max: 1 },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });
  try {
    return await work(sql as unknown as Sql);
  } finally {
    await sql.end();
  }
}

interface StoredRow {
  seq: number;
  type: string;
  payload: unknown;
  dedupe_key: string;
}

/** I1, I2, I9: the log itself, against what was acknowledged to runner, commands and subscriptions. */
export async function checkLog(world: World): Promise<string[]> {
  const { server, sessionId, followed, commander } = world;
  await awaitAcks(world);
  return withDatabase(server, async (sql) => {
    const wrong = await checkChains(sql, server);
    const rows = await sql<StoredRow[]>`
      select seq, type, payload, dedupe_key from events where session_id = ${sessionId} order by seq`;
    for (const [tab, events] of followed.entries()) wrong.push(...compareFollowed(tab, events, rows));
    wrong.push(...(await checkJournal(world, rows)));
    wrong.push(...commander.violations(rows as unknown as SessionEvent[]));
    return wrong;
  });
}

/** I2, I9: every chain is gapless, and as it was written. */
export async function checkChains(sql: Sql, server: ServerProcess): Promise<string[]> {
  const wrong: string[] = [];
  const chains = await sql<{ id: string; n: number; least: number | null; most: number | null; last: number }[]>`
    select s.id, count(e.seq)::int as n, min(e.seq)::int as least, max(e.seq)::int as most, s.last_seq::int as last
    from sessions s left join events e on e.session_id = s.id group by s.id, s.last_seq`;
  for (const { id, n, least, most, last } of chains) {
    if (n !== last || (n > 0 && (least !== 1 || most !== n)))
      wrong.push(`I2 ${id}: ${n} events, ${least} to ${most}, head ${last}`);
  }
  const verdict = await verifyLog({ sql, anchorFile: join(server.home, 'anchors.jsonl') });
  if (!verdict.ok) wrong.push(`I9 ${JSON.stringify(verdict.firstBad)}`);
  return wrong;
}

/** A subscription that survived the fault delivered every event once, in order, as it is stored. */
function compareFollowed(tab: number, events: SessionEvent[], rows: StoredRow[]): string[] {
  const seqs = events.map(({ seq }) => seq);
  const gap = seqs.findIndex((seq, at) => seq !== at + 1);
  if (gap >= 0) return [`I2 tab ${tab} got event ${seqs[gap]} after ${seqs[gap - 1] ?? 0}`];
  if (events.length !== rows.length) return [`I1 tab ${tab} got ${events.length} of ${rows.length} events`];
  const changed = events.find((event, at) => {
    const row = rows[at];
    return event.type !== row?.type || JSON.stringify(sorted(event.payload)) !== JSON.stringify(sorted(row.payload));
  });
  return changed ? [`I1 event ${changed.seq} was shown to tab ${tab} and is stored differently`] : [];
}

/** Key order is not part of a json value, and Postgres does not keep it. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

const journalOf = ({ server, sessionId }: World) =>
  readJournal(join(server.home, 'sessions', sessionId, 'journal.jsonl'));

/** The runner's last events were acknowledged, or are not going to be. */
async function awaitAcks(world: World): Promise<void> {
  const isSettled = async () => {
    const { acked, last } = await journalOf(world);
    return acked === last;
  };
  await until('', isSettled, 5_000, 100).catch(() => undefined);
}

/** Numbers that a runner leaves out after its predecessor, about. */
const runnerGap = 500_000;

/** Everything the runner was told is committed is in the table, under its own key, and nothing waits to be. */
async function checkJournal(world: World, rows: StoredRow[]): Promise<string[]> {
  const { id, acked, last } = await journalOf(world);
  const own = rows.filter((row) => row.dedupe_key.startsWith(`${id}:`));
  const stored = own.map((row) => Number(row.dedupe_key.slice(id.length + 1))).sort((one, other) => one - other);
  if (acked > 0 && !stored.includes(acked)) return [`I1 event ${acked}, acked to the runner, is not in the log`];
  // Each runner numbers on without a gap; between two of them is one that no session fills.
  const hole = stored.find((n, at) => n > 1 && n - (stored[at - 1] ?? 0) > 1 && n - (stored[at - 1] ?? 0) < runnerGap);
  if (hole) return [`I1 the runner's event before ${hole} is not in the log`];
  return acked < last ? [`FLT2 the runner still waits for the ack of ${last - acked} events`] : [];
}

/** I10: every process of this world belongs to the server, its database or a living runner. */
export async function checkProcesses({ server, people }: Pick<World, 'server' | 'people'>): Promise<string[]> {
  let orphans: FoundProcess[] = [];
  const find = async () => {
    const list = await people[0]?.api.session.processes.query();
    const runners = new Set(list?.sessions.flatMap(({ runner }) => (runner ? [runner.pid] : [])));
    const all = await server.processes();
    const explained = new Set([server.pid]);
    const database = (await server.state()).postgres?.pid;
    const trees = await Promise.all([...runners, ...(database ? [database] : [])].map(readTree));
    for (const pid of [...runners, ...(database ? [database] : []), ...trees.flat().map((entry) => entry.pid)])
      explained.add(pid);
    for (const { pid, ppid } of all) if (runners.has(pid)) explained.add(ppid);
    // The one that waits for the next session.
    const isSpare = new RegExp(`${server.home}/sessions/runner-+(?: |$)`);
    const spare = all.filter(({ ppid, command }) => ppid === server.pid && isSpare.test(command));
    for (const { pid } of [...spare, ...(await Promise.all(spare.map(({ pid }) => readTree(pid)))).flat()])
      explained.add(pid);
    orphans = all.filter(({ pid }) => !explained.has(pid));
    return orphans.length === 0;
  };
  return until('', find, 5_000, 100).then(
    () => [],
    () => orphans.map(({ pid, command }) => `I10 process ${pid} belongs to nobody: ${command.slice(0, 80)}`),
  );
}

export interface ScreenCheck {
  name: string;
  watchers: Watcher[];
  /** Whether a runner carries the terminal, so that its own emulator can be asked. */
  isLive: boolean;
}

/** FLT5: every browser that lived through the fault shows, cell by cell, what the runner's emulator shows. */
export async function checkScreens(world: World, { name, watchers, isLive }: ScreenCheck): Promise<string[]> {
  const [first] = watchers;
  if (!first) return [];
  const drawn = () => watchers.map((watcher) => watcher.drawn);
  await until('', () => new Set(drawn()).size === 1 && watchers.every((watcher) => watcher.isLive), 15_000).catch(
    () => undefined,
  );
  const wrong: string[] = [];
  if (new Set(drawn()).size > 1) wrong.push(`FLT5 ${name}: browsers stand at ${drawn().join(', ')}`);
  const joiner = await joinLate(world, first);
  try {
    if (isLive && joiner.drawn !== first.drawn)
      wrong.push(`FLT5 ${name}: the runner stands at ${joiner.drawn}, browsers at ${first.drawn}`);
    for (const [tab, watcher] of watchers.entries()) {
      const found = watcher.differences(isLive ? joiner : first);
      if (found.length > 0) wrong.push(`FLT5 ${name}: tab ${tab} differs: ${found.join('; ').slice(0, 400)}`);
    }
  } finally {
    joiner.stop();
  }
  return wrong;
}

/** A fresh browser: the runner's own screen on an emulator that has seen nothing else. */
async function joinLate({ people }: World, like: Watcher): Promise<Watcher> {
  const [visitor] = people;
  if (!visitor) throw new Error('nobody signed in');
  const joiner = new Watcher({ visitor, terminalId: like.terminalId });
  await until('', () => joiner.isLive && joiner.drawn > 0, 10_000).catch(() => {
    const { link, seat, hasScreen } = joiner.state ?? {};
    const what = { link, hasSeat: seat != null, hasScreen, drawn: joiner.drawn, connections: joiner.connections };
    throw new Error(`a late joiner has no screen after 10 s: ${JSON.stringify(what)}`);
  });
  await until('', () => joiner.drawn >= like.drawn, 3_000).catch(() => undefined);
  return joiner;
}
