/** Turns waiting appends into the rows of one statement: numbers, hashes, folds. Pure but for the callers' functions. */
import { ZodError } from 'zod';
import { AppError } from '#protocol/error.ts';
import { type NewEvent, parsePayload, type SessionEvent } from '#protocol/event.ts';
import { serverChain } from '#protocol/id.ts';
import { attentionFor, foldSession, type SessionView } from '#protocol/session-view.ts';
import { hashRow, storable, zeroHash } from './chain.ts';
import type { Head } from './head.ts';
import { versionOf } from './stored-event.ts';

/** Most events in one statement, and so in one append. */
export const maxBatchEvents = 500;
/** The list position is written at most this often unless the status changes: that index is the costly part. */
const listIntervalMs = 1_000;

/** Decides on events from the newest view; called again when that view turned out not to be the newest. */
export type Decide = (view: SessionView | null) => NewEvent[];

export interface Appended {
  seq: number;
  /** False: an event with this dedupe key was already there, at `seq`. */
  isNew: boolean;
}

/** One `append` that waits. */
export interface Call {
  sessionId: string;
  events: NewEvent[] | Decide;
  /** The dedupe keys its events brought along, as of the last time it was tried. */
  keys: string[];
  /** Seqs of those of its keys that are stored; null until somebody looked. */
  known: Map<string, number> | null;
  /** On the monotonic clock, in ms. */
  since: number;
  isSettled: boolean;
  resolve(results: Appended[]): void;
  reject(error: unknown): void;
}

export interface DraftEvent {
  event: SessionEvent;
  dedupeKey: string;
  hash: Uint8Array;
}

/** What one statement does to one session; it happens wholly or not at all. */
export interface Part {
  sessionId: string;
  /** The head that must still be the newest. */
  before: Head;
  after: Head;
  drafts: DraftEvent[];
  /** Seq of each draft by its key. */
  keys: Map<string, number>;
  calls: { call: Call; results: Appended[] }[];
}

export interface Batch {
  parts: Part[];
  /** Calls that did not fit; they come first next time. */
  rest: Call[];
  /** Calls that create a session that is there: perhaps the same fact again, so their keys must be looked up. */
  repeated: Call[];
}

export interface BatchContext {
  heads: ReadonlyMap<string, Head>;
  /** ms since the epoch. */
  now: number;
  newKey(): string;
}

const absentHead: Head = {
  exists: false,
  seq: 0,
  hash: zeroHash,
  view: null,
  attention: null,
  listedAt: 0,
};

/** Builds the next batch from `calls`, in order. A call whose events cannot be appended is rejected, alone. */
export function buildBatch(calls: Call[], context: BatchContext): Batch {
  const parts = new Map<string, Part>();
  const repeated: Call[] = [];
  let size = 0;
  for (const [index, call] of calls.entries()) {
    const part = parts.get(call.sessionId) ?? emptyPart(call.sessionId, context);
    try {
      const added = extend(part, call, context);
      if (size + added.drafts.length > maxBatchEvents) {
        if (size > 0) return { parts: [...parts.values()], rest: calls.slice(index), repeated };
        throw new AppError({ code: 'input.too-large', message: `more than ${maxBatchEvents} events in one append` });
      }
      size += added.drafts.length;
      accept(part, call, added);
      parts.set(call.sessionId, part);
    } catch (error) {
      if (error instanceof RepeatedCreation && call.known === null) {
        repeated.push(call);
        continue;
      }
      call.isSettled = true;
      call.reject(error);
    }
  }
  return { parts: [...parts.values()], rest: [], repeated };
}

function emptyPart(sessionId: string, { heads }: BatchContext): Part {
  const head = heads.get(sessionId) ?? absentHead;
  return { sessionId, before: head, after: head, drafts: [], keys: new Map(), calls: [] };
}

interface Addition {
  after: Head;
  drafts: DraftEvent[];
  results: Appended[];
}

/** What `call` adds to `part`, which stays as it is. Throws what the call is to be rejected with. */
function extend(part: Part, call: Call, context: BatchContext): Addition {
  const events = typeof call.events === 'function' ? call.events(part.after.view) : call.events;
  call.keys = events.flatMap(({ dedupeKey }) => dedupeKey ?? []);
  const added = new Map<string, number>();
  const addition: Addition = { after: part.after, drafts: [], results: [] };
  for (const event of events) {
    const dedupeKey = event.dedupeKey ?? context.newKey();
    const seq = call.known?.get(dedupeKey) ?? part.keys.get(dedupeKey) ?? added.get(dedupeKey);
    if (seq !== undefined) {
      addition.results.push({ seq, isNew: false });
      continue;
    }
    const draft = draftEvent(call.sessionId, addition.after, event, dedupeKey, context.now);
    addition.after = advance(addition.after, draft, context.now);
    addition.drafts.push(draft);
    addition.results.push({ seq: draft.event.seq, isNew: true });
    added.set(dedupeKey, draft.event.seq);
  }
  return addition;
}

function accept(part: Part, call: Call, { after, drafts, results }: Addition): void {
  part.after = after;
  part.drafts.push(...drafts);
  for (const draft of drafts) part.keys.set(draft.dedupeKey, draft.event.seq);
  part.calls.push({ call, results });
}

function draftEvent(sessionId: string, head: Head, input: NewEvent, dedupeKey: string, now: number): DraftEvent {
  checkOrder(sessionId, head, input);
  const { type, payload } = parse(input);
  const event = {
    sessionId,
    seq: head.seq + 1,
    type,
    version: versionOf(type),
    at: new Date(now).toISOString(),
    principal: storable(input.principal),
    payload,
  } as SessionEvent;
  return { event, dedupeKey: storable(dedupeKey), hash: hashRow(head.hash, { ...event, dedupeKey }) };
}

function checkOrder(sessionId: string, head: Head, input: NewEvent): void {
  const isCreation = input.type === 'session.created';
  if (sessionId === serverChain ? isCreation : isCreation && head.exists) {
    throw new RepeatedCreation(sessionId);
  }
  if (!head.exists && !isCreation) {
    throw new AppError({ code: 'session.not-found', message: `no session ${sessionId}` });
  }
}

/** The session is already there. It may be the same fact again: whoever has not looked for its key must look. */
class RepeatedCreation extends AppError {
  constructor(sessionId: string) {
    super({ code: 'session.conflict', message: `session ${sessionId} already exists` });
  }
}

function parse(input: NewEvent): Pick<NewEvent, 'type' | 'payload'> {
  try {
    return parsePayload(input.type, input.payload);
  } catch (cause) {
    if (!(cause instanceof ZodError)) throw cause;
    const issue = cause.issues[0];
    const message = `event ${input.type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`;
    throw new AppError({ code: 'input.invalid', message, cause });
  }
}

function advance(head: Head, { event, hash }: DraftEvent, now: number): Head {
  const view = foldSession(head.view, event);
  const attention = view && attentionFor(view);
  const isDue = !head.exists || view?.status !== head.view?.status || now - head.listedAt >= listIntervalMs;
  return { exists: true, seq: event.seq, hash, view, attention, listedAt: isDue ? now : head.listedAt };
}
