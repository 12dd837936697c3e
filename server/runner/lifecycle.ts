/** What people do with whole sessions: create, stop, resume, end. Decides from the view; runners do the work. */
import { stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { withdrawnBy } from '#protocol/action-view.ts';
import { AppError } from '#protocol/error.ts';
import { type EventPayload, lineSchema, type NewEvent, toLine } from '#protocol/event.ts';
import { newId, type SessionId, type TerminalId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import type { StopResult } from '#protocol/runner-message.ts';
import type { SandboxKind } from '#protocol/sandbox.ts';
import type { SessionView, Status } from '#protocol/session-view.ts';
import { noTurns } from '#protocol/turn-view.ts';
import type { Person } from '#server/auth/index.ts';
import type { Log } from '#server/session/index.ts';
import type { Pauses } from './pauses.ts';
import { endedBy, hasRunner } from './runner-end.ts';
import type { Runners } from './runners.ts';

export interface CreateRequest {
  name?: string | undefined;
  dir: string;
  includeChanges?: boolean | undefined;
  /** Absent: `bubblewrap`. */
  sandbox?: SandboxKind | undefined;
  /** First program; null or absent: a shell. */
  command?: string[] | null | undefined;
  cols?: number | undefined;
  rows?: number | undefined;
  /** The rules that hold in it, from a workspace file. */
  policy?: EventPayload<'policy.set'> | undefined;
  /** The first agent; without one, or with a program, a terminal opens. */
  agent?: EventPayload<'agent.added'> | undefined;
}

export interface Created {
  sessionId: SessionId;
  checkout: string;
  branch: string;
  /** Null where an agent works and no program was named. */
  terminalId: TerminalId | null;
}

export interface LifecycleDeps {
  log: Log;
  runners: Runners;
  pauses: Pick<Pauses, 'settled'>;
  home: string;
  now: () => number;
  random: (bytes: Uint8Array) => void;
  /** Why there can be no sandbox on this machine, and what to install; null where there can be. */
  sandboxProblem: string | null;
  /** A session's first terminal belongs to whoever started it. */
  onTerminal: (sessionId: SessionId, terminalId: TerminalId, person: Person) => void;
  /** Settles the checkout of a session without a runner. */
  removeCheckout: (options: { directory: string; mode: 'if-saved' | 'discard' }) => Promise<StopResult>;
}

/** Sessions of one folder whose names are counted on; looking for a free number takes a query each. */
const maxNumbered = 30;
const defaultSize = { cols: 80, rows: 24 } as const;
const resumable = new Set<Status>(['paused', 'interrupted', 'failed', 'unreachable']);

export class Lifecycle {
  readonly #deps: LifecycleDeps;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /** Why sessions here can have no sandbox, for people; null where they can. Whether it holds, each runner finds out. */
  get sandboxProblem(): string | null {
    return this.#deps.sandboxProblem;
  }

  #assertSandbox(): void {
    const { sandboxProblem } = this.#deps;
    if (sandboxProblem === null) return;
    const message = `There can be no sandbox on this machine: ${sandboxProblem} Without one: --sandbox none`;
    throw new AppError({ code: 'sandbox.failed', message });
  }

  #firstTerminal(command: string[] | null, size: { cols: number; rows: number }): NonNullable<Launch['terminal']> {
    const name = programName(command, 1);
    return { terminalId: newId('terminal', this.#deps), name, command, ...size };
  }

  async create(request: CreateRequest, person: Person): Promise<Created> {
    const { log, runners } = this.#deps;
    await checkSource(request.dir);
    const { sandbox = 'bubblewrap' } = request;
    if (sandbox !== 'none') this.#assertSandbox();
    const sessionId = newId('session', this.#deps);
    const wanted = slug(basename(request.dir)) || 'session';
    const name = request.name ? parseName(request.name) : await this.#freeName(wanted, sessionId.slice(-6));
    const checkout = join(this.#deps.home, 'sessions', sessionId, 'checkout');
    const branch = `omnigent/${slug(name) || 'session'}-${sessionId.slice(-6)}`;
    const includesChanges = request.includeChanges ?? false;
    const size = { cols: request.cols ?? defaultSize.cols, rows: request.rows ?? defaultSize.rows };
    const hasTerminal = request.agent === undefined || Boolean(request.command);
    const terminal = hasTerminal ? this.#firstTerminal(request.command ?? null, size) : null;
    const { personId, role } = person;
    await log.append(sessionId, [
      {
        type: 'session.created',
        payload: { name, source: request.dir, checkout, branch, includesChanges, sandbox },
        principal: personId,
      },
      { type: 'member.joined', payload: { personId, name: person.name, role }, principal: personId },
      ...(request.policy ? [{ type: 'policy.set' as const, payload: request.policy, principal: personId }] : []),
      ...(request.agent ? [{ type: 'agent.added' as const, payload: request.agent, principal: personId }] : []),
    ]);
    const view = await this.#viewOf(sessionId);
    if (terminal) this.#deps.onTerminal(sessionId, terminal.terminalId, person);
    await runners.start(view, includesChanges, terminal);
    return { sessionId, checkout, branch, terminalId: terminal?.terminalId ?? null };
  }

  /** `wanted`, else the first of `wanted-2` … that is free, else one with `suffix`. */
  async #freeName(wanted: string, suffix: string): Promise<string> {
    for (let n = 1; n <= maxNumbered; n++) {
      const name = n === 1 ? wanted : `${wanted}-${n}`;
      if (!(await this.#isTaken(name))) return name;
    }
    return `${wanted}-${suffix}`;
  }

  async #isTaken(name: string): Promise<boolean> {
    const { log } = this.#deps;
    try {
      await log.find(name);
      return true;
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'session.not-found') return false;
      if (cause instanceof AppError && cause.code === 'session.ambiguous') return true;
      throw cause;
    }
  }

  async #viewOf(sessionId: SessionId): Promise<SessionView> {
    const { log } = this.#deps;
    const view = await log.view(sessionId);
    if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
    return view;
  }

  /**
   * Everything in it stands still where it is, until it is resumed; again, it changes nothing. False where its runner cannot be
   * told now, and will be when it is back. Throws `session.not-running`, `session.ended`.
   */
  async pause(sessionId: SessionId, { personId, name }: Person): Promise<boolean> {
    const { log, pauses } = this.#deps;
    await log.append(sessionId, (view) => {
      if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
      if (view.frozen) return [];
      if (view.status === 'ended') throw new AppError({ code: 'session.ended', message: 'the session has ended' });
      if (!hasRunner(view)) throw notRunning(view);
      return [frozenBy(`paused by ${name}`, personId)];
    });
    return pauses.settled(sessionId);
  }

  /** Ends the programs and the runner; the checkout stays and Resume starts a new runner on it. */
  async stop(sessionId: SessionId, person: Person): Promise<void> {
    const { log } = this.#deps;
    const view = await this.#viewOf(sessionId);
    if (view.status === 'paused' && !view.frozen) return;
    if (!view.runner && view.status !== 'starting' && !view.frozen) throw notRunning(view);
    await log.append(sessionId, (now) => (now && now.status !== 'ended' ? pausedBy(now, person) : []));
    await this.#stopRunner(sessionId);
  }

  /** Asked first, so that what it knows is stored. */
  async #stopRunner(sessionId: SessionId): Promise<void> {
    const { runners } = this.#deps;
    try {
      await runners.links.get(sessionId)?.request({ type: 'stop' });
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.code !== 'runner.unreachable') throw cause;
    }
    await runners.kill(sessionId);
  }

  async resume(sessionId: SessionId, person: Person): Promise<void> {
    const { log, runners } = this.#deps;
    const view = await this.#viewOf(sessionId);
    if (view.frozen) return this.#goOn(sessionId, person);
    if (!resumable.has(view.status)) {
      const code = view.status === 'ended' ? 'session.ended' : 'session.conflict';
      throw new AppError({ code, message: `the session is ${view.status}; only a stopped one can be resumed` });
    }
    await runners.kill(sessionId);
    const appended = await log.append(sessionId, (now) =>
      now && resumable.has(now.status)
        ? endedBy(now, { type: 'session.resumed', payload: {}, principal: person.personId }, 'its runner was replaced')
        : [],
    );
    if (appended.length === 0) throw new AppError({ code: 'session.conflict', message: 'it was resumed just now' });
    if ((view.turns?.agents.length ?? 0) > 0) return runners.start(view, false, null);
    const shells = view.terminals.filter((terminal) => terminal.command === null).length;
    const terminal = { ...this.#firstTerminal(null, defaultSize), name: `shell ${shells + 1}` };
    this.#deps.onTerminal(sessionId, terminal.terminalId, person);
    await runners.start(view, false, terminal);
  }

  /** What stands still goes on, where its runner cannot be told now as soon as it is back. */
  async #goOn(sessionId: SessionId, { personId }: Person): Promise<void> {
    const { log, pauses } = this.#deps;
    const resumed: NewEvent = { type: 'session.resumed', payload: {}, principal: personId };
    await log.append(sessionId, (now) => {
      if (!now?.frozen) throw new AppError({ code: 'session.conflict', message: 'it was resumed just now' });
      return [resumed];
    });
    await pauses.settled(sessionId);
  }

  /**
   * Ends the session for good. Without `discard` the checkout is removed only with proof that its work is saved, and
   * kept otherwise. Repeating it answers the same.
   */
  async end(sessionId: SessionId, person: Person, discard: boolean): Promise<StopResult> {
    const { log } = this.#deps;
    const view = await this.#viewOf(sessionId);
    if (view.status === 'ended' && !discard) {
      const checkout = view.checkoutState;
      return { checkout: checkout === 'pending' || checkout === 'present' ? 'kept' : checkout, reason: view.reason };
    }
    await this.#stopRunner(sessionId);
    const result = await this.#settle(sessionId, discard);
    const ended: NewEvent = {
      type: 'session.ended',
      payload: { checkout: result.checkout },
      principal: person.personId,
    };
    await log.append(sessionId, (now) => (now ? endedBy(now, ended, 'the session was ended') : [ended]));
    return result;
  }

  #settle(sessionId: SessionId, discard: boolean): Promise<StopResult> {
    const directory = join(this.#deps.home, 'sessions', sessionId);
    return this.#deps.removeCheckout({ directory, mode: discard ? 'discard' : 'if-saved' });
  }
}

