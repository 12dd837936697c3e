/**
 * After each command: did it change what its facts say, and nothing else? Listens to what is stated of actions, looks at the
 * checkout beside them, one look at a time, and holds nobody up. Knows no harness and no policy.
 *
 * Commands that overlap share a window: what any of them may change is expected of all. It closes when the last of them is over.
 */
import { realFiles } from '#facts/file-view.ts';
import { type Expectation, expectationOf, type FoundChange, surprisesIn } from '#policy/effect.ts';
import type { ActionFacts } from '#protocol/action-facts.ts';
import type { EventPayload, NewEvent } from '#protocol/event.ts';
import type { ActionId } from '#protocol/id.ts';
import { maxSurprisePaths } from '#protocol/turn-event.ts';
import type { Subject } from './action-facts.ts';
import { FileIndex, type IndexChange } from './checkout/file-index.ts';

/** The clock that files get their times from is this far behind, in ms. */
const coarseMs = 12;
/** What a person has typed may still go on after this long, in ms. */
const lingerMs = 5_000;
/** Changes that are kept for the next window. */
const maxLater = 10_000;

type Requested = EventPayload<'action.requested'>;

interface Working {
  action: Requested & { turnId: NonNullable<Requested['turnId']> };
  from: number;
  /** Null while it goes on. */
  to: number | null;
  expected: Expectation | Promise<Expectation>;
}

interface Window {
  from: number;
  to: number;
  actions: Working[];
  /** A person typed into a shell meanwhile. */
  isShared: boolean;
}

type Found = FoundChange & IndexChange;

export interface EffectCheckOptions {
  state: (fact: Pick<NewEvent, 'type' | 'payload'>) => void;
  /** What a command would touch that runs in place of another. */
  factsOf: (action: Subject) => ActionFacts | Promise<ActionFacts>;
  /** In ms since the epoch, as files have it. */
  now: () => number;
  log: (line: string) => void;
}

export class EffectCheck {
  readonly #options: EffectCheckOptions;
  #place: { root: string; base: string; index: FileIndex } | null = null;
  /** Whether the first look is wanted, and when it was begun. */
  #first: 'unwanted' | 'wanted' | 'begun' = 'unwanted';
  readonly #asked = new Map<ActionId, Requested>();
  readonly #replaced = new Map<ActionId, string>();
  /** Null while no command runs. */
  #window: Window | null = null;
  #closed: Window[] = [];
  /** Changes that came after the windows that were looked at. */
  #later: Found[] = [];
  #typedAt = Number.NEGATIVE_INFINITY;
  /** A person typed since the newest look. */
  #isTyped = false;
  #work: Promise<void> | null = null;
  #isCut = false;

  constructor(options: EffectCheckOptions) {
    this.#options = options;
  }

