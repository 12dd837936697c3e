/** The fold of a session's events: what lists, pages and the CLI show. Pure; the server stores it beside the log. */
import * as z from 'zod';
import { type OpenAction, stoodStill } from './action-view.ts';
import type { EventPayload, SessionEvent } from './event.ts';
import type { PersonId, RunnerId, SessionId, TerminalId } from './id.ts';
import type { PolicyPlace } from './policy-event.ts';
import { foldPolicyState, noPolicyState, type PolicyState } from './policy-state.ts';
import type { Role } from './role.ts';
import type { SandboxKind } from './sandbox.ts';
import { attentions, type Status } from './status.ts';
import { foldTurns, noTurns, type TurnsView } from './turn-view.ts';

export { type Attention, attentionFor, attentions, type Status } from './status.ts';

export const attentionSchema = z.enum(attentions);

export interface TerminalView {
  terminalId: TerminalId;
  name: string;
  command: string[] | null;
  openedAt: string;
  driver: PersonId | null;
  drivenSince: string | null;
  closed: { at: string; exitCode: number | null; signal: number | null; reason: string | null } | null;
}

export interface SessionView {
  id: SessionId;
  name: string;
  status: Status;
  /** Why the status is what it is, as a phrase: "runner stopped answering". */
  reason: string;
  statusSince: string;
  source: string;
  checkout: string;
  /** The folder in the checkout that agents start in, absolute. Absent where it was not recorded. */
  start?: string;
  checkoutState: EventPayload<'session.ended'>['checkout'] | 'pending' | 'present';
  branch: string | null;
  baseCommit: string | null;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  lastSeq: number;
  /** What its programs run in. Absent in views from before there were sandboxes. */
  sandbox?: SandboxKind;
  runner: {
    runnerId: RunnerId;
    epoch: number;
    isolation: string;
    warning: string | null;
    /** Absent where the runner did not say. */
    sandbox?: SandboxKind;
    connectedAt: string;
  } | null;
  terminals: TerminalView[];
  turns: TurnsView;
  /** The workspace file in force; null without one. Absent in views stored before there were any. */
  policy?: (PolicyPlace & { file: string; hash: string; warnings?: string[] }) | null;
  /** What the session's own policy adds to it. Absent before there was one. */
  sessionPolicy?: { hash: string; restricted: string[] } | null;
  /** What rules may ask of it. Absent in views stored before there were rules, and until an agent works. */
  policyState?: PolicyState;
  /** It is paused and its programs stand still, with their runner; null or absent otherwise. */
  frozen?: { reason: string; at: string; by: string } | null;
  /** When it last went on after a pause, ISO 8601 UTC; absent before. */
  thawedAt?: string;
  members: { personId: PersonId; name: string; role: Role }[];
  /** Keystroke messages dropped because their sender did not drive. */
  refusedKeys: number;
}

const isOpen = (terminal: TerminalView): boolean => terminal.closed === null;

/** What a connected session is doing: a turn or a named program works, a shell waits for a person. */
function activity({ terminals, turns }: Pick<SessionView, 'terminals' | 'turns'>): { status: Status; reason: string } {
  const asked = turns.actions.find(({ approval }) => approval && approval.decided === null);
  if (asked) return { status: 'waiting', reason: `approve \`${askedAbout(asked)}\`` };
  if (turns.turn)
    return {
      status: 'working',
      reason: `${turns.turn.agent}: ${turns.turn.activity ?? 'starting, or waiting for the model'}`,
    };
  const open = terminals.filter(isOpen);
  const isAgent = ({ name }: TerminalView) => turns.agents.some((agent) => agent.name === name);
  const program = open.findLast((terminal) => terminal.command !== null && !isAgent(terminal));
  if (program) return { status: 'working', reason: `running ${program.name}` };
  const last = terminals.at(-1);
  if (turns.lastTurn) return { status: 'idle', reason: turnOutcome(turns.lastTurn) };
  if (turns.agents.length > 0) return { status: 'idle', reason: 'ready for a prompt' };
  if (open.length === 1) return { status: 'idle', reason: 'shell open' };
  if (open.length > 1) return { status: 'idle', reason: `${open.length} shells open` };
  if (!last?.closed) return { status: 'idle', reason: 'no terminal open' };
  return { status: 'idle', reason: `${last.name} ${outcome(last.closed)}` };
}

