/** Tells browsers what waits for a person, once, and when it waits no more. Whatever happens here, the log goes on. */
import type { SessionEvent } from '#protocol/event.ts';
import type { ApprovalId } from '#protocol/id.ts';
import { askNotice, settledNotice } from '#protocol/notice.ts';
import type { Approvals } from '#server/approval/index.ts';
import type { Delivery } from './delivery.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface AnnouncerDeps {
  approvals: Pick<Approvals, 'get' | 'list'>;
  subscriptions: Subscriptions;
  delivery: Delivery;
  note: (line: string) => void;
}

/** An announcement on its way. */
interface Announcement {
  stop: AbortController;
  /** Never rejects. */
  done: Promise<void>;
}

export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #open = new Map<ApprovalId, Announcement>();
  readonly #closed = new AbortController();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  /** Takes an event as it is committed; returns at once. */
  take({ type, payload }: SessionEvent): void {
    if (this.#closed.signal.aborted) return;
    if (type === 'approval.requested') this.#announce(payload.approvalId);
    else if (type === 'approval.decided' || type === 'approval.withdrawn' || type === 'approval.expired') {
      void this.#settle(payload.approvalId);
    }
  }

  /** Catches up with what a server that died did not say any more. */
  async recover(): Promise<void> {
    const { approvals, subscriptions } = this.#deps;
    const { pending } = await approvals.list(0);
    const waiting = new Set(pending.map(({ id }) => id));
    for (const id of waiting) this.#announce(id);
    for (const id of await subscriptions.announced()) if (!waiting.has(id)) void this.#settle(id);
  }

  /** Resolves when nothing is sent any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#open.values()].map(({ done }) => done));
  }

  #announce(approvalId: ApprovalId): void {
    if (this.#open.has(approvalId)) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#closed.signal]);
    const done = this.#guard(approvalId, () => this.#tell(approvalId, signal));
    this.#open.set(approvalId, { stop, done });
    void done.then(() => this.#open.delete(approvalId));
  }

  /** After the announcement, which is not tried again from now on: the last that arrives is the last that happened. */
  async #settle(approvalId: ApprovalId): Promise<void> {
    const announcement = this.#open.get(approvalId);
    announcement?.stop.abort();
    await announcement?.done;
    await this.#guard(approvalId, () => this.#tellOutcome(approvalId));
  }

  async #tell(approvalId: ApprovalId, signal: AbortSignal): Promise<void> {
    const { approvals, subscriptions, delivery } = this.#deps;
    const claimed = await subscriptions.claim(approvalId);
    if (claimed.length === 0) return;
    const approval = await approvals.get(approvalId);
    if (approval.status === 'pending') return delivery.toAll(claimed, askNotice(approval), signal);
    // Somebody was faster than the announcement: there is no outcome to tell whoever never heard the question.
    await subscriptions.settle(approvalId);
  }

  async #tellOutcome(approvalId: ApprovalId): Promise<void> {
    const { approvals, subscriptions, delivery } = this.#deps;
    const told = await subscriptions.settle(approvalId);
    if (told.length === 0) return;
    const approval = await approvals.get(approvalId);
    if (approval.status === 'pending') return;
    const notice = settledNotice(approval, approval.status, approval.decidedBy);
    await delivery.toAll(told, notice, this.#closed.signal);
  }

  async #guard(approvalId: ApprovalId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#deps.note(`push about ${approvalId}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
}
