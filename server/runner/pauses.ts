/**
 * Has runners do what the log says: what is below the runner of a paused session stands still, on every link anew. Whoever
 * else must know hears it here. Knows no process, no action and no model.
 */
import type { SessionId } from '#protocol/id.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Bus } from '#server/bus/index.ts';
import type { SessionTopics } from '#server/session/index.ts';
import type { RunnerLink } from './link.ts';
import { hasRunner } from './runner-end.ts';

export interface PausesDeps {
  bus: Bus<SessionTopics>;
  link: (sessionId: SessionId) => RunnerLink | null;
  /** The session's runner goes on: what was kept back meanwhile is for it now. */
  onGoing: (sessionId: SessionId) => void;
  note: (line: string) => void;
}

/** A runner that did not answer is told again after this long, in ms. */
const retryMs = 1_000;

/** What a link was told last, and whether it did so. */
interface Told {
  isFrozen: boolean;
  done: Promise<boolean>;
}

export class Pauses {
  readonly #deps: PausesDeps;
  readonly #frozen = new Set<SessionId>();
  readonly #told = new WeakMap<RunnerLink, Told>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(deps: PausesDeps) {
    this.#deps = deps;
    deps.bus.subscribe('sessions', (view) => this.#heard(view));
  }

  /** As far as the log of a session with a linked runner says. */
  isFrozen(sessionId: string): boolean {
    return this.#frozen.has(sessionId as SessionId);
  }

  /** Calls `listener` whenever that changes; the result ends it. */
  watch(sessionId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(sessionId) === listeners) this.#listeners.delete(sessionId);
    };
  }

  /** Resolves when the runner has done what it was told last: false where it could not be told. */
  async settled(sessionId: SessionId): Promise<boolean> {
    const link = this.#deps.link(sessionId);
    return link !== null && ((await this.#told.get(link)?.done) ?? false);
  }

  #heard(view: SessionView): void {
    const isFrozen = Boolean(view.frozen);
    if (isFrozen !== this.#frozen.has(view.id)) {
      if (isFrozen) this.#frozen.add(view.id);
      else this.#frozen.delete(view.id);
      for (const listener of [...(this.#listeners.get(view.id) ?? [])]) listener();
    }
    // What stands still when its session ends, ends as it is.
    if (hasRunner(view)) this.#tell(view.id, isFrozen);
  }

  #tell(sessionId: SessionId, isFrozen: boolean): void {
    const { link: linkOf, note, onGoing } = this.#deps;
    const link = linkOf(sessionId);
    if (!link || (this.#told.get(link)?.isFrozen ?? link.isFrozen ?? false) === isFrozen) return;
    if (link.isFrozen === null) return note(`pause of ${sessionId}: its runner is older than that, stop and resume it`);
    const done = link.request({ type: 'session.freeze', isFrozen }).then(
      () => true,
      (cause: unknown) => {
        note(`pause of ${sessionId}: ${String(cause)}`);
        this.#told.delete(link);
        if (link.isOpen) setTimeout(() => this.#tell(sessionId, this.isFrozen(sessionId)), retryMs).unref();
        return false;
      },
    );
    this.#told.set(link, { isFrozen, done });
    if (!isFrozen) void done.then((isDone) => isDone && onGoing(sessionId));
  }
}
