/** For tests: logs on a real database with a clock to drive, ids, and random but valid events. */
import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import type { Sql } from '#db/client.ts';
import type { NewEvent } from '#protocol/event.ts';
import { newId, type PersonId, type SessionId, type TerminalId } from '#protocol/id.ts';
import { type Bus, createBus } from '#server/bus/index.ts';
import { type Log, type LogOptions, openLog, type SessionTopics } from './index.ts';

export const random = (bytes: Uint8Array): void => void randomFillSync(bytes);

/** A clock that moves only when told. */
export function createClock(start = Date.UTC(2030, 0, 1)) {
  let now = start;
  return {
    now: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
}

const source = { now: () => Date.now(), random };
export const newSessionId = (): SessionId => newId('session', source);
export const newPersonId = (): PersonId => newId('person', source);
export const newTerminalId = (): TerminalId => newId('terminal', source);

export interface TestLog {
  log: Log;
  bus: Bus<SessionTopics>;
  clock: ReturnType<typeof createClock>;
  /** Lines the log reported. */
  lines: string[];
}

/** A log on `sql`; the bus throws what its listeners throw into `lines`. The caller closes `log`. */
export async function openTestLog(sql: Sql, options: Partial<LogOptions> = {}): Promise<TestLog> {
  const clock = createClock();
  const lines: string[] = [];
  const bus = createBus<SessionTopics>((error) => lines.push(String(error)));
  const log = await openLog({ sql, bus, clock, random, log: (line) => lines.push(line), ...options });
  return { log, bus, clock, lines };
}

export const created = (name: string, dedupeKey?: string): NewEvent => ({
  type: 'session.created',
  principal: 'server',
  payload: { name, source: '/home/ada/project', checkout: '/c', branch: `omnigent/${name}`, includesChanges: false },
  ...(dedupeKey && { dedupeKey }),
});

/** A small event; `count` tells one from another. */
export const counted = (count: number, dedupeKey?: string): NewEvent => ({
  type: 'runner.lost',
  principal: 'server',
  payload: { epoch: count + 1, reason: `number ${count}` },
  ...(dedupeKey && { dedupeKey }),
});

/** Starts a session with `size` events in all, named after its id unless `name` is given. */
export async function startSession(log: Log, size = 1, name?: string): Promise<SessionId> {
  const id = newSessionId();
  const more = Array.from({ length: size - 1 }, (_, n) => counted(n));
  await log.append(id, [created(name ?? id), ...more]);
  return id;
}

const line = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((text) => {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  return clean === '' ? 'x' : clean;
});
const principal = fc.constantFrom('server', newPersonId(), newPersonId());

/** Any sequence of valid events that may follow `session.created`, over a few terminals and people. */
export function eventSequence(maxLength: number): fc.Arbitrary<NewEvent[]> {
  const terminalId = fc.constantFrom(newTerminalId(), newTerminalId(), newTerminalId());
  const personId = fc.constantFrom(newPersonId(), newPersonId());
  const runnerId = fc.constantFrom(newId('runner', source), newId('runner', source));
  const epoch = fc.integer({ min: 1, max: 1_000_000 });
  const size = { cols: fc.integer({ min: 2, max: 1000 }), rows: fc.integer({ min: 1, max: 500 }) };
  const of = <T extends NewEvent['type']>(type: T, payload: fc.Arbitrary<(NewEvent & { type: T })['payload']>) =>
    fc.record({ type: fc.constant(type), principal, payload }) as fc.Arbitrary<NewEvent>;
  const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
  const isolation = fc.constantFrom('namespaces' as const, 'process-group' as const);
  const how = fc.constantFrom(
    'opened' as const,
    'typed' as const,
    'taken' as const,
    'given' as const,
    'released' as const,
  );
  const checkout = fc.constantFrom('kept' as const, 'unchanged' as const, 'merged' as const, 'discarded' as const);
  const event = fc.oneof(
    of('session.failed', fc.record({ reason: line })),
    of('session.paused', fc.record({ reason: line, programs: fc.constantFrom('ended' as const, 'frozen' as const) })),
    of('session.resumed', fc.constant({})),
    of('session.interrupted', fc.record({ reason: line })),
    of('session.ended', fc.record({ checkout })),
    of('runner.connected', fc.record({ runnerId, epoch, isolation, warning: nullable(line) })),
    of('runner.lost', fc.record({ epoch, reason: line })),
    of(
      'terminal.opened',
      fc.record({ terminalId, name: line, command: nullable(fc.array(line, { minLength: 1, maxLength: 3 })), ...size }),
    ),
    of(
      'terminal.closed',
      fc.record({ terminalId, exitCode: nullable(fc.integer()), signal: nullable(fc.nat(64)), reason: nullable(line) }),
    ),
    of('driver.changed', fc.record({ terminalId, driver: nullable(personId), how })),
    of('driver.refused', fc.record({ terminalId, personId, count: fc.integer({ min: 1, max: 1000 }) })),
    of(
      'member.joined',
      fc.record({ personId, name: line, role: fc.constantFrom('viewer' as const, 'owner' as const) }),
    ),
  );
  return fc.array(event, { maxLength });
}
