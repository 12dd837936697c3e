/** What a checkout is to the rest of the program: the interface that every way of making one implements. */
import type { EventPayload } from '#protocol/event.ts';
import type { StopResult } from '#protocol/runner-message.ts';

export interface CheckoutRequest {
  /** Absolute folder to work from. Where a git repository holds it, the checkout is of the whole repository. */
  source: string;
  /** The session's own folder, absolute; the checkout is made in `<directory>/checkout`. */
  directory: string;
  /** Branch to work on. Null: detached at the source's commit (a plain folder gets `main`). */
  branch: string | null;
  /** Carries the source's uncommitted and untracked, not ignored, files over. */
  includesChanges: boolean;
  /** Absolute paths and patterns, as the policy in force resolves them, that must be in neither the files nor the history. */
  restricted: readonly string[];
}

/** Payload of the event `checkout.created`. */
export type CheckoutCreated = EventPayload<'checkout.created'>;

/**
 * Whether the source already holds everything that is in the checkout. `unchanged`: nothing was made here. `merged`:
 * every commit made here is reachable from the source's refs. `unsaved`: removal would lose something; `reason` says what.
 * Ignored files are never counted; the reason says so.
 */
export interface CheckoutProof {
  state: 'unchanged' | 'merged' | 'unsaved';
  reason: string;
}

export interface Checkout {
  /** `<directory>/checkout`, absolute. */
  readonly root: string;
  /** Where programs start: the same subfolder of `root` that `source` was of its repository. Absolute. */
  readonly start: string;
  readonly kind: 'git' | 'folder';
  readonly branch: string | null;
  readonly baseCommit: string | null;
  /** Its files are mounted where they are, and one process at a time works in them. */
  readonly isMounted: boolean;
  /** Its files are there. Throws AppError `checkout.failed` where they are, but not mounted in this process. */
  isPresent(): Promise<boolean>;
  /** Reads checkout and source, changes neither, and runs nothing that either configures. */
  proof(): Promise<CheckoutProof>;
  /**
   * Removes the checkout, `if-saved` only when the proof is not `unsaved`. Concurrent and repeated calls are harmless.
   * Throws AppError `checkout.failed` when files cannot be removed; nothing outside the session's folder is ever touched.
   */
  remove(options: { mode: 'if-saved' | 'discard' }): Promise<StopResult>;
}

/** One way of making checkouts; `contract.ts` is the suite each must pass. */
export interface CheckoutMethod {
  /** Makes the checkout, whole or not at all. Throws AppError `source.invalid` (with the fix) or `checkout.failed`. */
  create(request: CheckoutRequest): Promise<{ checkout: Checkout; created: CheckoutCreated }>;
  /** The checkout that was made in `directory` earlier; null if there is none. */
  reopen(directory: string): Promise<Checkout | null>;
}