/** What an approval is about, in a few words on one line. */
function askedAbout({ tool, approval }: OpenAction): string {
  const { command = null, kind = '', paths = [] } = approval ?? {};
  // Of what is neither a command nor about a file the tool says more than its kind.
  const text = command ?? (paths.length > 0 ? `${kind} ${paths.join(' ')}` : tool);
  return text.replace(/\s+/g, ' ').trim().slice(0, 120);
}

/** "exited 0", "ended by signal 9": how a program stopped, for people. */
function outcome(closed: NonNullable<TerminalView['closed']>): string {
  if (closed.reason) return `closed, ${closed.reason}`;
  if (closed.signal) return `ended by signal ${closed.signal}`;
  return closed.exitCode === null ? 'closed' : `exited ${closed.exitCode}`;
}

/** "coder finished", "coder failed: the model refused": how the last turn ended, for people. */
function turnOutcome({ agent, status, reason }: NonNullable<TurnsView['lastTurn']>): string {
  const ended = status === 'completed' ? 'finished' : status === 'over-budget' ? 'stopped, over budget' : status;
  return reason === null ? `${agent} ${ended}` : `${agent} ${ended}: ${reason}`;
}

function withStatus(view: SessionView, at: string, status: Status, reason: string): SessionView {
  const statusSince = view.status === status && view.reason === reason ? view.statusSince : at;
  return { ...view, status, reason, statusSince };
}

function withActivity(view: SessionView, at: string): SessionView {
  if (view.status !== 'working' && view.status !== 'idle' && view.status !== 'waiting') return view;
  const { status, reason } = activity(view);
  return withStatus(view, at, status, reason);
}

function created(event: SessionEvent & { type: 'session.created' }): SessionView {
  return {
    id: event.sessionId as SessionId,
    name: event.payload.name,
    status: 'starting',
    reason: 'making the checkout',
    statusSince: event.at,
    source: event.payload.source,
    checkout: event.payload.checkout,
    checkoutState: 'pending',
    ...(event.payload.sandbox && { sandbox: event.payload.sandbox }),
    branch: event.payload.branch,
    baseCommit: null,
    createdAt: event.at,
    createdBy: event.principal,
    updatedAt: event.at,
    lastSeq: event.seq,
    runner: null,
    terminals: [],
    turns: noTurns,
    members: [],
    refusedKeys: 0,
  };
}

const changeTerminal = (view: SessionView, id: TerminalId, change: (t: TerminalView) => TerminalView): SessionView => ({
  ...view,
  terminals: view.terminals.map((terminal) => (terminal.terminalId === id ? change(terminal) : terminal)),
});

/** Terminals cannot outlive their runner: whatever was open when it went is closed with the same reason. */
function closeAll(view: SessionView, at: string, reason: string): SessionView {
  const closed = { at, exitCode: null, signal: null, reason };
  return {
    ...view,
    runner: null,
    frozen: null,
    terminals: view.terminals.map((t) => (isOpen(t) ? { ...t, driver: null, drivenSince: null, closed } : t)),
  };
}

function foldTerminal(view: SessionView, event: SessionEvent): SessionView {
  switch (event.type) {
    case 'terminal.opened': {
      const { terminalId, name, command } = event.payload;
      const opened = { terminalId, name, command, openedAt: event.at, driver: null, drivenSince: null, closed: null };
      return withActivity({ ...view, terminals: [...view.terminals, opened] }, event.at);
    }
    case 'terminal.closed': {
      const { terminalId, ...closed } = event.payload;
      const next = changeTerminal(view, terminalId, (t) =>
        isOpen(t) ? { ...t, driver: null, drivenSince: null, closed: { ...closed, at: event.at } } : t,
      );
      return withActivity(next, event.at);
    }
    case 'driver.changed':
      return changeTerminal(view, event.payload.terminalId, (t) => ({
        ...t,
        driver: event.payload.driver,
        drivenSince: event.payload.driver ? event.at : null,
      }));
    case 'driver.refused':
      return { ...view, refusedKeys: view.refusedKeys + event.payload.count };
    default: {
      const turns = foldTurns(view.turns, event);
      return turns === view.turns ? view : withActivity({ ...view, turns }, event.at);
    }
  }
}

