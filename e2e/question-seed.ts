/** Fills the database of a server that was not started yet with questions to people, as many as one likes. */
import { randomFillSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openEmbedded } from '#db/embedded.ts';
import { openAt } from '#db/testing.ts';
import { prepareHome } from '#db/testing-home.ts';
import { noFacts } from '#protocol/action-facts.ts';
import type { EventPayload, EventType, NewEvent } from '#protocol/event.ts';
import { newId, type SessionId } from '#protocol/id.ts';
import { createBus } from '#server/bus/index.ts';
import { type Log, openLog, type SessionTopics } from '#server/session/index.ts';

const random = (bytes: Uint8Array) => void randomFillSync(bytes);
const ids = { now: () => Date.now(), random };
const quiet = () => undefined;

export const event = <T extends EventType>(type: T, payload: EventPayload<T>, dedupeKey?: string): NewEvent =>
  ({ type, payload, principal: 'server', ...(dedupeKey && { dedupeKey }) }) as NewEvent;

export interface SeededProcess {
  pid: number;
  startTicks: number;
}

/** As many sessions, each of which asks so many questions; `runner` is taken for the runner of all of them. */
export const seedQuestions = (
  home: string,
  runner: SeededProcess,
  { sessions, each }: { sessions: number; each: number },
): Promise<void> => {
  const questions = (n: number) =>
    Array.from({ length: each }, (_, k) => question(`touch seeded-${n}-${k}.txt`)).flat();
  return seedSessions(
    home,
    runner,
    Array.from({ length: sessions }, (_, n) => questions(n)),
  );
};

/** Sessions in which this has happened since they began. */
export async function seedSessions(
  home: string,
  runner: SeededProcess,
  sessions: readonly (readonly NewEvent[])[],
): Promise<void> {
  await prepareHome(home);
  const embedded = await openEmbedded({ home, log: quiet, progress: quiet, random, settings: { fsync: 'off' } });
  try {
    const database = await openAt({ embedded: embedded.address });
    const log = await openLog({ sql: database.sql, bus: createBus<SessionTopics>(quiet), clock: ids, random });
    for (const [n, events] of sessions.entries()) {
      const { sessionId, runnerId } = await seedSession(log, n, events);
      await database.sql`insert into runners
        (session_id, runner_id, epoch, key_hash, pid, outer_pid, start_ticks, updated_at)
        values (${sessionId}, ${runnerId}, 1, ${Buffer.alloc(32, n)}, ${runner.pid}, ${runner.pid}, ${runner.startTicks}, now())`;
    }
    await log.close();
    await database.close();
  } finally {
    await embedded.stop();
  }
}

/** As the kernel counts: with the pid it names one process. */
export const startTicksOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
};

async function seedSession(log: Log, n: number, events: readonly NewEvent[]) {
  const sessionId = newId('session', ids) as SessionId;
  const runnerId = newId('runner', ids);
  const [name, checkout] = [`seeded-${n}`, '/checkout'];
  await log.append(sessionId, () => [
    event('session.created', { name, source: '/repository', checkout, branch: null, includesChanges: false }),
    event('runner.connected', {
      ...{ runnerId, epoch: 1, isolation: 'namespaces', warning: null },
    }),
    ...events,
  ]);
  return { sessionId, runnerId };
}

function question(command: string): NewEvent[] {
  const actionId = newId('action', ids);
  const action = {
    ...{ turnId: null, agent: 'coder', kind: 'command' as const, tool: 'shell', command, paths: [], cwd: '/checkout' },
  };
  const said = { rule: 'rules[0]', reasons: ['a person decides'] };
  const asked = { approvalId: newId('approval', ids), effect: 'write' as const };
  return [
    event('action.requested', { ...action, actionId, itemId: null }, `requested:${actionId}`),
    event(
      'action.judged',
      { actionId, verdict: 'ask', ...said, policyHash: 'p', command: null, facts: noFacts },
      `judged:${actionId}`,
    ),
    event(
      'approval.requested',
      { ...action, ...said, ...asked, actionId, hash: 'a'.repeat(64), subject: 'b'.repeat(64) },
      `approval:${actionId}`,
    ),
  ];
}
