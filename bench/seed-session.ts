/** The events of one made-up session: the same for the same number and seed. */
import type { NewEvent, SessionEvent } from '#protocol/event.ts';
import { newId, type TerminalId } from '#protocol/id.ts';

export interface SampleOptions {
  /** Which session. */
  n: number;
  /** When it was created, ms since the epoch. */
  at: number;
  /** Events, at least 5. */
  length: number;
  seed: number;
}

/** Words `w0` … `w4999`: the lower the number the more often, as in a text. */
const vocabulary = 5_000;

/** Ends in each of the list's groups as often as in a team's: most are done, some wait, work or idle. */
const endings = ['ended', 'ended', 'ended', 'ended', 'ended', 'ended', 'idle', 'working', 'lost', 'ended'] as const;

export function sampleSession({ n, at, length, seed }: SampleOptions): SessionEvent[] {
  const next = createRandom(seed * 1_000_003 + n);
  const random = (bytes: Uint8Array) => void bytes.set(Array.from(bytes, () => Math.floor(256 * next())));
  const ids = { now: () => at, random };
  const personId = newId('person', ids);
  const word = () => `w${Math.floor(vocabulary * next() ** 4)}`;
  const ending = endings[n % endings.length] ?? 'ended';
  const sessionId = newId('session', ids);
  const events: NewEvent[] = [
    {
      type: 'session.created',
      principal: personId,
      payload: {
        name: `${word()}-${word()}-${n}`,
        source: `/home/ada/project/${word()}`,
        checkout: `/var/lib/omnigent/session/${sessionId}/checkout`,
        branch: `omnigent/${word()}-${n}`,
        includesChanges: n % 2 === 0,
      },
    },
    { type: 'member.joined', principal: personId, payload: { personId, name: 'Ada', role: 'owner' } },
    {
      type: 'runner.connected',
      principal: 'server',
      payload: { runnerId: newId('runner', ids), epoch: 1, isolation: 'namespaces', warning: null },
    },
  ];
  let terminalId = newId('terminal', ids);
  while (events.length < length - 1) {
    terminalId = newId('terminal', ids);
    events.push(
      ...[
        {
          type: 'terminal.opened' as const,
          principal: personId,
          payload: {
            terminalId,
            name: word(),
            command: ['npm', 'run', word(), '--', word(), `src/${word()}/${word()}.ts`],
            cols: 120,
            rows: 40,
          },
        },
        {
          type: 'driver.changed' as const,
          principal: personId,
          payload: { terminalId, driver: personId, how: 'opened' as const },
        },
        {
          type: 'terminal.closed' as const,
          principal: 'server',
          payload: { terminalId, exitCode: 0, signal: null, reason: next() < 0.3 ? `${word()} ${word()}` : null },
        },
      ].slice(0, length - 1 - events.length),
    );
  }
  events.push(lastEvent(ending, terminalId, newId('terminal', ids)));
  return events.map(
    (event, index) =>
      ({
        sessionId,
        seq: index + 1,
        type: event.type,
        version: 1,
        at: new Date(at + index * 500).toISOString(),
        principal: event.principal,
        payload: event.payload,
      }) as SessionEvent,
  );
}

function lastEvent(ending: (typeof endings)[number], last: TerminalId, fresh: TerminalId): NewEvent {
  const principal = 'server';
  switch (ending) {
    case 'ended':
      return { type: 'session.ended', principal, payload: { checkout: 'kept' } };
    case 'lost':
      return { type: 'runner.lost', principal, payload: { epoch: 1, reason: 'runner stopped answering' } };
    case 'working':
      return {
        type: 'terminal.opened',
        principal,
        payload: { terminalId: fresh, name: 'build', command: ['npm', 'run', 'build'], cols: 80, rows: 24 },
      };
    case 'idle':
      return {
        type: 'terminal.closed',
        principal,
        payload: { terminalId: last, exitCode: 1, signal: null, reason: null },
      };
    default:
      return ending satisfies never;
  }
}

/** mulberry32: 32 bits of state, numbers in [0, 1). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
