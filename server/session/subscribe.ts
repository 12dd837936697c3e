/** Following one log from a cursor: live events from the bus, everything else from the log. */
import type { SessionEvent } from '#protocol/event.ts';

/** Live events kept for one slow subscriber; beyond that they are forgotten and read from the log again. */
const maxBuffered = 1_000;
const pageEvents = 500;

export interface Follow {
  /** Calls back with each event after it was committed; the result unsubscribes. */
  listen(listener: (event: SessionEvent) => void): () => void;
  /** Events after a seq, in order. */
  read(after: number, limit: number): Promise<SessionEvent[]>;
}

/**
 * Every event after seq `after`, in order, each once, until `signal` aborts. It subscribes before it reads, so nothing
 * falls between; memory is bounded however slowly the consumer takes them.
 */
export async function* followLog(follow: Follow, after: number, signal: AbortSignal): AsyncGenerator<SessionEvent> {
  const inbox = createInbox(follow, signal);
  try {
    let cursor = after;
    while (!signal.aborted) {
      if (inbox.mustRead()) {
        for await (const event of readOn(follow, cursor)) {
          if (signal.aborted) return;
          cursor = event.seq;
          yield event;
        }
        continue;
      }
      const event = inbox.take();
      if (!event) await inbox.change();
      else if (event.seq > cursor + 1) inbox.reread();
      else if (event.seq === cursor + 1) {
        cursor = event.seq;
        yield event;
      }
    }
  } finally {
    inbox.close();
  }
}

async function* readOn(follow: Follow, after: number): AsyncGenerator<SessionEvent> {
  for (let cursor = after; ; ) {
    const page = await follow.read(cursor, pageEvents);
    yield* page;
    cursor = page.at(-1)?.seq ?? cursor;
    if (page.length < pageEvents) return;
  }
}

function createInbox(follow: Follow, signal: AbortSignal) {
  let events: SessionEvent[] = [];
  let next = 0;
  /** At first, and after an overflow or a gap: the log has what the inbox has not. */
  let isBehind = true;
  let wake = () => {};
  const forget = () => {
    events = [];
    next = 0;
    isBehind = true;
  };
  const leave = follow.listen((event) => {
    if (events.length - next >= maxBuffered) forget();
    else events.push(event);
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  return {
    /** True once for each time the log must be read; what is committed during that read arrives here. */
    mustRead() {
      const must = isBehind;
      isBehind = false;
      return must;
    },
    reread: forget,
    take(): SessionEvent | undefined {
      const event = events[next++];
      if (next >= events.length) {
        events = [];
        next = 0;
      }
      return event;
    },
    /** Resolves when there is something to do; at once when there is already. */
    change: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
        if (events.length > next || isBehind || signal.aborted) resolve();
      }),
    close() {
      leave();
      signal.removeEventListener('abort', onAbort);
    },
  };
}
