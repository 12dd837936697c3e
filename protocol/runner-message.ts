/**
 * JSON messages between a runner and the server (`/ws/runner`). Terminal bytes travel beside them as binary frames
 * (terminal-frame.ts). Both ends parse whatever arrives with these schemas.
 */
import * as z from 'zod';
import { colsSchema, commandSchema, eventTypes, lineSchema, rowsSchema } from './event.ts';
import {
  actionIdSchema,
  approvalIdSchema,
  clientIdSchema,
  itemIdSchema,
  runnerIdSchema,
  sessionIdSchema,
  terminalIdSchema,
  turnIdSchema,
} from './id.ts';
import { policyPlaceSchema } from './policy-event.ts';
import { sandboxKindSchema } from './sandbox.ts';
import { agentNameSchema, harnessTypeSchema, itemKinds, maxItemText, modelSchema } from './turn-event.ts';

/** Raised when either side changes the meaning of a message. A runner of another protocol is refused with a clear reason. */
export const runnerProtocol = 2;

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

const textDelta = z.object({
  type: z.literal('delta'),
  turnId: turnIdSchema,
  itemId: itemIdSchema,
  kind: z.enum(itemKinds),
  offset: count,
  text: z.string().max(maxItemText),
});
export type TextDelta = z.infer<typeof textDelta>;

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
    /** What its programs run in; a runner from before there were sandboxes leaves it out. */
    sandbox: sandboxKindSchema.optional(),
    terminals: z.array(terminalState).max(200),
    /** The turn it was last given, over or not. */
    newestTurn: turnIdSchema.nullable(),
    /** Actions that wait for a verdict. */
    actions: z.array(actionIdSchema).max(1_000),
    /** Whether what it started stands still; a runner from before that could be leaves it out. */
    isFrozen: z.boolean().optional(),
    /** It keeps verdicts on connections, and is told `egress.forget`. */
    isKeeping: z.boolean().optional(),
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
  /** Text of an item that has not ended; `offset` is where `text` begins in the whole, in UTF-16 units. */
  textDelta,
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
  /** Begins a turn; repeated after a reconnect that may have lost it. How it ends is a fact. */
  z.object({
    type: z.literal('turn.start'),
    turnId: turnIdSchema,
    agent: z.object({ name: agentNameSchema, harness: harnessTypeSchema, model: modelSchema.nullable() }),
    prompt: z.string().min(1),
    /** The agent's conversation so far; null for its first turn. */
    conversation: z.string().max(400).nullable(),
  }),
  /** Starts an agent without a prompt, so that its terminal can be seen. */
  z.object({
    type: z.literal('agent.open'),
    request: count,
    agent: z.object({ name: agentNameSchema, harness: harnessTypeSchema, model: modelSchema.nullable() }),
    conversation: z.string().max(400).nullable(),
  }),
  z.object({
    type: z.literal('turn.steer'),
    request: count,
    turnId: turnIdSchema,
    text: z.string().min(1),
    by: z.string().max(60),
  }),
  z.object({ type: z.literal('turn.interrupt'), request: count, turnId: turnIdSchema, reason: z.string().max(400) }),
  /** What an action's agent waits for. `again`: it is asked about anew, under other rules. Anything but a plain `allow` denies. */
  z.object({
    type: z.literal('action.verdict'),
    actionId: actionIdSchema,
    verdict: z.string().max(40),
    /** What the agent is told of a denial. */
    message: z.string().max(8_000).nullable(),
    /** An allowed command is run as this instead. */
    command: z.string().max(32_768).nullable(),
    /** What a person decided: the runner says that it has it. */
    approvalId: approvalIdSchema.nullish(),
    /** Which rule says so, where one does. */
    rule: z.string().max(200).nullish(),
    /** Of a connection: the same may be said of further ones like it, until `egress.forget`. */
    isKept: z.boolean().optional(),
  }),
  /** An action whose question to people waits longer, or shorter, than actions are held otherwise: ms from now. */
  z.object({ type: z.literal('action.hold'), actionId: actionIdSchema, ms: z.number().int().min(1) }),
  /**
   * Rules or allowances are not what they were: what was kept of verdicts on connections counts no longer. `isTakenBack`: less
   * may be allowed than before, and connections that were let through end.
   */
  z.object({ type: z.literal('egress.forget'), isTakenBack: z.boolean() }),
  /** Which paths are restricted from now on. */
  z.object({ type: z.literal('policy.place'), place: policyPlaceSchema }),
  /** Answered by what its programs see: a `sandboxViewSchema`. */
  z.object({ type: z.literal('sandbox.view'), request: count }),
  /** Answered by the facts of a command, as if an agent wanted to run it in `cwd`. */
  z.object({
    type: z.literal('action.examine'),
    request: count,
    /** Of an action in whose place it may run: it runs only as long as its facts are these. */
    actionId: actionIdSchema.optional(),
    command: z.string().min(1).max(32_768),
    cwd: z.string().max(4_096),
  }),
  /** Answered by a `runnerDiff` against where the turn began, else the base; what the last turn changed is stated before. */
  z.object({ type: z.literal('checkout.diff'), request: count, turnId: turnIdSchema.nullish() }),
  /** Everything below the runner is to stand still, or to go on; answered when it does. */
  z.object({ type: z.literal('session.freeze'), request: count, isFrozen: z.boolean() }),
  /** End the programs, then the runner. The checkout stays. */
  z.object({ type: z.literal('stop'), request: count }),
]);
export type ToRunner = z.infer<typeof toRunnerSchema>;

/** What became of a checkout, and why it was kept where removal was asked. */
export const stopResultSchema = z.object({
  checkout: z.enum(['kept', 'unchanged', 'merged', 'discarded', 'missing']),
  reason: z.string().max(400).nullable(),
});
export type StopResult = z.infer<typeof stopResultSchema>;

/** How the checkout differs from what it is held against. `patch` is unified and ends at the limit; `isCut` says so. */
export const checkoutDiffSchema = z.object({
  patch: z.string(),
  isCut: z.boolean(),
  files: z.array(
    z.object({
      path: z.string(),
      change: z.enum(['added', 'modified', 'deleted']),
      /** Lines; null for a binary file. */
      added: count.nullable(),
      removed: count.nullable(),
    }),
  ),
});
export type CheckoutDiff = z.infer<typeof checkoutDiffSchema>;

/** `turnId` is what was asked for: a runner from before there was a choice leaves it out, and compared with the base. */
export const runnerDiffSchema = checkoutDiffSchema.extend({ turnId: turnIdSchema.nullish() });
export type RunnerDiff = z.infer<typeof runnerDiffSchema>;

/** What a checkout is held against: the commit it started from, itself when a turn began, or the checkout of a session. */
export const diffAgainstSchema = z
  .string()
  .regex(/^(base|turn:trn_[0-9a-z]{26}|ses_[0-9a-z]{26})$/, 'expected base, turn:trn_… or ses_…');

/** Timing both sides agree on, in ms. A half-open link is found within `pingMs + deadMs`, below 15 s. */
export const linkTiming = { pingMs: 4_000, deadMs: 9_000, retryMinMs: 100, retryMaxMs: 3_000 } as const;
/** A runner that finds no server for this long stops itself; always longer than an action may be held. */
export const leaseMs = 60 * 60 * 1000;
