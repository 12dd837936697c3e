/**
 * Pushes to people's browsers (RFC 8030, 8291, 8292): who gets them, and that an approval is announced there. Knows the log
 * only by what it publishes.
 */
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { PersonId } from '#protocol/id.ts';
import { testNotice } from '#protocol/notice.ts';
import type { PushTarget } from '#protocol/push.ts';
import type { Approvals } from '#server/approval/index.ts';
import type { Bus } from '#server/bus/index.ts';
import { TokenBucket } from '#server/http/index.ts';
import type { SecretBox } from '#server/secret/index.ts';
import type { SessionTopics } from '#server/session/index.ts';
import { Announcer } from './announcer.ts';
import { Delivery } from './delivery.ts';
import { refusedEndpoint } from './endpoint.ts';
import { Sender } from './sender.ts';
import { type SubscribedBrowser, Subscriptions, sealedSubscriptions } from './subscriptions.ts';
import { sealedVapidKey, VapidKeys } from './vapid.ts';

export type { SubscribedBrowser } from './subscriptions.ts';

/** What is sealed here. */
export const sealedPush = [sealedVapidKey, sealedSubscriptions] as const;

export interface NotifyDeps {
  sql: Sql;
  secrets: SecretBox;
  bus: Bus<SessionTopics>;
  approvals: Pick<Approvals, 'get' | 'list'>;
  /** Push services on this machine may be used; for tests and one's own. */
  allowsLoopback: boolean;
  /** Origin of this server, as people know it. */
  url: () => string;
  /** Waits before each further try, in ms. */
  retryMs?: readonly number[] | undefined;
  now: () => number;
  note: (line: string) => void;
}

/** Tests that one person may send. */
const tests = { perSecond: 1 / 10, burst: 5 } as const;
const defaultRetryMs = [2_000, 15_000, 60_000];

export class Notify {
  readonly #deps: NotifyDeps;
  readonly #keys: VapidKeys;
  readonly #subscriptions: Subscriptions;
  readonly #delivery: Delivery;
  readonly #announcer: Announcer;
  readonly #tests = new Map<PersonId, TokenBucket>();
  readonly #leave: () => void;

  constructor(deps: NotifyDeps) {
    const { sql, secrets, bus, approvals, allowsLoopback, url, retryMs = defaultRetryMs, now, note } = deps;
    this.#deps = deps;
    const keys = new VapidKeys({ sql, secrets, now });
    const subscriptions = new Subscriptions({ sql, secrets, now });
    const sender = new Sender({ allowsLoopback, contact: () => contactOf(url()) });
    const delivery = new Delivery({ sender, keys, subscriptions, retryMs, note });
    this.#keys = keys;
    this.#subscriptions = subscriptions;
    this.#delivery = delivery;
    this.#announcer = new Announcer({ approvals, subscriptions, delivery, note });
    this.#leave = bus.subscribe('events', (event) => this.#announcer.take(event));
  }

  /** Announces what an earlier server left unsaid. */
  recover(): Promise<void> {
    return this.#announcer.recover();
  }

  /** The key that a browser subscribes with, made on first need. Throws `secret.unusable`. */
  async prepare(): Promise<string> {
    return (await this.#keys.ensure()).publicKey;
  }

  list(personId: PersonId): Promise<SubscribedBrowser[]> {
    return this.#subscriptions.list(personId);
  }

  /** Returns the subscription's id. Throws `input.invalid` for an endpoint that is not public. */
  async subscribe(target: PushTarget, browser: string, personId: PersonId): Promise<string> {
    const refusal = refusedEndpoint(target.endpoint, this.#deps.allowsLoopback);
    if (refusal !== null) throw new AppError({ code: 'input.invalid', message: `endpoint: ${refusal}` });
    return this.#subscriptions.add(target, browser, personId);
  }

  /** One of one's own; what is not there is removed already. */
  async unsubscribe(id: string, personId: PersonId): Promise<void> {
    await this.#subscriptions.remove(id, personId);
  }

  /** Sends a test and says whether the push service took it. Throws `push.not-found`, `push.failed`, `rate.exceeded`. */
  async test(id: string, personId: PersonId): Promise<void> {
    const { now } = this.#deps;
    const bucket = this.#tests.get(personId) ?? new TokenBucket(tests, now());
    this.#tests.set(personId, bucket);
    if (!bucket.take(1, now())) throw new AppError({ code: 'rate.exceeded', message: 'too many tests; wait a moment' });
    const found = await this.#subscriptions.find(id, personId);
    const sent = found && (await this.#delivery.once(found, testNotice));
    if (sent?.kind === 'delivered') return;
    if (sent?.kind === 'failed') {
      throw new AppError({ code: 'push.failed', message: `the push service did not take it, ${sent.why}` });
    }
    throw new AppError({
      code: 'push.not-found',
      message: 'this browser gets no pushes any more; turn notifications on again',
    });
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#announcer.close();
  }
}

/** Whom a push service turns to: the server itself where it has a name, else nobody. */
const contactOf = (url: string): string => (url.startsWith('https:') ? url : 'mailto:nobody@example.com');
