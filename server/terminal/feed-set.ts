/**
 * The feeds of all terminals that somebody needs now: made on first use, carried by the runner's link, forgotten when
 * the program has ended and nobody looks. Knows no viewers beyond whether there are any.
 */
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionId, TerminalId } from '#protocol/id.ts';
import type { LinkSink, RunnerLink, Terminals as TerminalPort } from '#server/runner/index.ts';
import { TerminalFeed } from './feed.ts';
import { Recorder } from './recorder.ts';
import { createRecordingStore } from './recording-store.ts';

export interface FeedSetDeps {
  sql: Sql;
  now: () => number;
  note: (line: string) => void;
  /** A feed of this session is needed: its events matter now. */
  onNeeded: (sessionId: SessionId) => void;
  /** No feed of this session is left. */
  onUnneeded: (sessionId: SessionId) => void;
  /** Liveness or size of a terminal changed. */
  onChanged: (terminalId: TerminalId) => void;
  hasViewers: (terminalId: TerminalId) => boolean;
  onActivity: (activity: { sessionId: SessionId; terminalId: TerminalId; line: string; program: string }) => void;
}

interface Size {
  cols: number;
  rows: number;
}

/** A feed without viewers whose program has ended is forgotten after this long, in ms. */
const idleMs = 30_000;
/** Until the runner says otherwise. */
const defaultSize: Size = { cols: 80, rows: 24 };

export type FeedSet = ReturnType<typeof createFeedSet>;

