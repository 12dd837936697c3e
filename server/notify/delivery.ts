/** Brings a notice to one browser: tries again where that may help, forgets the browser where it is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notice } from '#protocol/notice.ts';
import { Lane } from './lane.ts';
import type { Sender, Sent } from './sender.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import type { VapidKeys } from './vapid.ts';

export interface DeliveryDeps {
  sender: Sender;
  keys: VapidKeys;
  subscriptions: Subscriptions;
  /** Waits before each further try, in ms. */
  retryMs: readonly number[];
  note: (line: string) => void;
}

/** Connections to push services at once, and pushes that may wait for one. */
const lanes = { atOnce: 16, waiting: 2_000 } as const;

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #lane = new Lane(lanes);

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** To each of these, whatever becomes of the others; once `signal` aborts nothing is tried again. */
  async toAll(subscriptions: readonly Subscription[], notice: Notice, signal: AbortSignal): Promise<void> {
    await Promise.all(subscriptions.map((each) => this.#deliver(each, notice, signal)));
  }

  /** One try. A browser that is gone is forgotten. */
  async once({ id, target }: Subscription, notice: Notice): Promise<Sent> {
    const { sender, keys, subscriptions } = this.#deps;
    const pair = await keys.read();
    // The pair was replaced, and everything bound to the old one with it.
    if (!pair) return { kind: 'gone' };
    const sent = await this.#lane.run(() => sender.send(target, notice, pair));
    if (sent === null) return { kind: 'failed', why: 'too many pushes wait', isRetryable: false, retryAfterMs: 0 };
    if (sent.kind === 'gone') await subscriptions.remove(id, null);
    return sent;
  }

  async #deliver(subscription: Subscription, notice: Notice, signal: AbortSignal): Promise<void> {
    const { retryMs, note } = this.#deps;
    for (const waitMs of [...retryMs, null]) {
      const sent = await this.once(subscription, notice);
      if (sent.kind !== 'failed') return;
      if (waitMs === null || !sent.isRetryable) return note(`push not delivered, ${sent.why}`);
      if (!(await hasWaited(Math.max(waitMs, sent.retryAfterMs), signal))) return;
    }
  }
}

/** False when `signal` aborted meanwhile. */
async function hasWaited(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref: false });
    return true;
  } catch (cause) {
    if (signal.aborted) return false;
    throw cause;
  }
}
