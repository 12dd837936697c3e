/**
 * Live links: a runner dials, proves which session is its own, and has that session's one link until it closes or a newer
 * runner comes. Knows no process and no host.
 */
import type { WebSocket } from 'ws';
import { AppError } from '#protocol/error.ts';
import type { Fact, NewEvent } from '#protocol/event.ts';
import type { SessionId, TerminalId } from '#protocol/id.ts';
import { fromRunnerSchema, runnerProtocol, type TextDelta } from '#protocol/runner-message.ts';
import { hashToken } from '#server/auth/index.ts';
import { expected, parseJson } from '#server/http/index.ts';
import type { Log } from '#server/session/index.ts';
import { type Hello, type LinkSink, RunnerLink } from './link.ts';
import type { Registry, RunnerRow } from './registry.ts';
import { endedBy, hasRunner } from './runner-end.ts';

/** What the terminal side does for a link. */
export interface Terminals {
  /** A runner greets: returns the sink for its terminal traffic and the offsets from which output is wanted. */
  linked(link: RunnerLink, hello: Hello): Promise<{ terminalId: TerminalId; offset: number }[]>;
  unlinked(link: RunnerLink): void;
  sink(link: RunnerLink): Omit<LinkSink, 'commit' | 'delta'>;
}

/** What the side of agents does for a link. */
export interface TurnPort {
  /** The runner was welcomed: it is told what it may have missed. */
  linked(link: RunnerLink, hello: Hello): Promise<void>;
  /** The session has no link any more. */
  unlinked(sessionId: SessionId): void;
  /** Commits a fact about turns, items, actions and files. */
  commit(sessionId: SessionId, fact: Fact, principal: string, dedupeKey: string): Promise<void>;
  delta(sessionId: SessionId, delta: TextDelta): void;
}

export interface LinksDeps {
  log: Log;
  registry: Pick<Registry, 'byId'>;
  terminals: Terminals;
  turns: TurnPort;
  /** The link that the session had is gone, and there is no other. */
  onLost: (link: RunnerLink) => void;
  /** What must happen is tried again until it worked. */
  insist: (work: () => Promise<void>) => void;
  now: () => number;
  note: (line: string) => void;
}

/** A hello must follow the upgrade within this time, in ms. */
const helloMs = 5_000;

export class Links {
  readonly #deps: LinksDeps;
  readonly #links = new Map<SessionId, RunnerLink>();
  /** Sessions of linked runners by the hash of their key. */
  readonly #keys = new Map<string, SessionId>();

  constructor(deps: LinksDeps) {
    this.#deps = deps;
  }

  /** Sessions whose runner is linked now. */
  linked(): SessionId[] {
    return [...this.#links.keys()];
  }

  get(sessionId: SessionId): RunnerLink | null {
    return this.#links.get(sessionId) ?? null;
  }

  /** The session whose newest runner has this key, while that runner is linked; null otherwise. */
  sessionOf(key: string): SessionId | null {
    return this.#keys.get(hashToken(key).toString('base64')) ?? null;
  }

  /** Whatever link the session has is of an older runner: nothing it says counts any more. */
  replace(sessionId: SessionId): void {
    const link = this.#links.get(sessionId);
    if (!link) return;
    this.#links.delete(sessionId);
    this.#forget(sessionId);
    this.#deps.turns.unlinked(sessionId);
    this.#deps.terminals.unlinked(link);
    link.close(4409, 'a newer runner has this session');
  }

  #forget(sessionId: SessionId): void {
    for (const [hash, id] of this.#keys) if (id === sessionId) this.#keys.delete(hash);
  }

  /** A new socket of `/ws/runner`; its first message must be a hello that fits the key. Resolves when that is settled. */
  accept(socket: WebSocket, key: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.close(4400, 'hello: expected first'), helloMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('message', (data: Buffer, isBinary: boolean) => {
        clearTimeout(timer);
        socket.pause();
        void this.#greet(socket, key, isBinary ? null : data.toString('utf8'))
          .catch((cause: unknown) => this.#refuse(socket, cause))
          .finally(() => socket.resume())
          .then(resolve);
      });
    });
  }