export function createFeedSet(deps: FeedSetDeps) {
  const { sql, now, note } = deps;
  const feeds = new Map<TerminalId, TerminalFeed>();
  const opening = new Map<TerminalId, Promise<TerminalFeed>>();
  const sessions = new Map<TerminalId, SessionId>();
  const links = new Map<SessionId, RunnerLink>();

  /** Which session a terminal belongs to. Throws `terminal.not-found`. */
  async function sessionOf(terminalId: TerminalId): Promise<SessionId> {
    const known = sessions.get(terminalId);
    if (known) return known;
    const [row] = await sql`
      select session_id from events where type = 'terminal.opened' and payload->>'terminalId' = ${terminalId} limit 1`;
    if (!row) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
    return row.session_id as SessionId;
  }

  function obtain(sessionId: SessionId, terminalId: TerminalId, size: Size = defaultSize): Promise<TerminalFeed> {
    const existing = feeds.get(terminalId);
    if (existing) return Promise.resolve(existing);
    const pending =
      opening.get(terminalId) ?? make(sessionId, terminalId, size).finally(() => opening.delete(terminalId));
    opening.set(terminalId, pending);
    return pending;
  }

  async function make(sessionId: SessionId, terminalId: TerminalId, size: Size): Promise<TerminalFeed> {
    const store = createRecordingStore({ sql, sessionId, terminalId, now });
    const recorder = new Recorder({
      store,
      end: await store.end(),
      ...size,
      askScreen: () => void feed.screen().catch((cause: unknown) => note(`keyframe: ${String(cause)}`)),
      onStored: (offset) => feed.stored(offset),
      note,
    });
    const feed: TerminalFeed = new TerminalFeed({ terminalId, sessionId, recorder, ...size, note });
    feeds.set(terminalId, feed);
    sessions.set(terminalId, sessionId);
    deps.onNeeded(sessionId);
    return feed;
  }

  /** The feed of a terminal, carried by its runner's link where there is one. `isOpen`: its program runs, by the log. */
  async function carried(sessionId: SessionId, terminalId: TerminalId, isOpen: boolean): Promise<TerminalFeed> {
    const feed = await obtain(sessionId, terminalId);
    const link = links.get(sessionId);
    if (!isOpen) feed.isRunning = false;
    else if (link && !feed.isLinkedBy(link)) feed.link(link, feed.recorder.end);
    return feed;
  }

  /** The program has ended: the last screen is stored, then runner and server may forget the terminal. */
  async function finish(feed: TerminalFeed): Promise<void> {
    feed.isRunning = false;
    try {
      const screen = feed.isLive ? await feed.screen().catch(nullIfGone) : null;
      if (screen) await feed.recorder.finish(screen);
      feed.finished();
    } catch (cause) {
      note(`terminal ${feed.terminalId}: last screen not stored: ${String(cause)}`);
    }
    setTimeout(() => forget(feed), idleMs).unref();
  }

  function forget(feed: TerminalFeed): void {
    if (feed.isRunning || deps.hasViewers(feed.terminalId)) return;
    feeds.delete(feed.terminalId);
    sessions.delete(feed.terminalId);
    const isLast = ![...feeds.values()].some((other) => other.sessionId === feed.sessionId);
    if (isLast) deps.onUnneeded(feed.sessionId);
  }

  const port: TerminalPort = {
    async linked(link, hello) {
      links.set(link.sessionId, link);
      return Promise.all(
        hello.terminals.map(async (state) => {
          const feed = await obtain(link.sessionId, state.terminalId, state);
          feed.isRunning = state.isRunning;
          feed.cols = state.cols;
          feed.rows = state.rows;
          const from = Math.min(Math.max(feed.recorder.end, state.start), state.end);
          feed.link(link, from);
          deps.onChanged(state.terminalId);
          if (!state.isRunning) void finish(feed);
          return { terminalId: state.terminalId, offset: from };
        }),
      );
    },
    unlinked(link) {
      if (links.get(link.sessionId) === link) links.delete(link.sessionId);
      for (const feed of feeds.values()) {
        if (!feed.isLinkedBy(link)) continue;
        feed.unlink();
        deps.onChanged(feed.terminalId);
      }
    },
    sink: (link) => sinkOf(link),
  };

  /** Frames of a terminal that is new to the server wait until its feed is there, in order. */
  function sinkOf(link: RunnerLink): Omit<LinkSink, 'commit'> {
    const withFeed = (terminalId: TerminalId, use: (feed: TerminalFeed) => void): void => {
      const feed = feeds.get(terminalId);
      if (feed?.isLinkedBy(link)) return use(feed);
      carried(link.sessionId, terminalId, true)
        .then(use)
        .catch((cause: unknown) => note(`terminal ${terminalId}: ${String(cause)}`));
    };
    return {
      output: (frame, raw) => withFeed(frame.terminalId, (feed) => feed.output(frame, raw)),
      resized: (message) =>
        withFeed(message.terminalId, (feed) => {
          feed.resized(message);
          deps.onChanged(message.terminalId);
        }),
      gap: (message) => withFeed(message.terminalId, (feed) => feed.gap(message.offset)),
      inputAcked: (message) => feeds.get(message.terminalId)?.inputAcked(message.clientId, message.n),
      activity: ({ terminalId, line, program }) =>
        deps.onActivity({ sessionId: link.sessionId, terminalId, line, program }),
    };
  }

  return {
    port,
    sessionOf,
    carried,
    forget,
    get: (terminalId: TerminalId): TerminalFeed | undefined => feeds.get(terminalId),
    /** `terminal.closed` is in the log. */
    async closed(terminalId: TerminalId): Promise<void> {
      const feed = feeds.get(terminalId);
      if (feed) await finish(feed);
    },
    /** The session's runner is gone for good, and with it every program. */
    async allClosed(sessionId: SessionId): Promise<TerminalId[]> {
      const affected = [...feeds.values()].filter((feed) => feed.sessionId === sessionId);
      await Promise.all(affected.map((feed) => finish(feed)));
      return affected.map((feed) => feed.terminalId);
    },
    /** Stores what is not stored yet. */
    async flush(): Promise<void> {
      await Promise.allSettled([...feeds.values()].map((feed) => feed.recorder.flush()));
    },
  };
}

/** A runner forgets a program that has ended as soon as its output is stored; then what is stored is all there is. */
export function nullIfGone(cause: unknown): null {
  if (cause instanceof AppError && cause.code === 'terminal.not-found') return null;
  throw cause;
}
