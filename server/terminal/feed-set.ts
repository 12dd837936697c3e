/**
 * The feeds of all terminals that somebody needs now: made on first use, carried by the runner's link, forgotten when
 * the program has ended and nobody looks. Knows no viewers beyond whether there are any.
 */
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionId, TerminalId } from '#protocol/id.ts';
import { expected } from '#server/http/index.ts';
import type { Hello, LinkSink, RunnerLink, Terminals as TerminalPort } from '#server/runner/index.ts';
import { TerminalFeed } from './feed.ts';
import { Recorder } from './recorder.ts';
import { RecordingStore } from './recording-store.ts';

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

export class FeedSet implements TerminalPort {
  readonly #deps: FeedSetDeps;
  readonly #feeds = new Map<TerminalId, TerminalFeed>();
  readonly #opening = new Map<TerminalId, Promise<TerminalFeed>>();
  readonly #sessions = new Map<TerminalId, SessionId>();
  readonly #links = new Map<SessionId, RunnerLink>();

  constructor(deps: FeedSetDeps) {
    this.#deps = deps;
  }

  /** Which session a terminal belongs to. Throws `terminal.not-found`. */
  async sessionOf(terminalId: TerminalId): Promise<SessionId> {
    const known = this.#sessions.get(terminalId);
    if (known) return known;
    const owner = await this.#ownerOf(terminalId);
    if (!owner) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
    return owner;
  }

