/**
 * How a session's checkout differs from its base, from where a turn began, or from another session's. Runners compare their own
 * checkout; two are compared by this machine's host, so that no runner ever reads another one's files.
 */
import { join } from 'node:path';
import { AppError } from '#protocol/error.ts';
import { type SessionId, sessionIdSchema, type TurnId, turnIdSchema } from '#protocol/id.ts';
import { type CheckoutDiff, checkoutDiffSchema, runnerDiffSchema } from '#protocol/runner-message.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { Log } from '#server/session/index.ts';
import type { Runners } from './runners.ts';

/** How the checkout in one session's folder differs from that in another's. */
export type CompareCheckouts = (options: { directory: string; against: string }) => Promise<CheckoutDiff>;

export interface DifferencesDeps {
  log: Pick<Log, 'view' | 'recall' | 'readOf'>;
  runners: Pick<Runners, 'links'>;
  home: string;
  compareCheckouts: CompareCheckouts;
}

/** Comparisons of two checkouts at once: each looks at every file of both. */
const maxCompared = 4;
/** Turns that people began in terminals are looked for among the newest of them. */
const maxBegun = 1_000;

export class Differences {
  readonly #deps: DifferencesDeps;
  #compared = 0;

  constructor(deps: DifferencesDeps) {
    this.#deps = deps;
  }

  /**
   * `against` is a `diffAgainstSchema`; the caller may read the session, and `mayRead` rejects with `session.not-found` for one
   * that they may not. Throws `session.not-running`, `session.ended`, `session.conflict`, `turn.not-found`, `input.invalid`,
   * `checkout.failed`, `rate.exceeded`.
   */
  async of(
    sessionId: SessionId,
    against: string,
    mayRead: (session: string) => Promise<SessionId>,
  ): Promise<CheckoutDiff> {
    const session = sessionIdSchema.safeParse(against);
    if (session.success) return this.#between(sessionId, await mayRead(session.data).catch(asAgainst));
    if (against === 'base') return this.#since(sessionId, null);
    return this.#since(sessionId, turnIdSchema.parse(against.replace(/^turn:/, '')));
  }

  async #since(sessionId: SessionId, turnId: TurnId | null): Promise<CheckoutDiff> {
    const view = await this.#viewOf(sessionId);
    if (turnId !== null) await this.#assertBegun(view, turnId);
    const link = this.#deps.runners.links.get(sessionId);
    // What is still being made, its runner knows best.
    if (!link && view.checkoutState !== 'pending') assertCheckout(view, 'session');
    if (!link && view.status === 'ended')
      throw new AppError({
        code: 'session.ended',
        message: 'the session has ended: no runner looks at its files any more',
      });
    if (!link)
      throw new AppError({ code: 'session.not-running', message: 'the session has no runner now; resume it first' });
    const diff = runnerDiffSchema.parse(await link.request({ type: 'checkout.diff', turnId }));
    if ((diff.turnId ?? null) === turnId) return checkoutDiffSchema.parse(diff);
    const message = 'against: the runner of this session is older than the server; stop and resume the session first';
    throw new AppError({ code: 'session.conflict', message });
  }

  /** The log knows each turn that began, also one whose beginning no runner remembers. */
  async #assertBegun({ id, name }: SessionView, turnId: TurnId): Promise<void> {
    const { log } = this.#deps;
    if (await log.recall(id, `started:${turnId}`)) return;
    if (await log.recall(id, turnId)) {
      const message = `against: ${turnId} has not begun, so there is nothing to compare with; wait for its turn`;
      throw new AppError({ code: 'session.conflict', message });
    }
    const begun = await log.readOf(id, 'turn.begun', maxBegun);
    if (begun.some(({ payload }) => payload.turnId === turnId)) return;
    const message = `against: no turn ${turnId} in the session ${name}; omnigent session events names its turns`;
    throw new AppError({ code: 'turn.not-found', message });
  }

  async #between(sessionId: SessionId, otherId: SessionId): Promise<CheckoutDiff> {
    const { home, compareCheckouts } = this.#deps;
    assertCheckout(await this.#viewOf(sessionId), 'session');
    assertCheckout(await this.#viewOf(otherId), 'against');
    if (this.#compared >= maxCompared) {
      const message = `at most ${maxCompared} comparisons of sessions at once; try again in a moment`;
      throw new AppError({ code: 'rate.exceeded', message });
    }
    this.#compared++;
    try {
      const folder = (id: SessionId) => join(home, 'sessions', id);
      return checkoutDiffSchema.parse(
        await compareCheckouts({ directory: folder(sessionId), against: folder(otherId) }),
      );
    } finally {
      this.#compared--;
    }
  }

  async #viewOf(sessionId: SessionId): Promise<SessionView> {
    const view = await this.#deps.log.view(sessionId);
    if (!view) throw new AppError({ code: 'session.not-found', message: 'no such session' });
    return view;
  }
}

function asAgainst(cause: unknown): never {
  if (!(cause instanceof AppError)) throw cause;
  throw new AppError({ code: cause.code, message: `against: ${cause.message}`, cause });
}

/** Names the field, and what to do instead. */
function assertCheckout({ id, checkoutState, status }: SessionView, field: 'session' | 'against'): void {
  if (checkoutState === 'present' || checkoutState === 'kept') return;
  if (checkoutState !== 'pending') {
    const message = `${field}: the checkout of ${id} was removed when the session ended; choose one that has its files`;
    throw new AppError({ code: 'session.ended', message });
  }
  const fix = status === 'starting' ? 'wait a moment' : 'resume the session, or choose another';
  throw new AppError({ code: 'session.conflict', message: `${field}: ${id} has no checkout yet; ${fix}` });
}
