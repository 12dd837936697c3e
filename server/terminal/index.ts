/**
 * All terminals of all sessions: finds their feeds, attaches viewers, decides who drives, records. Knows runners only
 * as links that come and go.
 */

import type { WebSocket } from 'ws';
import type { Sql } from '#db/client.ts';
import { AppError } from '#protocol/error.ts';
import type { SessionEvent } from '#protocol/event.ts';
import { type PersonId, type SessionId, type TerminalId, terminalIdSchema } from '#protocol/id.ts';
import type { TerminalView } from '#protocol/session-view.ts';
import type { Person } from '#server/auth/index.ts';
import type { Bus } from '#server/bus/index.ts';
import { expected, internalError } from '#server/http/index.ts';
import type { Log, SessionTopics } from '#server/session/index.ts';
import { Attachment } from './attachment.ts';
import { createAudience } from './audience.ts';
import { type DriverWish, decideDriver, terminalIn } from './driver.ts';
import type { TerminalFeed } from './feed.ts';
import { createFeedSet, nullIfGone } from './feed-set.ts';
import { createRecordingStore, type RecordingPage } from './recording-store.ts';
import type { Screen } from './screen.ts';
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

export type Terminals = ReturnType<typeof openTerminals>;

/** A program that was asked for must be open in the log within this time, in ms. */
const openedMs = 15_000;

