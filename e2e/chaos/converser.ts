/**
 * Talks with an agent during a run: prompts are queued without pause, its model streams from this process, which no fault
 * hits. Remembers what was acknowledged, and holds the log, the provider's capture and the files against each other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventPayload, SessionEvent } from '#protocol/event.ts';
import { newId, type SessionId, type TurnId } from '#protocol/id.ts';
import { ModelServer } from '../model/server.ts';
import type { Visitor } from '../visitor.ts';
import { until } from './wait.ts';

const maxPrompts = 400;
/** Prompts that wait or run at once. */
const atOnce = 3;
const file = 'talked.txt';

const opening = (n: number) => `Opening ${n}: ${'one word after the other, '.repeat(6)}and now the work.`;
const closing = (n: number) => `Closing ${n}: ${'all of it is done, '.repeat(5)}the end.`;
const mark = (n: number) => `prompt-${n};`;

const rulesFor = (n: number) => [
  {
    match: { contains: mark(n), hasToolResult: true },
    usage: { input: 50, output: 20 },
    steps: [{ text: closing(n), delayMs: 4 }],
  },
  {
    match: { contains: mark(n), hasToolResult: false },
    usage: { input: 40, output: 30 },
    steps: [{ text: opening(n), delayMs: 6 }, { shell: `echo ${n} >> ${file}` }],
  },
];

interface Prompt {
  n: number;
  turnId: TurnId;
  isAcked: boolean;
}

export class Converser {
  readonly model: ModelServer;
  readonly #visitor: Visitor;
  readonly #prompts: Prompt[] = [];
  #session: { sessionId: SessionId; checkout: string } | null = null;
  #isStopped = false;
  #loop: Promise<void> | null = null;

  private constructor(model: ModelServer, visitor: Visitor) {
    this.model = model;
    this.#visitor = visitor;
  }

  static async openModel(): Promise<ModelServer> {
    const model = await ModelServer.start(0);
    model.play({ rules: Array.from({ length: maxPrompts }, (_, n) => rulesFor(n)).flat() });
    return model;
  }

