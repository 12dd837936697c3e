/**
 * Sends one encrypted push to one browser's push service, once. web-push makes the request; it is sent here, because where a
 * request may go is ours to say. Knows neither approvals nor people.
 */
import { createHash } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import webPush from 'web-push';
import type { Notice } from '#protocol/notice.ts';
import type { PushTarget } from '#protocol/push.ts';
import { publicLookup, refusedEndpoint } from './endpoint.ts';

export interface VapidPair {
  publicKey: string;
  privateKey: string;
}

export interface SenderOptions {
  /** A test or one's own push service on this machine. */
  allowsLoopback: boolean;
  /** Whom a push service may turn to: an https or mailto address (RFC 8292). */
  contact: () => string;
}

/** What became of it. `why` names the push service's host, never the endpoint: that is the browser's secret. */
export type Sent =
  | { kind: 'delivered' }
  /** The browser has given the subscription up. */
  | { kind: 'gone' }
  | { kind: 'failed'; why: string; isRetryable: boolean; retryAfterMs: number };

/** A push service that is silent for longer has failed, in ms. */
const answerMs = 10_000;
/** A push service keeps it this long for a browser that is away, in seconds: an approval waits no longer. */
const keepSeconds = 600;
/** Longest wait that a push service may ask for, in ms. */
const maxRetryAfterMs = 120_000;

/** A newer push of the same tag takes the place of one that was not fetched: 32 characters of base64url (RFC 8030). */
const topicOf = ({ tag }: Notice): string => createHash('sha256').update(tag).digest('base64url').slice(0, 32);

export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async send(target: PushTarget, notice: Notice, vapid: VapidPair): Promise<Sent> {
    const { allowsLoopback, contact } = this.#options;
    const { host } = new URL(target.endpoint);
    const failed = (why: string, isRetryable: boolean, retryAfterMs = 0): Sent => ({
      ...{ kind: 'failed', why: `${host}: ${why}`, isRetryable, retryAfterMs },
    });
    const refusal = refusedEndpoint(target.endpoint, allowsLoopback);
    if (refusal !== null) return failed(refusal, false);
    try {
      const { headers, body } = webPush.generateRequestDetails(target, JSON.stringify(notice), {
        ...{ vapidDetails: { subject: contact(), ...vapid }, TTL: keepSeconds, topic: topicOf(notice) },
        urgency: notice.isSettled ? 'normal' : 'high',
      });
      const { statusCode = 0, headers: answered } = await post(target.endpoint, headers, body, allowsLoopback);
      if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
      if (statusCode === 404 || statusCode === 410) return { kind: 'gone' };
      const isRetryable = statusCode === 429 || statusCode >= 500;
      return failed(`it answered ${statusCode}`, isRetryable, retryAfterOf(answered['retry-after']));
    } catch (cause) {
      return failed(reasonOf(cause), true);
    }
  }
}

/** Resolves when the answer's head is there; its body means nothing. A redirect is not followed. */
function post(
  endpoint: string,
  headers: Record<string, unknown>,
  body: Buffer | null,
  allowsLoopback: boolean,
): Promise<IncomingMessage> {
  const url = new URL(endpoint);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = open(
      url,
      {
        method: 'POST',
        headers: headers as Record<string, string | number>,
        lookup: publicLookup(allowsLoopback),
        signal: AbortSignal.timeout(answerMs),
      },
      (response) => {
        response.resume();
        // After its head nobody waits for the answer any more.
        response.on('error', () => undefined);
        resolve(response);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Seconds; 0 where it says a date or nothing. */
function retryAfterOf(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(maxRetryAfterMs, seconds * 1_000) : 0;
}

/** Node's code of a failed connection, or its words without any address in them. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'it cannot be reached';
  const { code, name, message } = cause as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer in ${answerMs / 1_000} s`;
  return typeof code === 'string' ? code : message.replace(/https?:\S+/g, 'the address').slice(0, 200);
}