export function openTerminals(deps: TerminalsDeps) {
  const { sql, log, bus, now, note } = deps;
  /** Who asked for a terminal that is not open yet. */
  const openers = new Map<TerminalId, Person>();
  /** Sessions whose events are followed, because they have feeds or a terminal is awaited. */
  const listening = new Map<SessionId, () => void>();
  let isClosing = false;

  const feeds = createFeedSet({
    ...{ sql, now, note },
    onNeeded: listen,
    onUnneeded: unlisten,
    onChanged: (terminalId) => audience.refresh(terminalId),
    hasViewers: (terminalId) => audience.of(terminalId).size > 0,
    onActivity: (activity) => bus.publish('activity', activity),
  });
  const audience = createAudience({ sessionOf: feeds.sessionOf, view: log.view, note });

  function listen(sessionId: SessionId): void {
    if (listening.has(sessionId)) return;
    const stop = bus.subscribe(`session:${sessionId}`, (event) => {
      if (isClosing) return;
      onEvent(event).catch((cause: unknown) => note(`terminal event: ${String(cause)}`));
    });
    listening.set(sessionId, stop);
  }

  function unlisten(sessionId: SessionId): void {
    listening.get(sessionId)?.();
    listening.delete(sessionId);
  }

  async function onEvent(event: SessionEvent): Promise<void> {
    switch (event.type) {
      case 'terminal.opened': {
        const { terminalId } = event.payload;
        const opener = openers.get(terminalId);
        openers.delete(terminalId);
        if (opener) await wish(event.sessionId as SessionId, terminalId, opener, { how: 'opened' });
        return;
      }
      case 'terminal.closed':
        audience.refresh(event.payload.terminalId);
        return feeds.closed(event.payload.terminalId);
      case 'driver.changed':
        return audience.refresh(event.payload.terminalId);
      case 'session.interrupted':
      case 'session.paused':
      case 'session.failed':
      case 'session.ended':
        for (const terminalId of await feeds.allClosed(event.sessionId as SessionId)) audience.refresh(terminalId);
        return;
      default:
        return;
    }
  }

  async function wish(sessionId: SessionId, terminalId: TerminalId, person: Person, desire: DriverWish): Promise<void> {
    await log.append(sessionId, (view) => decideDriver(view, terminalId, person, desire));
  }

  /** Serves a viewer's socket. What it sends meanwhile waits; what goes wrong closes it with a code. Never rejects. */
  async function attach(socket: WebSocket, path: string, person: Person): Promise<void> {
    socket.pause();
    try {
      await open(socket, path, person);
    } catch (cause) {
      const error = expected(cause);
      socket.close(error?.facts.ws ?? 4503, error?.message ?? internalError(cause, 'terminal socket', note));
    } finally {
      socket.resume();
    }
  }

  async function open(socket: WebSocket, path: string, person: Person): Promise<void> {
    const { terminalId, after } = parsePath(path);
    const { sessionId, feed } = await find(terminalId);
    if (socket.readyState !== socket.OPEN) return;
    const group = () => audience.of(terminalId);
    const view = () => log.view(sessionId);
    const attachment = new Attachment({
      ...{ socket, person, feed, group, view, wish, now, note },
      refresh: () => audience.refresh(terminalId),
      append: log.append,
    });
    audience.add(terminalId, attachment);
    const onClosed = () => {
      audience.remove(terminalId, attachment);
      audience.refresh(terminalId);
      feeds.forget(feed);
    };
    serveSocket(socket, attachment.calls(onClosed), now);
    attachment.start(after);
    audience.refresh(terminalId);
    socket.resume();
    await join(sessionId, person);
  }

  async function find(
    terminalId: TerminalId,
  ): Promise<{ sessionId: SessionId; feed: TerminalFeed; terminal: TerminalView }> {
    const sessionId = await feeds.sessionOf(terminalId);
    const terminal = terminalIn(await log.view(sessionId), terminalId);
    return { sessionId, terminal, feed: await feeds.carried(sessionId, terminalId, terminal.closed === null) };
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

  return {
    port: feeds.port,
    attach,
    join,
    sessionOf: feeds.sessionOf,
    /** `person` is about to open this terminal and will drive it, unless somebody is faster. */
    expect(sessionId: SessionId, terminalId: TerminalId, person: Person): void {
      openers.set(terminalId, person);
      listen(sessionId);
    },
    /** Resolves when the log holds, after seq `after`, that it is open. Throws `runner.unreachable` after a while. */
    async untilOpened(sessionId: SessionId, terminalId: TerminalId, after: number): Promise<void> {
      for await (const event of log.subscribe(sessionId, after, AbortSignal.timeout(openedMs))) {
        if (event.type === 'terminal.opened' && event.payload.terminalId === terminalId) return;
      }
      throw new AppError({ code: 'runner.unreachable', message: 'the terminal did not open in time' });
    },
    async take(terminalId: TerminalId, person: Person): Promise<void> {
      await wish(await feeds.sessionOf(terminalId), terminalId, person, { how: 'taken' });
    },
    async give(terminalId: TerminalId, person: Person, to: PersonId | null): Promise<void> {
      await wish(await feeds.sessionOf(terminalId), terminalId, person, { how: 'given', to });
    },
    /** Sets the size; the driver may, and anybody who could drive where nobody does. Throws `terminal.not-driver`. */
    async resize(terminalId: TerminalId, person: Person, cols: number, rows: number): Promise<void> {
      const { feed, terminal } = await find(terminalId);
      if (terminal.driver !== null && terminal.driver !== person.personId) {
        const message = 'the size follows the driver; take the terminal first';
        throw new AppError({ code: 'terminal.not-driver', message });
      }
      feed.resize(cols, rows);
    },
    async screen(terminalId: TerminalId): Promise<ScreenText> {
      const { feed } = await find(terminalId);
      const live = feed.isLive ? await feed.screen().catch(nullIfGone) : null;
      if (live) return screenText(live, []);
      const { screen, output } = await feed.recorder.last();
      return screenText(screen ?? feed.blank(), output);
    },
    async history(terminalId: TerminalId, before: number | null): Promise<RecordingPage> {
      const sessionId = await feeds.sessionOf(terminalId);
      await feeds.get(terminalId)?.recorder.flush();
      return createRecordingStore({ sql, sessionId, terminalId, now }).page(before);
    },
    /** Stores what is not stored yet. */
    async close(): Promise<void> {
      isClosing = true;
      for (const stop of listening.values()) stop();
      await feeds.flush();
    },
  };
}

/** `/ws/terminal/TRM?after=OFFSET`. Throws `terminal.not-found`, `input.invalid`. */
function parsePath(path: string): { terminalId: TerminalId; after: number | null } {
  const url = new URL(path, 'http://local');
  const parsed = terminalIdSchema.safeParse(url.pathname.slice('/ws/terminal/'.length));
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
