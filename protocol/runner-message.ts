/**
 * JSON messages between a runner and the server (`/ws/runner`). Terminal bytes travel beside them as binary frames
 * (terminal-frame.ts). Both ends parse whatever arrives with these schemas.
 */
import * as z from 'zod';
import { colsSchema, commandSchema, eventTypes, lineSchema, rowsSchema } from './event.ts';
import { clientIdSchema, runnerIdSchema, sessionIdSchema, terminalIdSchema } from './id.ts';

/** Raised when either side changes the meaning of a message. A runner of another protocol is refused with a clear reason. */
export const runnerProtocol = 1;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const terminalState = z.object({
  terminalId: terminalIdSchema,
  /** Oldest output byte the runner can still send, and the end of output so far. */
  start: count,
  end: count,
  cols: colsSchema,
  rows: rowsSchema,
  isRunning: z.boolean(),
});
export type TerminalState = z.infer<typeof terminalState>;

export const fromRunnerSchema = z.discriminatedUnion('type', [
  /** First message on every connection. */
  z.object({
    type: z.literal('hello'),
    protocol: z.number().int(),
    sessionId: sessionIdSchema,
    runnerId: runnerIdSchema,
    /** Names the journal that numbers the events, so that `n` from a lost and remade journal is never taken for a repeat. */
    journal: z.string().regex(/^[0-9a-f]{16}$/),
    epoch: z.number().int().min(1),
    version: z.string().max(40),
    isolation: z.enum(['namespaces', 'process-group']),
    warning: z.string().max(400).nullable(),
    terminals: z.array(terminalState).max(200),
  }),
  /** A journaled fact; sent in order of `n`, resent after every reconnect until acked. */
  z.object({
    type: z.literal('event'),
    n: count,
    event: z.object({ type: z.enum(eventTypes), payload: z.unknown() }),
  }),
  /** The size changed for the `n`th time after `offset` bytes of output; every emulator applies it exactly there. */
  z.object({
    type: z.literal('resized'),
    terminalId: terminalIdSchema,
    n: count,
    offset: count,
    cols: colsSchema,
    rows: rowsSchema,
  }),
  /** Output up to `offset` is gone from the runner's buffer before it could be sent; a snapshot follows. */
  z.object({ type: z.literal('gap'), terminalId: terminalIdSchema, offset: count }),
  /** Every input message of this client up to `n` was written to the PTY. */
  z.object({ type: z.literal('input-acked'), terminalId: terminalIdSchema, clientId: clientIdSchema, n: count }),
  /** What the terminal shows at a glance; at most one a second, only when changed. */
  z.object({
    type: z.literal('activity'),
    terminalId: terminalIdSchema,
    line: z.string().max(400),
    program: z.string().max(80),
  }),
  /** Answer to a request of the server. */
  z.discriminatedUnion('ok', [
    z.object({ type: z.literal('reply'), request: count, ok: z.literal(true), result: z.unknown() }),
    z.object({
      type: z.literal('reply'),
      request: count,
      ok: z.literal(false),
      code: z.string().max(60),
      message: z.string().max(1000),
    }),
  ]),
]);
export type FromRunner = z.infer<typeof fromRunnerSchema>;

export const toRunnerSchema = z.discriminatedUnion('type', [
  /** Accepts a hello: output is wanted from these offsets on. */
  z.object({
    type: z.literal('welcome'),
    wanted: z.array(z.object({ terminalId: terminalIdSchema, offset: count })),
  }),
  /** Every event up to `n` is committed. */
  z.object({ type: z.literal('ack'), n: count }),
  z.object({
    type: z.literal('terminal.open'),
    request: count,
    terminalId: terminalIdSchema,
    name: lineSchema(120),
    command: commandSchema.nullable(),
    cols: colsSchema,
    rows: rowsSchema,
  }),
  z.object({ type: z.literal('terminal.resize'), terminalId: terminalIdSchema, cols: colsSchema, rows: rowsSchema }),
  z.object({ type: z.literal('terminal.close'), request: count, terminalId: terminalIdSchema }),
  /** Answered by a snapshot frame that carries the same request number. */
  z.object({ type: z.literal('terminal.snapshot'), request: count, terminalId: terminalIdSchema }),
  /** Output up to `offset` is stored; the runner may forget it. */
  z.object({ type: z.literal('terminal.recorded'), terminalId: terminalIdSchema, offset: count }),
  /** End the programs, then the runner. `discard` removes the checkout even if it holds unsaved work. */
  z.object({ type: z.literal('stop'), request: count, checkout: z.enum(['keep', 'remove-if-saved', 'discard']) }),
]);
export type ToRunner = z.infer<typeof toRunnerSchema>;

/** What `stop` answers: the fate of the checkout, and why it was kept where removal was asked. */
export const stopResultSchema = z.object({
  checkout: z.enum(['kept', 'unchanged', 'merged', 'discarded', 'missing']),
  reason: z.string().max(400).nullable(),
});
export type StopResult = z.infer<typeof stopResultSchema>;

/** Timing both sides agree on, in ms. A half-open link is found within `pingMs + deadMs`, below 15 s. */
export const linkTiming = { pingMs: 4_000, deadMs: 9_000, retryMinMs: 100, retryMaxMs: 3_000 } as const;
/** A runner that finds no server for this long stops itself; always longer than an action may be held. */
export const leaseMs = 60 * 60 * 1000;
