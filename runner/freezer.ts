/**
 * Stops everything that agents and terminals started, and has it go on: found in the process table, again and again until
 * nothing runs. Knows no agent, no terminal and no message.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#protocol/error.ts';
import { descendantsOf, listProcesses, type ProcessRow } from './sandbox/index.ts';

/** Parents are seen to stand still before their children are stopped, so that no shell notices; not for longer than this, in ms. */
const patientMs = 40;
/** Looks without anything that runs, one after the other, until all stands still. */
const calmLooks = 2;
/** Time between looks, in ms: at first, and once something hangs in the kernel and cannot stop yet. */
const lookMs = { first: 1, later: 100 } as const;
const hastyMs = 2_000;

interface Frozen {
  quiet: Promise<void>;
  going: Promise<void>;
  go: () => void;
  /** What a person had stopped in a shell, and stays so; null before the first look. */
  before: Set<string> | null;
  /** Sessions seen below the runner: by them those are found that lost their parent. */
  sessions: Set<number>;
}

export class Freezer {
  readonly #log: (line: string) => void;
  #frozen: Frozen | null = null;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  /** Resolves once nothing is frozen; who starts a program waits for it. */
  async going(): Promise<void> {
    while (this.#frozen) await this.#frozen.going;
  }

  /** Resolves when nothing runs any more, or is to run again. */
  freeze(): Promise<void> {
    if (this.#frozen) return this.#frozen.quiet;
    let go = (): void => undefined;
    const going = new Promise<void>((resolve) => {
      go = resolve;
    });
    const frozen: Frozen = { quiet: Promise.resolve(), going, go, before: null, sessions: new Set() };
    this.#frozen = frozen;
    frozen.quiet = this.#stopAll(frozen);
    return frozen.quiet;
  }

  /** Everything goes on, children before their parents: a shell finds its program running, as it left it. */
  thaw(): void {
    const frozen = this.#frozen;
    if (!frozen) return;
    this.#frozen = null;
    for (const row of below(frozen.sessions).others.reverse()) {
      if (stands(row) && !frozen.before?.has(nameOf(row))) this.#signal(row.pid, 'SIGCONT');
    }
    frozen.go();
  }

  /** Ends what is below `pid`, itself included, by default everything: what stands still ends without running again. */
  kill(pid: number | null = null): void {
    const { others } = below(this.#frozen?.sessions ?? new Set());
    const root = others.find((row) => row.pid === pid);
    const ended = pid === null ? others : root ? [root, ...descendantsOf(root.pid, others)] : [];
    for (const row of ended) this.#signal(row.pid, 'SIGKILL');
  }

  async #stopAll(frozen: Frozen): Promise<void> {
    const since = performance.now();
    const age = () => performance.now() - since;
    let isSwept = false;
    for (let calm = 0; this.#frozen === frozen && calm < calmLooks; ) {
      const found = below(frozen.sessions);
      frozen.before ??= new Set(found.others.filter(isStill).map(nameOf));
      const running = found.others.filter(runs);
      const isPatient = age() < patientMs;
      for (const row of isPatient ? topmost(running) : running) this.#signal(row.pid, 'SIGSTOP');
      if (!isSwept && (running.length === 0 || !isPatient)) {
        isSwept = true;
        this.#sweep(found);
      } else {
        calm = running.length === 0 ? calm + 1 : 0;
      }
      await sleep(age() < hastyMs ? lookMs.first : lookMs.later);
    }
  }

  /** Who forks and ends faster than it can be listed is stopped with its group, in one go: the kernel starts no child then. */
  #sweep({ others, own }: Found): void {
    const groups = process.pid === 1 ? [1] : [...new Set(others.map(({ pgrp }) => pgrp))].filter((pgrp) => pgrp > 1);
    for (const group of groups) this.#signal(-group, 'SIGSTOP');
    if (process.pid === 1) for (const { pid } of own) this.#signal(pid, 'SIGCONT');
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(pid, signal);
    } catch (cause) {
      // It ended meanwhile; what belongs to another user cannot be stopped, and is said.
      if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') this.#log(`${signal} to ${pid}: ${String(cause)}`);
    }
  }
}

/** Throws `session.paused`. */
export function assertGoing({ isFrozen }: Pick<Freezer, 'isFrozen'>): void {
  if (isFrozen) throw new AppError({ code: 'session.paused', message: 'the session is paused; resume it first' });
}

const nameOf = ({ pid, startTicks }: ProcessRow): string => `${pid} ${startTicks}`;
const isStill = ({ state }: ProcessRow): boolean => state === 'T' || state === 't';
/** Of one whose first thread has ended the others may go on: it looks like a zombie. */
const stands = (row: ProcessRow): boolean => isStill(row) || (row.state === 'Z' && row.threads > 1);
const runs = (row: ProcessRow): boolean => !isStill(row) && !/^[ZXx]$/.test(row.state);

/** Those whose parent is none of them. */
function topmost(rows: readonly ProcessRow[]): ProcessRow[] {
  const pids = new Set(rows.map(({ pid }) => pid));
  return rows.filter(({ ppid }) => !pids.has(ppid));
}

interface Found {
  /** What it runs for others, parents before children. */
  others: ProcessRow[];
  /** The runner's own tools: they share its session, and nothing else does. */
  own: ProcessRow[];
}

/** What is below the runner, and what was and lost its parent, as far as a session tells it. */
function below(sessions: Set<number>): Found {
  const rows = listProcesses();
  const mine = rows.find(({ pid }) => pid === process.pid)?.session ?? 0;
  const children = descendantsOf(process.pid, rows);
  const others = children.filter(({ session }) => session !== mine);
  for (const { session } of others) if (session !== 0) sessions.add(session);
  const known = new Set([process.pid, ...children.map(({ pid }) => pid)]);
  const adrift = rows.filter(({ pid, session }) => !known.has(pid) && session !== mine && sessions.has(session));
  return { others: [...others, ...adrift], own: children.filter(({ session }) => session === mine) };
}