  /** The session that stated the terminal first; null: none did. */
  async #ownerOf(terminalId: TerminalId): Promise<SessionId | null> {
    const [row] = await this.#deps.sql<{ session_id: SessionId }[]>`
      select session_id from events where type = 'terminal.opened' and payload->>'terminalId' = ${terminalId}
      order by at, seq limit 1`;
    return row?.session_id ?? null;
  }

  #obtain(sessionId: SessionId, terminalId: TerminalId, size: Size = defaultSize): Promise<TerminalFeed> {
    const existing = this.#feeds.get(terminalId);
    if (existing?.sessionId === sessionId) return Promise.resolve(existing);
    if (existing) return Promise.reject(new AppError({ code: 'terminal.not-found', message: 'no such terminal' }));
    const pending =
      this.#opening.get(terminalId) ??
      this.#make(sessionId, terminalId, size).finally(() => this.#opening.delete(terminalId));
    this.#opening.set(terminalId, pending);
    return pending;
  }

  /** What is there beside its size is not of the recording: a runner's end is not ours. */
  async #make(sessionId: SessionId, terminalId: TerminalId, { cols, rows }: Size): Promise<TerminalFeed> {
    const { sql, now, note } = this.#deps;
    const size = { cols, rows };
    const store = new RecordingStore({ sql, sessionId, terminalId, now });
    const recorder = new Recorder({
      store,
      end: await store.end(),
      ...size,
      askScreen: () => void feed.screen().catch((cause: unknown) => note(`keyframe: ${String(cause)}`)),
      onStored: (offset) => feed.stored(offset),
      note,
    });
    const feed: TerminalFeed = new TerminalFeed({ terminalId, sessionId, recorder, ...size, now, note });
    this.#feeds.set(terminalId, feed);
    this.#sessions.set(terminalId, sessionId);
    this.#deps.onNeeded(sessionId);
    return feed;
  }

  /** The feed of a terminal, carried by its runner's link where there is one. `isOpen`: its program runs, by the log. */
  async carried(sessionId: SessionId, terminalId: TerminalId, isOpen: boolean): Promise<TerminalFeed> {
    const feed = await this.#obtain(sessionId, terminalId);
    const link = this.#links.get(sessionId);
    if (!isOpen) {
      feed.isRunning = false;
      this.#forgetLater(feed);
    } else if (link && !feed.isLinkedBy(link)) feed.link(link, feed.recorder.end);
    return feed;
  }

  /**
   * The feed of a terminal that a runner speaks of, carried by its link. Throws `runner.refused` for a terminal of another
   * session, `runner.unreachable` when the link broke meanwhile.
   */
  async #claimed(link: RunnerLink, terminalId: TerminalId, size?: Size): Promise<TerminalFeed> {
    const owner = this.#feeds.get(terminalId)?.sessionId ?? (await this.#ownerOf(terminalId));
    if (owner !== null && owner !== link.sessionId) {
      throw new AppError({ code: 'runner.refused', message: 'terminal: of another session' });
    }
    const feed = await this.#obtain(link.sessionId, terminalId, size);
    if (!link.isOpen) throw new AppError({ code: 'runner.unreachable', message: 'the link broke' });
    return feed;
  }

  /** The program has ended: the last screen is stored, then runner and server may forget the terminal. */
  async #finish(feed: TerminalFeed): Promise<void> {
    const { note } = this.#deps;
    feed.isRunning = false;
    try {
      const screen = feed.isLive ? await feed.screen().catch(nullIfGone) : null;
      // The screen overtakes output that waits for the link; what has not arrived must not be forgotten.
      if (screen && (await feed.reached(screen.offset))) await feed.recorder.finish(screen);
      feed.unlink();
    } catch (cause) {
      note(`terminal ${feed.terminalId}: last screen not stored: ${String(cause)}`);
    }
    this.#forgetLater(feed);
  }

  #forgetLater(feed: TerminalFeed): void {
    setTimeout(() => this.forget(feed), idleMs).unref();
  }

  /** Lets go of a feed that nobody needs any more; one whose output is not stored yet is kept. */
  forget(feed: TerminalFeed): void {
    const isNeeded = () => feed.isRunning || feed.isLive || this.#deps.hasViewers(feed.terminalId);
    if (isNeeded()) return;
    feed.recorder.flush().then(
      () => (isNeeded() ? undefined : this.#drop(feed)),
      () => this.#forgetLater(feed),
    );
  }

  #drop(feed: TerminalFeed): void {
    this.#feeds.delete(feed.terminalId);
    this.#sessions.delete(feed.terminalId);
    const isLast = ![...this.#feeds.values()].some((other) => other.sessionId === feed.sessionId);
    if (isLast) this.#deps.onUnneeded(feed.sessionId);
  }

  /** A runner greets: its terminals are carried by this link, with output from where the recording ends. */
  linked(link: RunnerLink, hello: Hello): Promise<{ terminalId: TerminalId; offset: number }[]> {
    this.#links.set(link.sessionId, link);
    return Promise.all(
      hello.terminals.map(async (state) => {
        const feed = await this.#claimed(link, state.terminalId, state);
        feed.isRunning = state.isRunning;
        feed.cols = state.cols;
        feed.rows = state.rows;
        const from = Math.min(Math.max(feed.recorder.end, state.start), state.end);
        feed.link(link, from);
        this.#deps.onChanged(state.terminalId);
        if (!state.isRunning) void this.#finish(feed);
        return { terminalId: state.terminalId, offset: from };
      }),
    );
  }

  unlinked(link: RunnerLink): void {
    if (this.#links.get(link.sessionId) === link) this.#links.delete(link.sessionId);
    for (const feed of this.#feeds.values()) {
      if (!feed.isLinkedBy(link)) continue;
      feed.unlink();
      if (!feed.isRunning) this.#forgetLater(feed);
      this.#deps.onChanged(feed.terminalId);
    }
  }

  /** Frames of a terminal that is new to the server wait until its feed is there, in order. */
  sink(link: RunnerLink): Omit<LinkSink, 'commit' | 'delta'> {
    const claims = new Map<TerminalId, Promise<TerminalFeed>>();
    const claim = async (terminalId: TerminalId): Promise<TerminalFeed> => {
      const feed = await this.#claimed(link, terminalId);
      if (!feed.isLinkedBy(link)) feed.link(link, feed.recorder.end);
      return feed;
    };
    const linkedFeed = (terminalId: TerminalId): TerminalFeed | null => {
      const feed = this.#feeds.get(terminalId);
      return feed?.isLinkedBy(link) ? feed : null;
    };
    const withFeed = (terminalId: TerminalId, use: (feed: TerminalFeed) => void): void => {
      const feed = linkedFeed(terminalId);
      if (feed && !claims.has(terminalId)) return use(feed);
      const claimed = claims.get(terminalId) ?? claim(terminalId).finally(() => claims.delete(terminalId));
      claims.set(terminalId, claimed);
      claimed.then(use).catch((cause: unknown) => this.#refuse(link, terminalId, cause));
    };
    return {
      output: (frame, raw) => withFeed(frame.terminalId, (feed) => feed.output(frame, raw)),
      resized: (message) =>
        withFeed(message.terminalId, (feed) => {
          feed.resized(message);
          this.#deps.onChanged(message.terminalId);
        }),
      gap: (message) => withFeed(message.terminalId, (feed) => feed.gap(message.offset)),
      inputAcked: (message) => linkedFeed(message.terminalId)?.inputAcked(message.clientId, message.n),
      activity: ({ terminalId, line, program }) => {
        if (linkedFeed(terminalId)) this.#deps.onActivity({ sessionId: link.sessionId, terminalId, line, program });
      },
    };
  }

  #refuse(link: RunnerLink, terminalId: TerminalId, cause: unknown): void {
    const error = expected(cause);
    this.#deps.note(`terminal ${terminalId}: ${String(cause)}`);
    link.close(error?.facts.ws ?? 4503, error?.message ?? 'try again');
  }

  get(terminalId: TerminalId): TerminalFeed | undefined {
    return this.#feeds.get(terminalId);
  }

  /** `terminal.closed` is in the log. */
  async closed(terminalId: TerminalId): Promise<void> {
    const feed = this.#feeds.get(terminalId);
    if (feed) await this.#finish(feed);
  }

  /** Those of a session that somebody needs now. */
  of(sessionId: SessionId): TerminalId[] {
    return this.#of(sessionId).map((feed) => feed.terminalId);
  }

  #of(sessionId: SessionId): TerminalFeed[] {
    return [...this.#feeds.values()].filter((feed) => feed.sessionId === sessionId);
  }

  /** The session's runner is gone for good or leaves now, and with it every program. */
  allClosed(sessionId: SessionId): TerminalId[] {
    const affected = this.#of(sessionId);
    for (const feed of affected) {
      feed.isRunning = false;
      if (!feed.isLive) this.#forgetLater(feed);
    }
    return affected.map((feed) => feed.terminalId);
  }

  /** Stores what is not stored yet. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#feeds.values()].map((feed) => feed.recorder.flush()));
  }
}

/** A runner forgets a program that has ended as soon as its output is stored; then what is stored is all there is. */
export function nullIfGone(cause: unknown): null {
  if (cause instanceof AppError && cause.code === 'terminal.not-found') return null;
  throw cause;
}
