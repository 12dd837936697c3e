/**
 * All terminals of all sessions: finds their feeds, attaches viewers, decides who drives, records. Knows runners only
 * as links that come and go.
 */

import type { WebSocket } from 'ws';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { type PersonId, type SessionId, type TerminalId, terminalIdSchema } from '#protocol/id.ts';
import type { SessionView, TerminalView } from '#protocol/session-view.ts';
import type { Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import type { LinkSink, RunnerLink, Terminals as TerminalPort } from '#server/runner/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import { Attachment } from './attachment.ts';
import { type DriverWish, decideDriver, terminalIn } from './driver.ts';
import { type Screen, TerminalFeed } from './feed.ts';
import { Recorder } from './recorder.ts';
import { createRecordingStore, type RecordingPage } from './recording-store.ts';
import { type ScreenText, screenText } from './screen-text.ts';
import { serveSocket } from './socket.ts';

export { TokenBucket } from './rate.ts';
export type { RecordingPage } from './recording-store.ts';
export type { ScreenText } from './screen-text.ts';

/** What a terminal shows at a glance; not stored. */
export interface Activity {
  sessionId: SessionId;
  terminalId: TerminalId;
  line: string;
  program: string;
}

export interface TerminalTopics {
  activity: Activity;
}

export interface TerminalsDeps {
  sql: Sql;
  log: Log;
  bus: Bus<TerminalTopics & SessionTopics>;
  now: () => number;
  note: (line: string) => void;
}

export type Terminals = ReturnType<typeof openTerminals>;

/** A feed without viewers whose program has ended is forgotten after this long, in ms. */
const idleFeedMs = 30_000;
/** A program that was asked for must be open in the log within this time, in ms. */
const openedMs = 15_000;

export function openTerminals(deps: TerminalsDeps) {
  const { log, bus, now, note } = deps;
  const feeds = new Map<TerminalId, TerminalFeed>();
  const attachments = new Map<TerminalId, Set<Attachment>>();
  /** Which session a terminal belongs to, for the socket's path; filled from the log. */
  const sessionOf = new Map<TerminalId, SessionId>();
  const opening = new Map<TerminalId, Promise<TerminalFeed>>();
  /** Who asked for a terminal that is not open yet. */
  const openers = new Map<TerminalId, Person>();
  /** Sessions whose events are followed, because they have feeds. */
  const listening = new Map<SessionId, () => void>();
  /** Sessions with a live runner. */
  const links = new Map<SessionId, RunnerLink>();
  let isClosing = false;

  async function findSession(terminalId: TerminalId): Promise<SessionId> {
    const known = sessionOf.get(terminalId);
    if (known) return known;
    const [row] = await deps.sql`
      select session_id from events where type = 'terminal.opened' and payload->>'terminalId' = ${terminalId} limit 1`;
    if (!row) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
    const sessionId = row['session_id'] as SessionId;
    sessionOf.set(terminalId, sessionId);
    return sessionId;
  }

  function feedOf(
    sessionId: SessionId,
    terminalId: TerminalId,
    size: { cols: number; rows: number },
  ): Promise<TerminalFeed> {
    const existing = feeds.get(terminalId);
    if (existing) return Promise.resolve(existing);
    const pending =
      opening.get(terminalId) ?? openFeed(sessionId, terminalId, size).finally(() => opening.delete(terminalId));
    opening.set(terminalId, pending);
    return pending;
  }

  async function openFeed(sessionId: SessionId, terminalId: TerminalId, size: { cols: number; rows: number }) {
    const store = createRecordingStore({ sql: deps.sql, sessionId, terminalId, now });
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
    listen(sessionId);
    sessionOf.set(terminalId, sessionId);
    return feed;
  }

  /** A feed that was made after its runner's hello is carried by the runner's link from now on. */
  function carry(feed: TerminalFeed, isOpen: boolean): void {
    const link = links.get(feed.sessionId);
    if (!link || feed.isLinkedBy(link)) return;
    if (isOpen) feed.link(link, feed.recorder.end);
    else feed.isRunning = false;
  }

  async function wish(sessionId: SessionId, terminalId: TerminalId, person: Person, desire: DriverWish): Promise<void> {
    await log.append(sessionId, (view) => decideDriver(view, terminalId, person, desire));
  }

  /** The last screen is stored, then the runner may forget the terminal. */
  async function finish(feed: TerminalFeed): Promise<void> {
    feed.isRunning = false;
    try {
      if (feed.isLive) await feed.recorder.finish(await feed.screen());
    } catch (cause) {
      note(`terminal ${feed.terminalId}: last screen not stored: ${String(cause)}`);
    }
    setTimeout(() => forget(feed), idleFeedMs).unref();
  }

  function forget(feed: TerminalFeed): void {
    if (feed.isRunning || (attachments.get(feed.terminalId)?.size ?? 0) > 0) return;
    feeds.delete(feed.terminalId);
    if ([...feeds.values()].some((other) => other.sessionId === feed.sessionId)) return;
    listening.get(feed.sessionId)?.();
    listening.delete(feed.sessionId);
  }

  function listen(sessionId: SessionId): void {
    if (listening.has(sessionId)) return;
    const stop = bus.subscribe(`session:${sessionId}`, (event) => {
      if (isClosing) return;
      onEvent(event).catch((cause: unknown) => note(`terminal event: ${String(cause)}`));
    });
    listening.set(sessionId, stop);
  }

  async function onEvent(event: SessionEvent): Promise<void> {
    switch (event.type) {
      case 'terminal.opened': {
        const opener = openers.get(event.payload.terminalId);
        openers.delete(event.payload.terminalId);
        if (opener) await wish(event.sessionId as SessionId, event.payload.terminalId, opener, { how: 'opened' });
        return;
      }
      case 'terminal.closed': {
        const feed = feeds.get(event.payload.terminalId);
        refresh(event.payload.terminalId);
        if (feed) await finish(feed);
        return;
      }
      case 'driver.changed':
        refresh(event.payload.terminalId);
        return;
      case 'session.interrupted':
      case 'session.paused':
      case 'session.failed':
      case 'session.ended':
        for (const feed of feeds.values()) if (feed.sessionId === event.sessionId) refresh(feed.terminalId);
        return;
      default:
        return;
    }
  }

  /** Everybody attached is told the terminal's state anew. */
  function refresh(terminalId: TerminalId): void {
    for (const attachment of attachments.get(terminalId) ?? []) attachment.refresh();
  }

  async function attach(socket: WebSocket, path: string, person: Person): Promise<void> {
    const url = new URL(path, 'http://local');
    const parsed = terminalIdSchema.safeParse(url.pathname.slice('/ws/terminal/'.length));
    if (!parsed.success) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
    const after = parseAfter(url.searchParams.get('after'));
    const terminalId = parsed.data;
    const sessionId = await findSession(terminalId);
    const view = await log.view(sessionId);
    const { closed } = terminalIn(view, terminalId);
    const feed = await feedOf(sessionId, terminalId, { cols: 80, rows: 24 });
    carry(feed, closed === null);
    if (socket.readyState !== socket.OPEN) return;
    const group = attachments.get(terminalId) ?? new Set();
    attachments.set(terminalId, group);
    const attachment = new Attachment({
      socket,
      person,
      feed,
      group,
      view: () => log.view(sessionId),
      wish,
      append: log.append,
      now,
      note,
    });
    group.add(attachment);
    serveSocket(
      socket,
      attachment.calls(() => (group.delete(attachment), refresh(terminalId), forget(feed))),
      now,
    );
    attachment.start(after);
    refresh(terminalId);
    await join(sessionId, person);
  }

  /** The first time somebody looks, the log says so. */
  async function join(sessionId: SessionId, person: Person): Promise<void> {
    const { personId, name, role } = person;
    await log.append(sessionId, (view) =>
      !view || view.status === 'ended' || view.members.some((member) => member.personId === personId)
        ? []
        : [{ type: 'member.joined', payload: { personId, name, role }, principal: personId }],
    );
  }

  const port: TerminalPort = {
    async linked(link, hello) {
      links.set(link.sessionId, link);
      return Promise.all(
        hello.terminals.map(async (state) => {
          const feed = await feedOf(link.sessionId, state.terminalId, state);
          feed.isRunning = state.isRunning;
          feed.cols = state.cols;
          feed.rows = state.rows;
          const from = Math.min(Math.max(feed.recorder.end, state.start), state.end);
          feed.link(link, from);
          refresh(state.terminalId);
          if (!state.isRunning) void finish(feed);
          return { terminalId: state.terminalId, offset: from };
        }),
      );
    },
    unlinked(link) {
      if (links.get(link.sessionId) === link) links.delete(link.sessionId);
      for (const feed of feeds.values()) {
        if (feed.isLinkedBy(link)) feed.unlink();
        refresh(feed.terminalId);
      }
    },
    sink: (link) => sinkOf(link),
  };

  /** Frames of a terminal that is new to the server wait until its feed is there, in order. */
  function sinkOf(link: RunnerLink): Omit<LinkSink, 'commit'> {
    const withFeed = (terminalId: TerminalId, use: (feed: TerminalFeed) => void): void => {
      const feed = feeds.get(terminalId);
      if (feed?.isLinkedBy(link)) return use(feed);
      feedOf(link.sessionId, terminalId, { cols: 80, rows: 24 })
        .then((created) => {
          if (!created.isLinkedBy(link)) created.link(link, created.recorder.end);
          use(created);
        })
        .catch((cause: unknown) => note(`terminal ${terminalId}: ${String(cause)}`));
    };
    return {
      output: (frame, raw) => withFeed(frame.terminalId, (feed) => feed.output(frame, raw)),
      resized: (message) =>
        withFeed(message.terminalId, (feed) => (feed.resized(message), refresh(message.terminalId))),
      gap: (message) => withFeed(message.terminalId, (feed) => feed.gap(message.offset)),
      inputAcked: (message) => feeds.get(message.terminalId)?.inputAcked(message.clientId, message.n),
      activity: ({ terminalId, line, program }) =>
        bus.publish('activity', { sessionId: link.sessionId, terminalId, line, program }),
    };
  }

  async function liveFeed(
    terminalId: TerminalId,
  ): Promise<{ feed: TerminalFeed; view: SessionView; terminal: TerminalView }> {
    const sessionId = await findSession(terminalId);
    const view = await log.view(sessionId);
    const terminal = terminalIn(view, terminalId);
    if (!view) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
    const feed = await feedOf(sessionId, terminalId, { cols: 80, rows: 24 });
    carry(feed, terminal.closed === null);
    return { feed, view, terminal };
  }

  return {
    port,
    attach,
    join,
    sessionOf: findSession,
    /** `person` is about to open this terminal and will drive it, unless somebody is faster. */
    expect(sessionId: SessionId, terminalId: TerminalId, person: Person): void {
      openers.set(terminalId, person);
      listen(sessionId);
    },
    /** Resolves when the log holds that it is open. Throws `runner.unreachable` after a while. */
    async untilOpened(sessionId: SessionId, terminalId: TerminalId, after: number): Promise<void> {
      const signal = AbortSignal.timeout(openedMs);
      for await (const event of log.subscribe(sessionId, after, signal)) {
        if (event.type === 'terminal.opened' && event.payload.terminalId === terminalId) return;
      }
      throw new AppError({ code: 'runner.unreachable', message: 'the terminal did not open in time' });
    },
    async take(terminalId: TerminalId, person: Person): Promise<void> {
      await wish(await findSession(terminalId), terminalId, person, { how: 'taken' });
    },
    async give(terminalId: TerminalId, person: Person, to: PersonId | null): Promise<void> {
      await wish(await findSession(terminalId), terminalId, person, { how: 'given', to });
    },
    /** Sets the size; the driver may, and anybody who could drive where nobody does. Throws `terminal.not-driver`. */
    async resize(terminalId: TerminalId, person: Person, cols: number, rows: number): Promise<void> {
      const { feed, terminal } = await liveFeed(terminalId);
      if (terminal.driver !== null && terminal.driver !== person.personId) {
        throw new AppError({
          code: 'terminal.not-driver',
          message: 'the size follows the driver; take the terminal first',
        });
      }
      feed.resize(cols, rows);
    },
    async screen(terminalId: TerminalId): Promise<ScreenText> {
      const { feed } = await liveFeed(terminalId);
      if (feed.isLive) return screenText(await feed.screen(), []);
      const { screen, output } = await feed.recorder.last();
      const blank: Screen = {
        terminalId,
        offset: 0,
        cols: feed.cols,
        rows: feed.rows,
        resizes: 0,
        data: new Uint8Array(0),
      };
      return screenText(screen ?? blank, output);
    },
    async history(terminalId: TerminalId, before: number | null): Promise<RecordingPage> {
      const sessionId = await findSession(terminalId);
      await feeds.get(terminalId)?.recorder.flush();
      return createRecordingStore({ sql: deps.sql, sessionId, terminalId, now }).page(before);
    },
    /** Stores what is not stored yet. */
    async close(): Promise<void> {
      isClosing = true;
      for (const stop of listening.values()) stop();
      await Promise.allSettled([...feeds.values()].map((feed) => feed.recorder.flush()));
    },
  };
}

function parseAfter(text: string | null): number | null {
  if (text === null) return null;
  const after = Number(text);
  if (!Number.isSafeInteger(after) || after < 0) {
    throw new AppError({ code: 'input.invalid', message: 'after: a whole number of bytes, 0 or more' });
  }
  return after;
}
