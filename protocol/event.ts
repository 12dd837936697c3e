/** Every fact a session's log can hold: type, version and payload. Knows nothing of storage or transport. */
import * as z from 'zod';
import { approvalEventPayloads } from './approval.ts';
import { egressEventPayloads } from './egress-event.ts';
import { personIdSchema, runnerIdSchema, terminalIdSchema } from './id.ts';
import { policyEventPayloads } from './policy-event.ts';
import { prose } from './prose.ts';
import { providerNameSchema } from './provider.ts';
import { roleSchema } from './role.ts';
import { sandboxKindSchema } from './sandbox.ts';
import { secretEventPayloads } from './secret.ts';
import { turnEventPayloads } from './turn-event.ts';

/** Terminal columns and rows that a program may be given. */
export const colsSchema = z.number().int().min(2).max(1000);
export const rowsSchema = z.number().int().min(1).max(500);

/** One line of readable text: bounded, without control characters (they never reach a log line or a title). */
export const lineSchema = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
      /^[^\p{Surrogate}\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u,
      'must not contain control characters',
    );

// biome-ignore lint/suspicious/noControlCharactersInRegex: replacing them is the point
const unreadable = /[\p{Surrogate}\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Any text (an error, a file's name) as a line that `lineSchema(maxLength)` takes; `fallback` where nothing is left. */
export const toLine = (text: string, maxLength: number, fallback: string): string =>
  text
    .slice(0, 4 * maxLength)
    .replace(unreadable, ' ')
    .trim()
    .slice(0, maxLength)
    .replace(unreadable, '')
    .trim() || fallback;

/** A program and its arguments: text that the log can hold and the kernel can take. */
export const commandSchema = z.array(prose(32_768)).min(1).max(256);

const reason = z.object({ reason: lineSchema(400) });

/** Payload of each event type at its current version. A changed shape is a new version with a pure upcast at read. */
export const eventPayloads = {
  'session.created': z.object({
    name: lineSchema(120),
    /** Absolute path of the folder the checkout is made from. */
    source: z.string().max(4096),
    checkout: z.string().max(4096),
    branch: z.string().max(250).nullable(),
    includesChanges: z.boolean(),
    /** What its programs run in. Absent in sessions from before there were sandboxes. */
    sandbox: sandboxKindSchema.optional(),
  }),
  'session.failed': reason,
  'session.paused': reason.extend({
    /** What became of what ran: ended with its runner, which is meant where nothing is said, or stopped where it was. */
    programs: z.enum(['ended', 'frozen']).optional(),
  }),
  'session.resumed': z.object({}),
  'session.interrupted': reason,
  'session.ended': z.object({
    /** What became of the checkout: kept on disk, removed because nothing was in it, or removed on explicit request. */
    checkout: z.enum(['kept', 'unchanged', 'merged', 'discarded', 'missing']),
  }),
  'runner.connected': z.object({
    runnerId: runnerIdSchema,
    epoch: z.number().int().min(1),
    isolation: z.enum(['namespaces', 'process-group']),
    warning: z.string().max(400).nullable(),
    /** Absent from runners from before there were sandboxes. */
    sandbox: sandboxKindSchema.optional(),
  }),
  'runner.lost': z.object({ epoch: z.number().int().min(1), reason: lineSchema(400) }),
  'checkout.created': z.object({
    kind: z.enum(['git', 'folder']),
    branch: z.string().max(250).nullable(),
    baseCommit: z.string().max(64).nullable(),
    files: z.number().int().min(0),
    /** Uncommitted and untracked paths carried over from the source. */
    carried: z.number().int().min(0),
    ms: z.number().int().min(0),
    /** What was left out or neutralised, one sentence each. */
    notes: z.array(z.string().max(400)).max(20),
    /** Absolute folder in it that agents start in; absent before it was recorded. */
    start: z.string().max(4096).optional(),
  }),
  'terminal.opened': z.object({
    terminalId: terminalIdSchema,
    name: lineSchema(120),
    /** Null: the person's login shell. */
    command: commandSchema.nullable(),
    cols: colsSchema,
    rows: rowsSchema,
  }),
  'terminal.closed': z.object({
    terminalId: terminalIdSchema,
    /** Null when a signal ended it or the outcome is not known. */
    exitCode: z.number().int().nullable(),
    signal: z.number().int().nullable(),
    reason: lineSchema(400).nullable(),
  }),
  'driver.changed': z.object({
    terminalId: terminalIdSchema,
    driver: personIdSchema.nullable(),
    how: z.enum(['opened', 'typed', 'taken', 'given', 'released']),
  }),
  'driver.refused': z.object({
    terminalId: terminalIdSchema,
    personId: personIdSchema,
    /** Keystroke messages dropped since the last such event. */
    count: z.number().int().min(1),
  }),
  'member.joined': z.object({ personId: personIdSchema, name: lineSchema(120), role: roleSchema }),
  'person.created': z.object({ personId: personIdSchema, name: lineSchema(120) }),
  /** `from`: the address and the program that it was asked from; absent before it was recorded. */
  'person.signed-in': z.object({ personId: personIdSchema, from: lineSchema(300).nullish() }),
  /** A key was stored, with the address that it is for; null: the provider's own. */
  'provider.set': z.object({ provider: providerNameSchema, baseUrl: z.string().max(2_000).nullable() }),
  'provider.removed': z.object({ provider: providerNameSchema }),
  ...secretEventPayloads,
  ...turnEventPayloads,
  ...policyEventPayloads,
  ...approvalEventPayloads,
  ...egressEventPayloads,
} as const;

export type EventType = keyof typeof eventPayloads;
export const eventTypes = Object.keys(eventPayloads) as [EventType, ...EventType[]];
export type EventPayload<T extends EventType> = z.infer<(typeof eventPayloads)[T]>;

/** The current version of each type; a type that is not named here is at 1. */
export const eventVersions: Partial<Record<EventType, number>> = {};

/** A fact as its producer states it, before it has a number. */
export type NewEvent = {
  [T in EventType]: {
    type: T;
    payload: EventPayload<T>;
    /** Who caused it: a person, a runner, or `server`. */
    principal: string;
    /** Unique within the session; the same key twice is the same fact. Absent: one is made. */
    dedupeKey?: string;
  };
}[EventType];

/** What a fact says, without who said it. */
export type Fact = { [T in EventType]: { type: T; payload: EventPayload<T> } }[EventType];

/** A numbered fact as `session events` prints it. `seq` is gapless within its session, from 1. `at` is ISO 8601 UTC. */
export type SessionEvent = {
  [T in EventType]: {
    sessionId: string;
    seq: number;
    type: T;
    version: number;
    at: string;
    principal: string;
    payload: EventPayload<T>;
  };
}[EventType];

/** Made once: it would cost more than what it is for. */
const typeSchema = z.enum(eventTypes);

/** Parses a type and payload that crossed an edge (runner frame, database json). Throws ZodError naming the field. */
export function parsePayload(type: string, payload: unknown): Pick<NewEvent, 'type' | 'payload'> {
  const known = typeSchema.parse(type);
  return { type: known, payload: eventPayloads[known].parse(payload) } as Pick<NewEvent, 'type' | 'payload'>;
}