const paused = (person: Person): NewEvent => ({
  type: 'session.paused',
  payload: { reason: `stopped by ${person.name}`, programs: 'ended' },
  principal: person.personId,
});

const frozenBy = (reason: string, principal: string): NewEvent => ({
  type: 'session.paused',
  payload: { reason, programs: 'frozen' },
  principal,
});

/** Nobody is asked about what will not happen. */
const pausedBy = (view: SessionView, person: Person): NewEvent[] => [
  ...withdrawnBy(view.turns ?? noTurns, 'the session was stopped').map(
    (fact) => ({ ...fact, principal: person.personId }) as NewEvent,
  ),
  paused(person),
];

const notRunning = (view: SessionView): AppError =>
  new AppError({ code: 'session.not-running', message: `the session is ${view.status}: ${view.reason}` });

/** `shell 1`, or the program's own name. */
export function programName(command: string[] | null, shellNumber: number): string {
  const program = command?.[0];
  return program ? toLine(basename(program), 60, 'program') : `shell ${shellNumber}`;
}

function parseName(name: string): string {
  const parsed = lineSchema(120).safeParse(name);
  if (!parsed.success) throw new AppError({ code: 'input.invalid', message: 'name: 1 to 120 readable characters' });
  return parsed.data;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);

async function checkSource(dir: string): Promise<void> {
  const invalid = (message: string, cause?: unknown) =>
    new AppError({ code: 'source.invalid', message: `dir: ${message}`, cause });
  if (!isAbsolute(dir) || dir.includes('\0')) throw invalid('an absolute path is required');
  const found = await stat(dir).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(cause.code === 'ENOENT' ? 'no such folder on this machine' : 'the server cannot read it', cause);
  });
  if (!found.isDirectory()) throw invalid('not a folder');
}