  /** The checkout is there. */
  enter({ root, start }: { root: string; start: string }): void {
    const real = realFiles.resolve(root);
    this.#place = { root: real, base: realFiles.resolve(start), index: new FileIndex(real) };
    if (this.#first === 'wanted') this.prepare();
  }

  /** An agent will be asked: what is there before its first command is looked at, best while its model thinks. */
  prepare(): void {
    if (this.#first === 'begun') return;
    this.#first = this.#place ? 'begun' : 'wanted';
    this.#lookFirst().catch((cause: unknown) => this.#failed(cause));
  }

  /** A command may have begun before it is over. */
  async #lookFirst(): Promise<void> {
    if (this.#place) this.#later = await this.#look(this.#place, this.#options.now() - coarseMs);
  }

  async #look({ root, index }: { root: string; index: FileIndex }, since: number): Promise<Found[]> {
    const { changes, isWhole } = await index.look(since);
    if (!isWhole && !this.#isCut) this.#failed('there are too many files to look at all of them');
    this.#isCut ||= !isWhole;
    return changes.map((each) => ({ ...each, path: `${root}/${each.path}` }));
  }

  /** A person typed into a shell of the session. */
  typed(): void {
    this.#typedAt = this.#options.now();
    this.#isTyped = true;
    if (this.#window) this.#window.isShared = true;
  }

  /** This command runs in place of the action's, if it runs. */
  replaced(actionId: ActionId, command: string): void {
    if (this.#asked.has(actionId)) this.#replaced.set(actionId, command);
  }

  /** Something was stated. An action begins when it is let through, and is over with its item, at the latest with its turn. */
  note({ type, payload }: Pick<NewEvent, 'type' | 'payload'>): void {
    if (type === 'action.requested') this.#requested(payload as Requested);
    if (type === 'action.acted') this.#acted(payload as EventPayload<'action.acted'>);
    if (type === 'item.completed') {
      const { itemId } = payload as EventPayload<'item.completed'>;
      this.#end(({ action }) => action.itemId === itemId);
    }
    if (type === 'turn.completed') {
      const { turnId } = payload as EventPayload<'turn.completed'>;
      this.#end(({ action }) => action.turnId === turnId);
    }
  }

  /** Resolves when everything that is over has been looked at. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #requested(action: Requested): void {
    const isChanging = action.kind === 'command' || action.kind === 'write';
    if (isChanging && action.turnId !== null) this.#asked.set(action.actionId, action);
  }

  #acted({ actionId, outcome }: EventPayload<'action.acted'>): void {
    const action = this.#asked.get(actionId);
    const command = this.#replaced.get(actionId) ?? null;
    this.#asked.delete(actionId);
    this.#replaced.delete(actionId);
    if (!action || outcome !== 'ran' || action.turnId === null || !this.#place) return;
    this.prepare();
    const from = this.#options.now();
    this.#window ??= { from, to: from, actions: [], isShared: from - this.#typedAt < lingerMs };
    const expected = this.#expectation(action, command);
    this.#window.actions.push({ action: { ...action, turnId: action.turnId }, from, to: null, expected });
  }

  #expectation(action: Requested, command: string | null): Expectation | Promise<Expectation> {
    const { root, base } = this.#place ?? { root: '/', base: '/' };
    const place = { root, base, cwd: action.cwd, files: realFiles };
    const facts = command === null ? (action.facts ?? null) : this.#options.factsOf({ ...action, command });
    if (facts instanceof Promise) return facts.then((known) => expectationOf(known, place));
    return expectationOf(facts, place);
  }

  #end(isOver: (working: Working) => boolean): void {
    const window = this.#window;
    if (!window) return;
    // The clock counts whole milliseconds, files have parts of them.
    const now = this.#options.now() + 1;
    for (const working of window.actions) if (working.to === null && isOver(working)) working.to = now;
    if (window.actions.some(({ to }) => to === null)) return;
    this.#window = null;
    this.#closed.push({ ...window, to: now });
    this.#work ??= this.#checkAll().finally(() => {
      this.#work = null;
    });
  }

  async #checkAll(): Promise<void> {
    while (this.#closed.length > 0) {
      const windows = this.#closed;
      this.#closed = [];
      await this.#check(windows).catch((cause: unknown) => this.#failed(cause));
    }
  }

  async #check(windows: readonly Window[]): Promise<void> {
    const place = this.#place;
    const [first, last] = [windows[0], windows.at(-1)];
    if (!place || !first || !last) return;
    const isTyped = this.#isTyped;
    this.#isTyped = false;
    const found = await this.#look(place, first.from - coarseMs);
    const all = [...this.#later, ...found];
    const isMore = this.#window !== null || this.#closed.length > 0;
    this.#later = isMore ? all.filter(({ at }) => at > last.to).slice(0, maxLater) : [];
    const taken = new Set<Found>();
    for (const window of windows) {
      const own = all.filter((each) => !taken.has(each) && each.at >= window.from - coarseMs && each.at <= window.to);
      for (const each of own) taken.add(each);
      if (own.length > 0) await this.#compare(window, own, { root: place.root, isTyped });
    }
  }

  /** What was deleted might have gone at any time since the last look. */
  async #compare(window: Window, own: Found[], { root, isTyped }: { root: string; isTyped: boolean }): Promise<void> {
    const expected = await Promise.all(window.actions.map((working) => working.expected));
    const surprises = surprisesIn(own, expected, root) as Found[];
    for (const working of window.actions) {
      const changes = surprises.filter(({ at }) => workingAt(window, at) === working);
      if (changes.length === 0) continue;
      const isShared = window.isShared || (isTyped && changes.some(({ change }) => change === 'deleted'));
      this.#surprised(working.action, changes, { root, isShared });
    }
  }

  #surprised(
    { actionId, turnId, agent }: Working['action'],
    changes: readonly Found[],
    { root, isShared }: { root: string; isShared: boolean },
  ): void {
    const paths = changes.slice(0, maxSurprisePaths).map(({ path, change, isFolder }) => ({
      path: `${path.slice(root.length + 1)}${isFolder ? '/' : ''}`,
      change,
    }));
    const more = changes.length - paths.length;
    this.#options.state({
      type: 'effect.surprised',
      payload: { actionId, turnId, agent, paths, more, shared: isShared },
    });
  }

  #failed(cause: unknown): void {
    this.#options.log(`effects: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Of several that ran at that time the one that began first. */
const workingAt = ({ actions }: Window, at: number): Working | undefined =>
  actions.find(({ from, to }) => at >= from - coarseMs && at <= (to ?? at)) ?? actions[0];
