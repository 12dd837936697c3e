/** A server starts on what one that was killed left: many sessions, some of whose runners live. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId, type SessionId } from '#protocol/id.ts';
import type { Status } from '#protocol/status.ts';
import { openTestServer, random, type TestServer, type Visitor } from '#server/testing.ts';
import { startSession, TestRunner, type TestSession } from '#server/testing-runner.ts';
import { unfinished } from './unfinished.ts';

const patience = { timeout: 15_000 };

let first: TestServer;
/** The newest one; it closes for both. */
let server: TestServer;
beforeEach(async () => {
  first = await openTestServer();
  server = first;
});
afterEach(() => server.close());

/** Kills the server and starts the next one, which looks after what is unfinished as the boot does. */
async function restart(between: () => Promise<unknown> = async () => {}): Promise<TestServer> {
  const remains = await first.crash();
  await between();
  const next = await openTestServer({}, remains);
  server = next;
  await next.services.runners.recover(await unfinished(next.services.log));
  return next;
}

const statusIn = async (of: TestServer, sessionId: SessionId): Promise<Status | undefined> =>
  (await of.services.log.view(sessionId))?.status;

/** What the server itself recorded after event `after`. */
async function recorded(of: TestServer, sessionId: SessionId, after = 0) {
  const events = await of.services.log.read(sessionId, { after, limit: 500 });
  return events.filter(({ principal }) => principal === 'server').map(({ type }) => type);
}

const idOf = ({ sessionId }: TestSession) => sessionId;
const pidOf = (of: TestServer, { launch }: TestSession) => of.host.launches.indexOf(launch) + 1;
const stateOf = ({ terminalId }: TestSession) => ({
  ...{ terminalId, start: 0, end: 0, cols: 80, rows: 24, isRunning: true },
});

async function startMany(visitor: Visitor, count: number): Promise<TestSession[]> {
  const started: TestSession[] = [];
  while (started.length < count) started.push(await startSession(first, visitor));
  return started;
}

it('[RUN18] runners that dial go on, dead ones are interrupted at once, silent ones are unreachable', async () => {
  const ada = await first.signIn();
  const dialling = await startMany(ada, 3);
  const silent = await startMany(ada, 2);
  const dead = await startMany(ada, 3);
  const all = [...dialling, ...silent, ...dead].map(idOf);
  const before = new Map(
    await Promise.all(all.map(async (id) => [id, (await first.services.log.view(id))?.lastSeq ?? 0] as const)),
  );
  const now = await restart(async () => {
    for (const session of dead) first.host.die(pidOf(first, session));
  });

  expect(await Promise.all(dead.map(({ sessionId }) => statusIn(now, sessionId)))).toEqual(
    dead.map(() => 'interrupted'),
  );
  for (const session of dialling) await TestRunner.start(now, session.launch, [stateOf(session)]);
  const statuses = () => Promise.all(silent.map(({ sessionId }) => statusIn(now, sessionId)));
  await expect.poll(statuses, patience).toEqual(silent.map(() => 'unreachable'));
  expect(await Promise.all(dialling.map(({ sessionId }) => statusIn(now, sessionId)))).toEqual(
    dialling.map(() => 'idle'),
  );
  const told = await Promise.all(all.map((id) => recorded(now, id, before.get(id))));
  const interrupted = ['runner.lost', 'session.interrupted'];
  expect(told).toEqual([
    ...dialling.map(() => []),
    ...silent.map(() => ['runner.lost']),
    ...dead.map(() => interrupted),
  ]);

  const [late, dying] = silent;
  if (!late || !dying) throw new Error('two are silent');
  await TestRunner.start(now, late.launch, [stateOf(late)]);
  expect(await statusIn(now, late.sessionId)).toBe('idle');
  now.host.die(pidOf(now, dying));
  await expect.poll(() => statusIn(now, dying.sessionId), patience).toBe('interrupted');
});

it('[RUN18] a runner that was never launched is interrupted; what was stopped, ended or failed stays as it is', async () => {
  const ada = await first.signIn();
  const person = { personId: ada.personId, name: 'ada', role: 'owner' as const };
  const [unregistered, launching, paused, ended] = await startMany(ada, 4);
  if (!unregistered || !launching || !paused || !ended) throw new Error('four were started');
  await first.services.lifecycle.stop(paused.sessionId, person);
  await first.services.lifecycle.end(ended.sessionId, person, true);
  first.host.failure = new Error('no more processes');
  const failed = await first.services.lifecycle.create({ dir: first.home }, person);
  const before = await first.services.log.view(paused.sessionId);
  const now = await restart(async () => {
    await first.sql`delete from runners where session_id = ${unregistered.sessionId}`;
    await first.sql`update runners set pid = null where session_id = ${launching.sessionId}`;
  });

  expect(await recorded(now, unregistered.sessionId)).toEqual(['session.interrupted']);
  expect(await statusIn(now, launching.sessionId)).not.toBe('interrupted');
  await expect.poll(() => recorded(now, launching.sessionId), patience).toEqual(['session.interrupted']);
  expect(await statusIn(now, failed.sessionId)).toBe('failed');
  expect(await statusIn(now, ended.sessionId)).toBe('ended');
  expect(await now.services.log.view(paused.sessionId)).toEqual(before);
});

it('[RUN18] hundreds of dead runners are each told once, however many pages and commits it takes', async () => {
  const { log, now } = first.services;
  const { personId } = await first.signIn();
  const ids = Array.from({ length: 450 }, () => newId('session', { now, random }));
  await Promise.all(
    ids.map((id) => {
      const checkout = `${first.home}/sessions/${id}/checkout`;
      const payload = { name: id, source: first.home, checkout, branch: null, includesChanges: false };
      return log.append(id, [{ type: 'session.created', payload, principal: personId }]);
    }),
  );
  await first.sql`
    insert into runners (session_id, runner_id, epoch, key_hash, pid, outer_pid, start_ticks, updated_at)
    select id, 'run_' || right(id, 26), 1, sha256(id::bytea), 1000000, 1000000, 1, now()
    from sessions where id in ${first.sql(ids)}`;
  const next = await restart();
  const told = await Promise.all(ids.map((id) => recorded(next, id)));
  expect(told).toEqual(ids.map(() => ['runner.lost', 'session.interrupted']));
  expect((await next.services.log.counts()).needs).toBe(ids.length);
});
