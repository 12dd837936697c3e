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
import { expected, internalError, socketPaths } from '#server/http/index.ts';
import type { Terminals as TerminalPort } from '#server/runner/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import { Attachment } from './attachment.ts';
import { type Audience, createAudience } from './audience.ts';
import { type DriverWish, decideDriver, terminalIn } from './driver.ts';
import type { TerminalFeed } from './feed.ts';
import { FeedSet, nullIfGone } from './feed-set.ts';
import { type RecordingPage, RecordingStore } from './recording-store.ts';
import { type ScreenText, screenText } from './screen-text.ts';
import { serveSocket } from './socket.ts';

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

/** A program that was asked for must be open in the log within this time, in ms. */
const openedMs = 15_000;

export class Terminals {
  readonly #deps: TerminalsDeps;
  /** Who asked for a terminal that is not open yet. */
  readonly #openers = new Map<TerminalId, Person>();
  /** Sessions whose events are followed, because they have feeds or a terminal is awaited. */
  readonly #listening = new Map<SessionId, () => void>();
  #isClosing = false;
  readonly #feeds: FeedSet;
  readonly #audience: Audience;

  constructor(deps: TerminalsDeps) {
    this.#deps = deps;
    const { sql, log, bus, now, note } = deps;
    this.#feeds = new FeedSet({
      ...{ sql, now, note },
      onNeeded: (sessionId) => this.#listen(sessionId),
      onUnneeded: (sessionId) => this.#unlisten(sessionId),
      onChanged: (terminalId) => this.#audience.refresh(terminalId),
      hasViewers: (terminalId) => this.#audience.of(terminalId).size > 0,
      onActivity: (activity) => bus.publish('activity', activity),
    });
    const sessionOf = (terminalId: TerminalId) => this.#feeds.sessionOf(terminalId);
    this.#audience = createAudience({ sessionOf, view: log.view, note });
  }

  /** What runners' links talk to. */
  get port(): TerminalPort {
    return this.#feeds;
  }

  /** Which session a terminal belongs to. Throws `terminal.not-found`. */
  sessionOf(terminalId: TerminalId): Promise<SessionId> {
    return this.#feeds.sessionOf(terminalId);
  }

  #listen(sessionId: SessionId): void {
    const { bus, note } = this.#deps;
    if (this.#listening.has(sessionId)) return;
    const stop = bus.subscribe(`session:${sessionId}`, (event) => {
      if (this.#isClosing) return;
      this.#onEvent(event).catch((cause: unknown) => note(`terminal event: ${String(cause)}`));
    });
    this.#listening.set(sessionId, stop);
  }

  #unlisten(sessionId: SessionId): void {
    this.#listening.get(sessionId)?.();
    this.#listening.delete(sessionId);
  }

  async #onEvent(event: SessionEvent): Promise<void> {
    switch (event.type) {
      case 'terminal.opened': {
        const { terminalId } = event.payload;
        const opener = this.#openers.get(terminalId);
        this.#openers.delete(terminalId);
        if (opener) await this.#wish(event.sessionId as SessionId, terminalId, opener, { how: 'opened' });
        return;
      }
      case 'terminal.closed':
        this.#audience.refresh(event.payload.terminalId);
        return this.#feeds.closed(event.payload.terminalId);
      case 'driver.changed': {
        const { terminalId, driver } = event.payload;
        for (const attachment of this.#audience.of(terminalId)) attachment.driverIs(driver, event.seq);
        return this.#audience.refresh(terminalId);
      }
      case 'session.resumed':
        return this.#refreshAll(event.sessionId as SessionId);
      case 'session.paused':
        if (event.payload.programs === 'frozen') return this.#refreshAll(event.sessionId as SessionId);
        return this.#allClosed(event.sessionId as SessionId);
      case 'session.interrupted':
      case 'session.failed':
      case 'session.ended':
        return this.#allClosed(event.sessionId as SessionId);
      default:
        return;
    }
  }

  #allClosed(sessionId: SessionId): void {
    for (const terminalId of this.#feeds.allClosed(sessionId)) this.#audience.refresh(terminalId);
  }

  /** Who may type has changed. */
  #refreshAll(sessionId: SessionId): void {
    for (const terminalId of this.#feeds.of(sessionId)) this.#audience.refresh(terminalId);
  }

  /** Resolves with the session after it. */
  async #wish(sessionId: SessionId, terminalId: TerminalId, person: Person, desire: DriverWish): Promise<SessionView> {
    const { log } = this.#deps;
    await log.append(sessionId, (view) => decideDriver(view, terminalId, person, desire));
    return viewIn(await log.view(sessionId));
  }

  /** Serves a viewer's socket. What it sends meanwhile waits; what goes wrong closes it with a code. Never rejects. */
  async attach(socket: WebSocket, path: string, person: Person): Promise<void> {
    const { note } = this.#deps;
    socket.pause();
    try {
      await this.#open(socket, path, person);
    } catch (cause) {
      const error = expected(cause);
      socket.close(error?.facts.ws ?? 4503, error?.message ?? internalError(cause, 'terminal socket', note));
    } finally {
      socket.resume();
    }
  }

  async #open(socket: WebSocket, path: string, person: Person): Promise<void> {
    const { log, now, note } = this.#deps;
    const { terminalId, after } = parsePath(path);
    const { sessionId, feed, view } = await this.#find(terminalId);
    if (socket.readyState !== socket.OPEN) return;
    const group = () => this.#audience.of(terminalId);
    const attachment = new Attachment({
      ...{ socket, person, feed, group, now, note },
      seen: view,
      wish: (...args) => this.#wish(...args),
      refresh: () => this.#audience.refresh(terminalId),
      append: log.append,
    });
    this.#audience.add(terminalId, attachment);
    const onClosed = () => {
      this.#audience.remove(terminalId, attachment);
      this.#audience.refresh(terminalId);
      this.#feeds.forget(feed);
    };
    serveSocket({ socket, calls: attachment.calls(onClosed), now, note });
    attachment.start(after);
    this.#audience.refresh(terminalId);
    socket.resume();
    await this.join(sessionId, person);
  }

  async #find(terminalId: TerminalId): Promise<Found> {
    const sessionId = await this.#feeds.sessionOf(terminalId);
    const view = viewIn(await this.#deps.log.view(sessionId));
    const terminal = terminalIn(view, terminalId);
    const feed = await this.#feeds.carried(sessionId, terminalId, terminal.closed === null);
    return { sessionId, view, terminal, feed };
  }

  /** The first time somebody looks, the log says so. */
  async join(sessionId: SessionId, person: Person): Promise<void> {
    const { log } = this.#deps;
    const { personId, name, role } = person;
    await log.append(sessionId, (view) =>
      !view || view.status === 'ended' || view.members.some((member) => member.personId === personId)
        ? []
        : [{ type: 'member.joined', payload: { personId, name, role }, principal: personId }],
    );
  }

  /** `person` is about to open this terminal and will drive it, unless somebody is faster. */
  expect(sessionId: SessionId, terminalId: TerminalId, person: Person): void {
    this.#openers.set(terminalId, person);
    this.#listen(sessionId);
  }

  /** It will not open after all. */
  unexpect(terminalId: TerminalId): void {
    this.#openers.delete(terminalId);
  }

  /** Resolves when the log holds, after seq `after`, that it is open. Throws `runner.unreachable` after a while. */
  async untilOpened(sessionId: SessionId, terminalId: TerminalId, after: number): Promise<void> {
    const { log } = this.#deps;
    for await (const event of log.subscribe(sessionId, after, AbortSignal.timeout(openedMs))) {
      if (event.type === 'terminal.opened' && event.payload.terminalId === terminalId) return;
    }
    throw new AppError({ code: 'runner.unreachable', message: 'the terminal did not open in time' });
  }

  async take(terminalId: TerminalId, person: Person): Promise<void> {
    await this.#wish(await this.#feeds.sessionOf(terminalId), terminalId, person, { how: 'taken' });
  }

  async give(terminalId: TerminalId, person: Person, to: PersonId | null): Promise<void> {
    await this.#wish(await this.#feeds.sessionOf(terminalId), terminalId, person, { how: 'given', to });
  }

  /** Sets the size; the driver may, and anybody who could drive where nobody does. Throws `terminal.not-driver`. */
  async resize(terminalId: TerminalId, person: Person, cols: number, rows: number): Promise<void> {
    const { feed, terminal } = await this.#find(terminalId);
    if (terminal.driver !== null && terminal.driver !== person.personId) {
      const message = 'the size follows the driver; take the terminal first';
      throw new AppError({ code: 'terminal.not-driver', message });
    }
    feed.resize(cols, rows);
  }

  async screen(terminalId: TerminalId): Promise<ScreenText> {
    const { feed } = await this.#find(terminalId);
    const live = feed.isLive ? await feed.screen().catch(nullIfGone) : null;
    if (live) return screenText(live, []);
    const { screen, output } = await feed.recorder.last();
    return screenText(screen ?? feed.blank(), output);
  }

  async history(terminalId: TerminalId, before: number | null): Promise<RecordingPage> {
    const { sql, now } = this.#deps;
    const sessionId = await this.#feeds.sessionOf(terminalId);
    await this.#feeds.get(terminalId)?.recorder.flush();
    return new RecordingStore({ sql, sessionId, terminalId, now }).page(before);
  }

  /** Stores what is not stored yet. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const stop of this.#listening.values()) stop();
    await this.#feeds.flush();
  }
}

interface Found {
  sessionId: SessionId;
  view: SessionView;
  terminal: TerminalView;
  feed: TerminalFeed;
}

function viewIn(view: SessionView | null): SessionView {
  if (!view) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
  return view;
}

/** `/ws/terminal/TRM?after=OFFSET`. Throws `terminal.not-found`, `input.invalid`. */
function parsePath(path: string): { terminalId: TerminalId; after: number | null } {
  const url = new URL(path, 'http://local');
  const parsed = terminalIdSchema.safeParse(url.pathname.slice(socketPaths.terminal.length));
  if (!parsed.success) throw new AppError({ code: 'terminal.not-found', message: 'no such terminal' });
  return { terminalId: parsed.data, after: parseAfter(url.searchParams.get('after')) };
}

function parseAfter(text: string | null): number | null {
  if (text === null) return null;
  const after = Number(text);
  if (!Number.isSafeInteger(after) || after < 0) {
    throw new AppError({ code: 'input.invalid', message: 'after: a whole number of bytes, 0 or more' });
  }
  return after;
}