/** Its programs stand still with their runner, or have ended with it. */
function paused(view: SessionView, { at, principal, payload }: SessionEvent & { type: 'session.paused' }): SessionView {
  const { reason, programs } = payload;
  if (programs !== 'frozen') return withStatus(closeAll(view, at, reason), at, 'paused', reason);
  return withStatus({ ...view, frozen: { reason, at, by: principal } }, at, 'paused', reason);
}

/** Where its runner cannot be reached it goes on as soon as that is back. */
function thawed(view: SessionView, at: string): SessionView {
  const next = { ...view, frozen: null, thawedAt: at, turns: stoodStill(view.turns, view.frozen?.at ?? at, at) };
  if (view.status !== 'paused') return next;
  const { status, reason } =
    view.runner === null ? { status: 'starting' as const, reason: 'starting a runner' } : activity(next);
  return withStatus(next, at, status, reason);
}

function foldLife(view: SessionView, event: SessionEvent): SessionView {
  switch (event.type) {
    case 'session.failed':
      return withStatus(closeAll(view, event.at, event.payload.reason), event.at, 'failed', event.payload.reason);
    case 'session.paused':
      return paused(view, event);
    case 'session.interrupted':
      return withStatus(closeAll(view, event.at, event.payload.reason), event.at, 'interrupted', event.payload.reason);
    case 'session.resumed':
      return view.frozen ? thawed(view, event.at) : withStatus(view, event.at, 'starting', 'starting a runner');
    case 'session.ended': {
      const ended = { ...closeAll(view, event.at, 'session ended'), checkoutState: event.payload.checkout };
      return withStatus(ended, event.at, 'ended', `checkout ${event.payload.checkout}`);
    }
    case 'runner.connected': {
      const { runnerId, epoch, isolation, warning, sandbox } = event.payload;
      const runner = { runnerId, epoch, isolation, warning, ...(sandbox && { sandbox }), connectedAt: event.at };
      const { status, reason } = activity(view);
      const { frozen } = view;
      if (frozen) return { ...view, runner, status: 'paused', reason: frozen.reason, statusSince: frozen.at };
      return withStatus({ ...view, runner }, event.at, status, reason);
    }
    case 'runner.lost':
      return withStatus(view, event.at, 'unreachable', event.payload.reason);
    case 'checkout.created': {
      const { branch, baseCommit, start } = event.payload;
      return { ...view, branch, baseCommit, checkoutState: 'present', ...(start !== undefined && { start }) };
    }
    case 'policy.set': {
      const { file, hash, base, restricted, warnings } = event.payload;
      return { ...view, policy: { file, hash, base, restricted, ...(warnings && { warnings }) } };
    }
    case 'policy.changed': {
      const { text, hash, restricted } = event.payload;
      return { ...view, sessionPolicy: text === '' ? null : { hash, restricted } };
    }
    case 'member.joined': {
      const others = view.members.filter((member) => member.personId !== event.payload.personId);
      return { ...view, members: [...others, event.payload] };
    }
    default:
      return foldTerminal(view, event);
  }
}

function withPolicyState(view: SessionView, before: SessionView, event: SessionEvent): SessionView {
  const old = before.policyState ?? noPolicyState;
  const byOf = (turnId: string) => before.turns.queue.find((each) => each.turnId === turnId)?.by ?? '';
  const policyState = foldPolicyState(old, event, { checkout: before.checkout, byOf });
  return policyState === old ? view : { ...view, policyState };
}

/**
 * The view after `event`. `view` is null before `session.created`; any other first event yields null, as do the facts
 * of the server's own chain. Closed terminals stay listed, at most the newest 50.
 */
export function foldSession(view: SessionView | null, event: SessionEvent): SessionView | null {
  if (event.type === 'session.created') return created(event);
  if (view === null) return null;
  // Stored before there were turns.
  if (view.turns === undefined) return foldSession({ ...view, turns: noTurns }, event);
  if (view.status === 'ended') return { ...view, updatedAt: event.at, lastSeq: event.seq };
  const next = withPolicyState(foldLife(view, event), view, event);
  const surplus = next.terminals.filter((t) => !isOpen(t)).slice(0, -50);
  const terminals = surplus.length > 0 ? next.terminals.filter((t) => !surplus.includes(t)) : next.terminals;
  return { ...next, terminals, updatedAt: event.at, lastSeq: event.seq };
}
