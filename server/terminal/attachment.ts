/**
 * One person attached to one terminal through one socket: what they may do, what they are told. Typing where nobody
 * drives takes the wheel; keys from anyone but the driver are dropped, answered and counted in the log.
 */
import type { WebSocket } from 'ws';
import { AppError } from '#protocol/error.ts';
import type { ClientId, PersonId, SessionId, TerminalId } from '#protocol/id.ts';
import { isAtLeast } from '#protocol/role.ts';
import type { SessionView } from '#protocol/session-view.ts';
import type { InputFrame } from '#protocol/terminal-frame.ts';
import type { FromViewer, ToViewer } from '#protocol/viewer-message.ts';
import type { Person } from '#server/auth/index.ts';
import { expected } from '#server/http/index.ts';
import type { Log } from '#server/session/index.ts';
import { type DriverWish, terminalIn } from './driver.ts';
import type { TerminalFeed } from './feed.ts';
import type { SocketCalls } from './socket.ts';
import type { Viewer } from './viewer.ts';

export interface AttachmentDeps {
  socket: WebSocket;
  person: Person;
  feed: TerminalFeed;
  /** Everybody attached to the same terminal, this one included. */
  group: () => ReadonlySet<Attachment>;
  /** Everybody is to be told the state anew. */
  refresh: () => void;
  /** The session as it was when the socket came. */
  seen: SessionView;
  /** Fulfils the wish or rejects; resolves with the session after it. */
  wish: (sessionId: SessionId, terminalId: TerminalId, person: Person, wish: DriverWish) => Promise<SessionView>;
  append: Log['append'];
  now: () => number;
  note: (line: string) => void;
}

/** Dropped keys are entered in the log at most this often per attachment, in ms. */
const refusedEveryMs = 10_000;
/** Keyboards that one socket may speak for: its own, and those it gave up after lost connections. */
const maxClients = 32;
/** A request for the wheel stands this long, in ms. */
const requestMs = 60_000;

export class Attachment {
  readonly #deps: AttachmentDeps;
  #viewer: Viewer | null = null;
  #driver: PersonId | null;
  /** Seq of the newest event that `#driver` takes into account. */
  #driverSeq: number;
  /** Why nothing is typed at all: its session is paused. */
  #frozen: string | null;
  #size: { cols: number; rows: number } | null = null;
  #requestedAt: number | null = null;
  /** Wishes for the wheel that have no answer yet. */
  #claims = 0;
  /** Input that came while there was such a wish. */
  #held: { frame: InputFrame; raw: Uint8Array }[] = [];
  #refused = 0;
  #refusedTimer: NodeJS.Timeout | null = null;

  constructor(deps: AttachmentDeps) {
    this.#deps = deps;
    this.#driver = terminalIn(deps.seen, deps.feed.terminalId).driver;
    this.#driverSeq = deps.seen.lastSeq;
    this.#frozen = deps.seen.frozen?.reason ?? null;
  }

  get person(): Person {
    return this.#deps.person;
  }

  /** True while a request for the wheel stands. */
  get isRequesting(): boolean {
    return this.#requestedAt !== null && this.#deps.now() - this.#requestedAt < requestMs;
  }

  start(after: number | null): void {
    const { feed, person, socket } = this.#deps;
    this.#viewer = feed.attach(person, socket, after);
  }

  calls(onClosed: () => void): SocketCalls {
    return {
      input: (frame, raw) => this.#input(frame, raw),
      message: (message) => this.#message(message),
      closed: () => {
        this.#close();
        onClosed();
      },
    };
  }

