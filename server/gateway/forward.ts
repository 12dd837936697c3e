/** Passes one model call on to a provider and its answer back, piece by piece as it comes. Knows no session and no money. */
import {
  Agent as HttpAgent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { toLine } from '#protocol/event.ts';
import type { Api } from './api.ts';
import type { Address } from './provider.ts';
import { UsageFilter } from './stream-usage.ts';
import { UsageMeter } from './usage.ts';

/** Of the client's headers these are not the provider's business: our own, those of a connection, and what proves the agent to us. */
const droppedRequest =
  /^(?:host|connection|keep-alive|transfer-encoding|content-length|accept-encoding|authorization|x-api-key|cookie|expect|te|upgrade|proxy-.*|x-omnigent-.*|x-forwarded-.*)$/;
const droppedAnswer =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|set-cookie|alt-svc|strict-transport-security)$/;
const droppedOfFiltered = new RegExp(`${droppedAnswer.source}|^content-length$`);

/** What proves a call to its provider. */
export interface Proof {
  headers: Record<string, string>;
  /** The agent signed in by itself: a refusal is for it to mend. */
  isOfAgent: boolean;
}

export interface Outcome {
  /** HTTP status of the provider; null when there was no answer. */
  status: number | null;
  meter: UsageMeter;
  /**
   * Why it did not come to its end; null when it did. `refused`: our key is not good there; `not-sent`: nothing was asked,
   * because nobody waits any more or calls are held; `held`: it was broken off for that.
   */
  fault: 'unreachable' | 'refused' | 'cut' | 'client-gone' | 'not-sent' | 'held' | null;
  /** For logs. */
  detail: string | null;
}

export class Forwarder {
  readonly #agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };

  /** Resolves when the answer is out or cannot be. Where it is unreachable or refuses nothing was written to `response`. */
  forward(options: {
    api: Api;
    to: Address;
    proof: Proof;
    /** Path with its query. */
    path: string;
    headers: IncomingMessage['headers'];
    body: Buffer;
    /** Usage was asked for in the client's stead: the event that tells it stays here. */
    dropsUsage: boolean;
    response: ServerResponse;
    /** Aborts when no byte more may come or go. */
    held: AbortSignal;
  }): Promise<Outcome> {
    const { api, to, proof, path, body, response, held } = options;
    const url = new URL(to.baseUrl + path);
    const isSecure = url.protocol === 'https:';
    const headers = { ...keep(options.headers, droppedRequest), ...proof.headers };
    const sent = {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length, 'accept-encoding': 'identity' },
    };
    return new Promise((resolve) => {
      let meter = new UsageMeter(api.name, true);
      let status: number | null = null;
      // It left, or is held, since the call was entered: nothing is asked, and nothing spent.
      if (response.destroyed || held.aborted) return resolve({ status, meter, fault: 'not-sent', detail: null });
      const settle = (fault: Outcome['fault'], detail: string | null = null) =>
        resolve({ status, meter, fault: fault !== null && held.aborted ? 'held' : fault, detail });
      const call = isSecure
        ? requestHttps(url, { ...sent, agent: this.#agents.https })
        : requestHttp(url, { ...sent, agent: this.#agents.http });
      response.once('close', () => {
        if (!response.writableFinished) call.destroy(new Error('the client has gone'));
      });
      held.addEventListener('abort', () => call.destroy(new Error('the session is paused')));
      call.on('error', (cause) =>
        settle(response.destroyed ? 'client-gone' : status === null ? 'unreachable' : 'cut', cause.message),
      );
      call.on('response', (answer) => {
        status = answer.statusCode ?? 502;
        const isRefusal = status === 401 || status === 403;
        if (isRefusal && !proof.isOfAgent) return void wordsOf(answer).then((words) => settle('refused', words));
        const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
        meter = new UsageMeter(api.name, isStream);
        const filter = options.dropsUsage && isStream ? new UsageFilter() : null;
        // A filtered answer is shorter than the provider may have said.
        response.writeHead(status, keep(answer.headers, filter ? droppedOfFiltered : droppedAnswer));
        response.flushHeaders();
        this.#pass({ answer, response, meter, filter, settle });
      });
      call.end(body);
    });
  }

  #pass(call: {
    answer: IncomingMessage;
    response: ServerResponse;
    meter: UsageMeter;
    filter: UsageFilter | null;
    settle: (fault: Outcome['fault'], detail?: string) => void;
  }): void {
    const { answer, response, meter, filter, settle } = call;
    answer.on('data', (chunk: Buffer) => {
      const out = filter ? filter.push(chunk) : chunk;
      if (response.destroyed) return;
      if (out.length > 0 && !response.write(out)) {
        answer.pause();
        response.once('drain', () => answer.resume());
      }
      meter.push(chunk);
    });
    answer.on('end', () => {
      meter.end();
      response.end(filter?.end());
      settle(null);
    });
    // The client learns of a cut answer by its own connection being cut: a clean end would pass for a whole answer.
    answer.on('error', (cause) => {
      const isOurs = response.destroyed;
      response.destroy();
      settle(isOurs ? 'client-gone' : 'cut', cause.message);
    });
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

function keep(headers: IncomingMessage['headers'], dropped: RegExp): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => value !== undefined && !dropped.test(name)),
  );
}

/** What a refusal says of itself, in one line. */
async function wordsOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) if (text.length < 4_000) text += chunk.toString('utf8');
  } catch {
    // Cut in the middle, it is a refusal all the same.
  }
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return toLine(message ?? text, 300, 'no reason given');
}