  #refuse(socket: WebSocket, cause: unknown): void {
    const { note } = this.#deps;
    const error = expected(cause);
    note(`runner refused: ${cause instanceof Error ? cause.message : String(cause)}`);
    socket.close(error?.facts.ws ?? 4503, error?.message ?? 'not now');
  }

  async #greet(socket: WebSocket, key: string, text: string | null): Promise<void> {
    const { log, note } = this.#deps;
    const hello = parseHello(text);
    const row = await this.#deps.registry.byId(hello.sessionId);
    checkKey(row, hello, key);
    this.#links.get(hello.sessionId)?.close(4503, 'replaced by a newer connection of the same runner');
    const link: RunnerLink = new RunnerLink({
      socket,
      hello,
      now: this.#deps.now,
      log: note,
      sink: {
        output: (frame, raw) => sink.output(frame, raw),
        resized: (message) => sink.resized(message),
        gap: (message) => sink.gap(message),
        inputAcked: (message) => sink.inputAcked(message),
        activity: (message) => sink.activity(message),
        delta: (message) => this.#deps.turns.delta(hello.sessionId, message),
        commit: (event, dedupeKey) => this.#commit(hello, event, dedupeKey),
      },
    });
    const sink = this.#deps.terminals.sink(link);
    this.#links.set(hello.sessionId, link);
    this.#forget(hello.sessionId);
    this.#keys.set(hashToken(key).toString('base64'), hello.sessionId);
    socket.on('close', () => this.#unlink(link));
    const { runnerId, epoch, isolation, warning, sandbox } = hello;
    const connected = { runnerId, epoch, isolation, warning, ...(sandbox && { sandbox }) };
    await log.append(hello.sessionId, (view) => {
      const isWanted = view && (hasRunner(view) || view.status === 'interrupted');
      if (!isWanted)
        throw new AppError({ code: 'runner.refused', message: `the session is ${view?.status ?? 'gone'}` });
      return [{ type: 'runner.connected', payload: connected, principal: runnerId }];
    });
    link.send({ type: 'welcome', wanted: await this.#deps.terminals.linked(link, hello) });
    this.#deps.insist(() => (link.isOpen ? this.#deps.turns.linked(link, hello) : Promise.resolve()));
  }

  async #commit(
    { sessionId, runnerId }: Hello,
    event: Pick<NewEvent, 'type' | 'payload'>,
    dedupeKey: string,
  ): Promise<void> {
    if (turnFact.test(event.type)) return this.#deps.turns.commit(sessionId, event as Fact, runnerId, dedupeKey);
    const fact = { ...event, principal: runnerId, dedupeKey } as NewEvent;
    await this.#deps.log.append(sessionId, (view) =>
      fact.type === 'session.failed' && view ? endedBy(view, fact, fact.payload.reason) : [fact],
    );
  }

  /** The link is gone, or replaced: nothing it still says counts. */
  #unlink(link: RunnerLink): void {
    this.#deps.terminals.unlinked(link);
    if (this.#links.get(link.sessionId) !== link) return;
    this.#links.delete(link.sessionId);
    this.#forget(link.sessionId);
    this.#deps.turns.unlinked(link.sessionId);
    this.#deps.onLost(link);
  }
}

const turnFact = /^(turn|item|action|approval|file|effect)\./;

function parseHello(text: string | null): Hello {
  const parsed = text === null ? null : fromRunnerSchema.safeParse(parseJson(text));
  if (!parsed?.success || parsed.data.type !== 'hello') {
    throw new AppError({ code: 'input.invalid', message: 'the first message must be a valid hello' });
  }
  if (parsed.data.protocol !== runnerProtocol) {
    const message = `this runner speaks protocol ${parsed.data.protocol}, the server ${runnerProtocol}: resume the session`;
    throw new AppError({ code: 'runner.refused', message });
  }
  return parsed.data;
}

function checkKey(row: RunnerRow | null, hello: Hello, key: string): void {
  if (!row?.keyHash.equals(hashToken(key)) || row.runnerId !== hello.runnerId) {
    const isOlder = row !== null && hello.epoch < row.epoch;
    if (isOlder) throw new AppError({ code: 'runner.replaced', message: 'a newer runner has this session' });
    throw new AppError({ code: 'runner.refused', message: 'the key does not fit the session' });
  }
  if (row.epoch !== hello.epoch)
    throw new AppError({ code: 'runner.replaced', message: 'a newer runner has this session' });
}
