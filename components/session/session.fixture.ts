/** Views and events for tests of session logic. Knows no server. */
import type { EventPayload, EventType, SessionEvent } from '#protocol/event.ts';
import type { PersonId, SessionId, TerminalId } from '#protocol/id.ts';
import type { SessionView, TerminalView } from '#protocol/session-view.ts';
import { noTurns } from '#protocol/turn-view.ts';

const id = (prefix: string, letter: string): string => `${prefix}_${letter.repeat(26)}`;

export const now = Date.parse('2026-11-22T14:31:00Z');
export const person = {
  mira: id('per', 'm') as PersonId,
  jonas: id('per', 'j') as PersonId,
  sara: id('per', 's') as PersonId,
};
export const terminalId = id('trm', '1') as TerminalId;
const sessionId = id('ses', '1') as SessionId;

export const terminalView = (change: Partial<TerminalView> = {}): TerminalView => ({
  terminalId,
  name: 'shell',
  command: null,
  openedAt: new Date(now).toISOString(),
  driver: null,
  drivenSince: null,
  closed: null,
  ...change,
});

export const sessionView = (change: Partial<SessionView> = {}): SessionView => ({
  id: sessionId,
  name: 'rate-limits',
  status: 'idle',
  reason: 'shell open',
  statusSince: new Date(now).toISOString(),
  source: '/home/mira/payments-api',
  checkout: '/data/session/checkout',
  checkoutState: 'present',
  branch: 'omnigent/rate-limits',
  baseCommit: '9f2c1e7',
  createdAt: new Date(now).toISOString(),
  createdBy: person.mira,
  turns: noTurns,
  updatedAt: new Date(now).toISOString(),
  lastSeq: 5,
  runner: null,
  terminals: [],
  members: [
    { personId: person.mira, name: 'Mira', role: 'owner' },
    { personId: person.jonas, name: 'Jonas', role: 'editor' },
    { personId: person.sara, name: 'Sara', role: 'viewer' },
  ],
  refusedKeys: 0,
  ...change,
});

/** An event of `type`, `minutes` after the fixture's start. */
export const event = <T extends EventType>(
  seq: number,
  type: T,
  payload: EventPayload<T>,
  options: { principal?: string; minutes?: number } = {},
): SessionEvent =>
  ({
    sessionId,
    seq,
    type,
    version: 1,
    at: new Date(now + (options.minutes ?? 0) * 60_000).toISOString(),
    principal: options.principal ?? 'server',
    payload,
  }) as SessionEvent;
