/**
 * In which state of the checkout each turn began, what it changed, and how far the checkout is from there now. Knows turns by
 * their beginning and end alone.
 *
 * A turn begins in the state that its predecessor left: that is read once, in the background, when a turn is over, and nobody
 * who begins or ends a turn waits for it. The next turn starts at once, its agent and its model work meanwhile; only what could
 * change files waits (`whenRead`), because a file written by turn N+1 while git still looks would pass for one of turn N. What a
 * person edits between two turns comes after the reading, and so belongs to the later one.
 */
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import type { TurnId } from '#protocol/id.ts';
import type { CheckoutDiff } from '#protocol/runner-message.ts';
import type { Checkout } from './checkout/index.ts';
import { Snapshots } from './checkout/snapshot.ts';
import type { FileChange } from './checkout/tree-diff.ts';
import { TurnRecord, type TurnState } from './turn-record.ts';

/** What would change files waits no longer than this for the reading, in ms; the state is then unknown, and said to be. */
const holdMs = 5_000;

/** A reading of the checkout: its tree; null when there is none. `isLate`: something may have changed files meanwhile. */
interface Reading {
  tree: Promise<string | null>;
  isOver: boolean;
  isLate: boolean;
}

export interface TurnStatesOptions {
  checkout: Pick<Checkout, 'root' | 'baseCommit'>;
  /** It was made just now: nobody has worked in it. */
  isNew: boolean;
  /** The session's own folder, absolute. */
  directory: string;
  log: (line: string) => void;
}

export class TurnStates {
  readonly #options: TurnStatesOptions;
  readonly #record: TurnRecord;
  #opened: Promise<Snapshots | null> | null = null;
  /** States that are being kept: those in which turns began, as far as the record does not have them yet. */
  readonly #pending = new Map<TurnId, Promise<TurnState>>();
  /** Null until an agent has started: git would only take the processor from a session that starts. */
  #reading: Reading | null = null;
  /** Settles when everything read so far is kept, or cannot be. */
  #kept: Promise<unknown> = Promise.resolve();
  /** The state in which the next turn begins, once it is kept. */
  #between: Promise<TurnState>;

  constructor(options: TurnStatesOptions) {
    this.#options = options;
    this.#record = new TurnRecord(join(options.directory, 'turns'));
    if (options.isNew) this.#note({ made: true });
    const known = this.#record.between;
    // What a predecessor left unread is as it is found.
    this.#between = 'problem' in known ? this.#keep(this.#current, this.#record.newest) : Promise.resolve(known);
  }

  get #snapshots(): Promise<Snapshots | null> {
    const { checkout, directory, log } = this.#options;
    this.#opened ??= Snapshots.open({
      root: checkout.root,
      scratch: join(directory, 'snapshots'),
      store: join(directory, 'turns'),
      base: checkout.baseCommit,
    }).catch((cause: unknown) => {
      log(`snapshots: ${said(cause)}`);
      return null;
    });
    return this.#opened;
  }

  /** The newest reading; begins the first one. */
  get #current(): Reading {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  /** A turn begins; its agent has not been asked yet. */
  began(turnId: TurnId): void {
    this.#note({ began: turnId });
    const state = this.#between;
    this.#pending.set(turnId, state);
    void state.then((found) => {
      this.#note({ turn: turnId, ...found });
      this.#pending.delete(turnId);
    });
  }

  /** An agent has started and will be asked: what is there before is read, best while its model thinks. */
  prepare(): void {
    void this.#current;
  }

  /** A turn is over: the files that it changed. */
  ended(turnId: TurnId): Promise<FileChange[]> {
    const before = this.#current;
    const reading = this.#read();
    this.#reading = reading;
    this.#between = this.#keep(reading, turnId);
    return this.#changesBetween(before, reading);
  }

  /** Resolves when no reading of the checkout would notice what happens from now on. */
  async whenRead(): Promise<void> {
    const reading = this.#current;
    if (reading.isOver || reading.isLate) return;
    await Promise.race([reading.tree, late(holdMs)]);
    if (!reading.isOver) reading.isLate = true;
  }

  /** Resolves when nothing is read or kept any more, or after `ms`. */
  async settled(ms: number): Promise<void> {
    await Promise.race([Promise.all([this.#reading?.tree, this.#kept]), late(ms)]);
  }

  /** How far the checkout is from its base, or from where a turn began. Throws AppError `checkout.failed`. */
  async diff(turnId: TurnId | null): Promise<CheckoutDiff> {
    const snapshots = await this.#snapshots;
    if (!snapshots) throw failed('the checkout is no git repository (any more)');
    if (turnId === null) return snapshots.diff();
    const state = (await this.#pending.get(turnId)) ??
      this.#record.stateOf(turnId) ?? { problem: 'nothing is known of it' };
    if ('problem' in state) {
      const compare = 'compare with a later turn, or with --against base';
      throw failed(`against: the state in which ${turnId} began was not kept (${state.problem}); ${compare}`);
    }
    return snapshots.diff(state.tree ?? undefined);
  }

  /** What cannot be written is not known to a later runner; this one goes on. */
  #note(fact: Parameters<TurnRecord['add']>[0]): void {
    try {
      this.#record.add(fact);
    } catch (cause) {
      this.#options.log(`record of turns: ${said(cause)}`);
    }
  }

  #read(): Reading {
    const reading: Reading = { tree: this.#tree(), isOver: false, isLate: false };
    reading.tree = reading.tree.then((tree) => {
      reading.isOver = true;
      return tree;
    });
    return reading;
  }

  async #tree(): Promise<string | null> {
    try {
      return (await (await this.#snapshots)?.take()) ?? null;
    } catch (cause) {
      this.#options.log(`state of the checkout: ${said(cause)}`);
      return null;
    }
  }

  /** In the order of the readings: a later one builds on what an earlier one kept. */
  #keep(reading: Reading, after: TurnId | null): Promise<TurnState> {
    const kept = this.#kept.then(async (): Promise<TurnState> => {
      const [snapshots, tree] = [await this.#snapshots, await reading.tree];
      if (!snapshots || tree === null) return { problem: 'git could not read the checkout' };
      if (reading.isLate) return { problem: `reading the checkout took longer than ${holdMs / 1000} s` };
      try {
        await snapshots.keep(tree);
        this.#note({ ended: after, tree });
        return { tree };
      } catch (cause) {
        this.#options.log(`state after ${after ?? 'the start'}: ${said(cause)}`);
        return { problem: 'it could not be stored; is the disk full?' };
      }
    });
    this.#kept = kept;
    return kept;
  }

  async #changesBetween(before: Reading, after: Reading): Promise<FileChange[]> {
    const [snapshots, from, to] = [await this.#snapshots, await before.tree, await after.tree];
    if (before.isLate || after.isLate) {
      this.#options.log('files of a turn not stated: reading the checkout took too long to tell whose they are');
      return [];
    }
    return snapshots && from !== null && to !== null ? snapshots.changes(from, to) : [];
  }
}

const failed = (message: string) => new AppError({ code: 'checkout.failed', message });
const said = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
const late = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