  /** The agent has answered once when this resolves. */
  static async open(model: ModelServer, visitor: Visitor, dir: string): Promise<Converser> {
    const converser = new Converser(model, visitor);
    converser.#session = await visitor.api.session.create.mutate({ dir, harness: 'acp:example' });
    await converser.#ask();
    await until('the agent answers', async () => (await converser.#view()).turns.lastTurn !== null, 20_000);
    return converser;
  }

  get sessionId(): SessionId {
    if (!this.#session) throw new Error('no session');
    return this.#session.sessionId;
  }

  start(): void {
    this.#loop = this.#talk();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  get acked(): number {
    return this.#prompts.filter(({ isAcked }) => isAcked).length;
  }

  /** Model calls without an end. */
  get inFlight(): number {
    return this.model.requests.filter(({ closedBy }) => closedBy === null).length;
  }

  async #view() {
    return (await this.#visitor.api.session.get.query({ session: this.sessionId })).view;
  }

  async #talk(): Promise<void> {
    while (!this.#isStopped && this.#prompts.length < maxPrompts) {
      const waiting = await this.#view().then(
        ({ turns }) => turns.queue.length + (turns.turn ? 1 : 0),
        () => atOnce,
      );
      if (waiting < atOnce) await this.#ask();
      else await sleep(40);
    }
  }

  /** A prompt without an answer is asked again under the same id: it must still be one prompt. */
  async #ask(): Promise<void> {
    const n = this.#prompts.length;
    const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };
    const prompt: Prompt = { n, turnId: newId('turn', ids), isAcked: false };
    this.#prompts.push(prompt);
    while (!prompt.isAcked && !this.#isStopped) {
      const { turnId } = prompt;
      await this.#visitor.api.turn.send.mutate({ session: this.sessionId, prompt: `Say it, ${mark(n)}`, turnId }).then(
        () => {
          prompt.isAcked = true;
        },
        () => sleep(100),
      );
    }
  }

  /** After a fault: a dead session is resumed, and then every prompt comes to its end. */
  async settle(violations: string[]): Promise<void> {
    await this.stop();
    const isDead = async () => (await this.#view()).status === 'interrupted';
    if (await isDead()) await this.#visitor.api.session.resume.mutate({ session: this.sessionId });
    const isQuiet = async () => {
      const { turns } = await this.#view();
      return turns.turn === null && turns.queue.length === 0 && turns.actions.length === 0;
    };
    await until('', isQuiet, 45_000, 100).catch(async () => {
      const { turns, status, reason } = await this.#view();
      violations.push(
        `TRN turns do not end: session ${status} (${reason}), ${turns.queue.length} wait, ${JSON.stringify(turns.turn)}`,
      );
    });
  }

  async #events(): Promise<SessionEvent[]> {
    const all: SessionEvent[] = [];
    for (;;) {
      const after = all.at(-1)?.seq ?? 0;
      const page = await this.#visitor.api.session.history.query({ session: this.sessionId, after, limit: 500 });
      all.push(...(page as SessionEvent[]));
      if (page.length < 500) return all;
    }
  }

  async violations(): Promise<string[]> {
    const events = await this.#events();
    const of = <T extends SessionEvent['type']>(type: T): EventPayload<T>[] =>
      events.flatMap((event) => (event.type === type ? [event.payload as EventPayload<T>] : []));
    const lines = (await readFile(join(this.#session?.checkout ?? '', file), 'utf8').catch(() => '')).split('\n');
    const turns = (type: `turn.${'queued' | 'started' | 'completed'}`) => of(type).map(({ turnId }) => turnId);
    const actions = (type: `action.${'requested' | 'judged' | 'acted'}`) => of(type).map(({ actionId }) => actionId);
    const items = of('item.completed').map(({ itemId }) => itemId);
    const calls = of('usage.recorded').map(({ callId }) => callId);
    const acked = this.#prompts.filter(({ isAcked }) => isAcked).map(({ turnId }) => turnId);
    const status = new Map(of('turn.completed').map(({ turnId, status: how }) => [turnId, how]));
    return [
      ...once('turn.queued', turns('turn.queued'), acked),
      ...once('turn.started', turns('turn.started'), turns('turn.queued')),
      ...once('turn.completed', turns('turn.completed'), turns('turn.started')),
      ...once('action.judged', actions('action.judged'), actions('action.requested')),
      ...once('action.acted', actions('action.acted'), actions('action.requested')),
      ...once('item.completed', items, []),
      ...once('usage.recorded', calls, []),
      ...this.#prompts.flatMap(({ n, turnId }) => this.#wrongTexts(n, turnId, of('item.completed'))),
      ...this.#prompts.flatMap(({ n, turnId }) => {
        const times = lines.filter((line) => line === String(n)).length;
        const wanted = status.get(turnId) === 'completed' ? times === 1 : times <= 1;
        return wanted ? [] : [`TRN prompt ${n} (${status.get(turnId)}) acted ${times} times`];
      }),
      ...this.#wrongUsage(of('usage.recorded')),
    ];
  }

  /** A completed message is what the provider sent, to the letter. */
  #wrongTexts(n: number, turnId: TurnId, items: EventPayload<'item.completed'>[]): string[] {
    const said = items.filter(
      (item) => item.turnId === turnId && item.kind === 'message' && item.status === 'completed',
    );
    return said.flatMap(({ text }) =>
      text === opening(n) || text === closing(n) ? [] : [`TRN prompt ${n} says ${JSON.stringify(text.slice(0, 60))}`],
    );
  }

  /** Every call the provider saw is recorded; what is called settled came to its end. */
  #wrongUsage(records: EventPayload<'usage.recorded'>[]): string[] {
    const ended = this.model.requests.filter(({ closedBy }) => closedBy === 'server').length;
    const settled = records.filter(({ status, outputTokens }) => status === 'settled' && outputTokens > 0).length;
    const unknown = records.filter(({ status }) => status === 'unknown').length;
    const cut = this.model.requests.length - ended;
    return [
      ...(records.length < this.model.requests.length
        ? [`TRN ${this.model.requests.length} calls, ${records.length} records`]
        : []),
      ...(settled > ended ? [`TRN ${settled} calls settled, ${ended} came to their end`] : []),
      ...(unknown < cut ? [`TRN ${cut} calls were cut, ${unknown} are recorded as unknown`] : []),
    ];
  }
}

/** Each of `ids` once, and every one of `expected` among them. */
function once(what: string, ids: readonly string[], expected: readonly string[]): string[] {
  const doubled = ids.length - new Set(ids).size;
  const missing = expected.filter((id) => !ids.includes(id));
  return [
    ...(doubled > 0 ? [`TRN ${doubled} times ${what} twice`] : []),
    ...(missing.length > 0 ? [`TRN ${missing.length} times no ${what}: ${missing[0]}`] : []),
  ];
}