  /** `driver` has the wheel since event `seq`. A driver's window size takes effect when the wheel comes to them. */
  driverIs(driver: PersonId | null, seq: number): void {
    if (seq < this.#driverSeq) return;
    const { feed, person } = this.#deps;
    const hadWheel = this.#driver === person.personId;
    this.#driver = driver;
    this.#driverSeq = seq;
    if (driver !== person.personId || hadWheel) return;
    this.#requestedAt = null;
    if (this.#size) feed.resize(this.#size.cols, this.#size.rows);
  }

  /** Sends the state. */
  tell(view: SessionView): void {
    const { feed, person } = this.#deps;
    const group = this.#deps.group();
    const terminal = terminalIn(view, feed.terminalId);
    const nameOf = (id: PersonId) => view.members.find((member) => member.personId === id)?.name ?? this.#nameNow(id);
    this.driverIs(terminal.driver, view.lastSeq);
    this.#frozen = view.frozen?.reason ?? null;
    const others = [...group].filter((other) => other.person.personId !== terminal.driver);
    const state: ToViewer = {
      type: 'state',
      terminalId: feed.terminalId,
      you: person,
      driver: terminal.driver && {
        personId: terminal.driver,
        name: nameOf(terminal.driver),
        since: terminal.drivenSince ?? view.updatedAt,
      },
      watchers: unique(others),
      requests: unique([...group].filter((other) => other.isRequesting && other.person.personId !== terminal.driver)),
      isLive: feed.isLive && terminal.closed === null,
      closed: terminal.closed && { exitCode: terminal.closed.exitCode, signal: terminal.closed.signal },
      cols: feed.cols,
      rows: feed.rows,
    };
    this.#viewer?.tell(state);
  }

  #nameNow(id: PersonId): string {
    const here = [...this.#deps.group()].find((other) => other.person.personId === id);
    return here?.person.name ?? 'somebody';
  }

  #input(frame: InputFrame, raw: Uint8Array): void {
    const { person } = this.#deps;
    const objection = this.#objectionTo(frame);
    if (objection) return this.#deps.socket.close(objection.facts.ws, objection.message);
    this.#viewer?.clients.add(frame.clientId);
    if (this.#frozen !== null) return this.#dropFrozen(frame.n);
    if (this.#claims === 0 && this.#driver === person.personId) return this.#pass(frame, raw);
    if (this.#claims === 0 && this.#driver === null && isAtLeast(person.role, 'editor')) this.#claim('typed');
    if (this.#claims === 0) return this.#refuse(frame.n);
    this.#held.push({ frame, raw });
  }

  /** Acknowledgements and unsent keys hang on the client id: nobody may speak with that of somebody else. */
  #objectionTo(frame: InputFrame): AppError | null {
    const { clientId } = frame;
    const clients = this.#viewer?.clients;
    const refused = (code: 'input.invalid' | 'auth.forbidden', message: string) => new AppError({ code, message });
    if (frame.terminalId !== this.#deps.feed.terminalId) {
      return refused('input.invalid', 'terminal frame: of another terminal');
    }
    if (!clients || clients.has(clientId)) return null;
    if (clients.size >= maxClients) return refused('input.invalid', `client: at most ${maxClients} on one socket`);
    const isTaken = [...this.#deps.group()].some((other) => other.speaksFor(clientId) && !this.#isMine(other));
    return isTaken ? refused('auth.forbidden', 'client: of somebody else') : null;
  }

  #isMine(other: Attachment): boolean {
    return other.person.personId === this.person.personId;
  }

  /** True for a client that typed through this socket. */
  speaksFor(clientId: ClientId): boolean {
    return this.#viewer?.clients.has(clientId) ?? false;
  }

  #dropFrozen(n: number): void {
    this.#viewer?.tell({ type: 'input-refused', n, drives: null, why: this.#frozen });
  }

  #pass(frame: InputFrame, raw: Uint8Array): void {
    if (this.#frozen !== null) return this.#dropFrozen(frame.n);
    if (this.#deps.feed.input(frame, raw)) return;
    this.#viewer?.tell({ type: 'input-refused', n: frame.n, drives: null });
  }

  /** The wheel is on its way: what is typed meanwhile waits for the answer, and then goes through in order or is refused. */
  #claim(how: 'taken' | 'typed'): void {
    const { feed, person, wish } = this.#deps;
    this.#claims++;
    wish(feed.sessionId, feed.terminalId, person, { how }).then(
      (view) => {
        this.driverIs(terminalIn(view, feed.terminalId).driver, view.lastSeq);
        this.#claimed();
      },
      (cause: unknown) => {
        this.#claimed();
        this.#failed(cause);
      },
    );
  }

  #claimed(): void {
    this.#claims--;
    if (this.#claims > 0) return;
    for (const { frame, raw } of this.#held.splice(0)) {
      if (this.#driver === this.#deps.person.personId) this.#pass(frame, raw);
      else this.#refuse(frame.n);
    }
  }

  #refuse(n: number): void {
    const { feed } = this.#deps;
    const driver = [...this.#deps.group()].find((other) => other.person.personId === this.#driver);
    this.#viewer?.tell({ type: 'input-refused', n, drives: driver?.person.name ?? null });
    this.#refused++;
    this.#refusedTimer ??= setTimeout(() => this.#countRefused(), refusedEveryMs);
    feed.pump();
  }

  #countRefused(): void {
    const { feed, person, append } = this.#deps;
    const count = this.#refused;
    this.#refused = 0;
    if (this.#refusedTimer) clearTimeout(this.#refusedTimer);
    this.#refusedTimer = null;
    if (count === 0) return;
    const payload = { terminalId: feed.terminalId, personId: person.personId, count };
    append(feed.sessionId, [{ type: 'driver.refused', payload, principal: person.personId }]).catch((cause: unknown) =>
      this.#deps.note(`refused keys not recorded: ${String(cause)}`),
    );
  }

  #message(message: FromViewer): void {
    const { feed, person } = this.#deps;
    switch (message.type) {
      case 'drawn':
        if (this.#viewer) feed.drawn(this.#viewer, message.offset);
        return;
      case 'size':
        this.#size = { cols: message.cols, rows: message.rows };
        if (this.#driver === person.personId) feed.resize(message.cols, message.rows);
        return;
      case 'take':
        return this.#claim('taken');
      case 'give':
        return this.#wish({ how: 'given', to: message.to });
      case 'request':
        this.#requestedAt = this.#deps.now();
        this.#deps.refresh();
        return;
    }
  }

  #wish(wish: DriverWish): void {
    const { feed, person } = this.#deps;
    this.#deps.wish(feed.sessionId, feed.terminalId, person, wish).catch((cause: unknown) => this.#failed(cause));
  }

  /** A wish that cannot be fulfilled changes nothing: the state is told again. Losing the database closes the socket. */
  #failed(cause: unknown): void {
    const error = expected(cause);
    if (error && !error.facts.isRetryable) return this.#deps.refresh();
    this.#deps.note(`terminal wish failed: ${String(cause)}`);
    this.#deps.socket.close(error?.facts.ws ?? 4503, error?.message ?? 'try again');
  }

  #close(): void {
    if (this.#viewer) this.#deps.feed.detach(this.#viewer);
    this.#countRefused();
  }
}

function unique(attachments: Attachment[]): { personId: PersonId; name: string }[] {
  const byId = new Map(
    attachments.map(({ person }) => [person.personId, { personId: person.personId, name: person.name }]),
  );
  return [...byId.values()];
}
