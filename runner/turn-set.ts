/**
 * The turns of a session: one at a time, items stated as facts, text passed on as it comes. Knows no particular harness, no
 * socket and no policy.
 */
import { AppError } from '#protocol/error.ts';
import { type NewEvent, toLine } from '#protocol/event.ts';
import { type IdSource, newId, type TurnId } from '#protocol/id.ts';
import { type AgentRequest, AgentSet, type AgentSetOptions, type Started } from './agent-set.ts';
import { bounded, storable } from './bounded-text.ts';
import type { Gate } from './gate.ts';
import type { Agent, BegunTurn, ItemHandle, StartedItem, TurnEnd, TurnSink } from './harness/harness.ts';
import { type Delta, type OpenItem, TextStream } from './text-stream.ts';

export interface TurnRequest extends AgentRequest {
  turnId: TurnId;
  prompt: string;
}

export interface TurnSetOptions extends AgentSetOptions {
  ids: IdSource;
  gate: Pick<Gate, 'ask'>;
  state: (fact: Pick<NewEvent, 'type' | 'payload'>) => void;
  /** Lost when there is no link: the newest text is sent again with the next one. */
  send: (delta: Delta) => void;
  /** Its agent does nothing for it yet. */
  onBegin: (turnId: TurnId) => void;
  onEnd: (turnId: TurnId) => void;
  /** Resolves when files may be changed: what was there before is known. The gate waits for it itself. Never rejects. */
  mayWrite: () => Promise<void>;
}

interface Running {
  turnId: TurnId;
  name: string;
  /** Null until its agent has started. */
  agent: Agent | null;
  /** Why it is to end early; null: it is not. */
  interrupted: string | null;
  items: Map<ItemHandle, OpenItem>;
}

export class TurnSet {
  readonly #options: TurnSetOptions;
  readonly #texts: TextStream;
  readonly #agents: AgentSet;
  #cwd: string | null = null;
  #running: Running | null = null;
  /** Came while a turn that a person began was running. */
  #held: TurnRequest | null = null;
  #newest: TurnId | null = null;

  constructor(options: TurnSetOptions) {
    this.#options = options;
    this.#texts = new TextStream({ send: options.send, open: () => this.#running });
    this.#agents = new AgentSet(options, {
      turnOf: (name) => (this.#running?.name === name ? this.#running.turnId : null),
      begin: (agent, prompt) => this.#begun(agent, prompt),
      gate: (name, action, signal) =>
        options.gate.ask(
          { ...action, ...{ agent: name, turnId: null, itemId: null, env: this.#agents.envOf(name) } },
          signal,
        ),
    });
    void options.cwd.then((cwd) => {
      this.#cwd = cwd;
    });
  }

  /** The turn it was last given, over or not. */
  get newest(): TurnId | null {
    return this.#newest;
  }

  /** Pids of the agents that run, by name. */
  get pids(): Record<string, number> {
    return this.#agents.pids;
  }

  /**
   * Begins a turn, after one that a person began in a terminal; how it ends is a fact. Repeating the newest one changes
   * nothing. Throws `session.conflict` while another one waits.
   */
  start(request: TurnRequest): void {
    const { turnId } = request;
    if (turnId === this.#newest) return;
    if (this.#held) throw new AppError({ code: 'session.conflict', message: 'another turn waits' });
    this.#newest = turnId;
    if (this.#running) this.#held = request;
    else this.#begin(request);
  }

  #begin(request: TurnRequest): void {
    const { turnId, agent } = request;
    const running: Running = { turnId, name: agent.name, agent: null, interrupted: null, items: new Map() };
    this.#running = running;
    this.#options.onBegin(turnId);
    void this.#run(running, request);
  }

  /** Starts an agent between turns. Throws `session.conflict` while one runs, `launch.failed` saying what to do. */
  async open(agent: TurnRequest['agent'], conversation: string | null): Promise<void> {
    if (this.#running) throw new AppError({ code: 'session.conflict', message: 'a turn runs; wait for its end' });
    await this.#agents.ready({ agent, conversation });
  }

  /** Starts an agent that will be asked something soon, where that is the same as starting it then. */
  async expect(agent: TurnRequest['agent'], conversation: string | null): Promise<void> {
    const isEarly = await this.#agents.startsEarly(agent.harness);
    if (isEarly && !this.#running) await this.#agents.ready({ agent, conversation });
  }

  /** Throws `session.conflict` when this turn does not run, or what the agent says. */
  async steer(turnId: TurnId, text: string, by: string): Promise<void> {
    await this.#agentOf(turnId).steer(text);
    this.#options.state({ type: 'turn.steered', payload: { turnId, text, by } });
  }

  /** A turn that is over is no error: its end and the wish crossed. */
  async interrupt(turnId: TurnId, reason: string): Promise<void> {
    if (this.#running?.turnId !== turnId) return;
    this.#running.interrupted = reason;
    await this.#running.agent?.interrupt();
  }

  /** Pid of the agent that works on this turn; null where none does yet. */
  workerOf(turnId: TurnId): number | null {
    return this.#running?.turnId === turnId ? (this.#running.agent?.pid ?? null) : null;
  }

  /** Sends the text of every open item from its beginning: for a new link. */
  resume(): void {
    this.#texts.resume();
  }

  /** Ends every agent; a turn that runs is interrupted. */
  async closeAll(): Promise<void> {
    if (this.#running) this.#running.interrupted = 'the session was stopped';
    await this.#agents.closeAll();
  }

  #agentOf(turnId: TurnId): Agent {
    const running = this.#running;
    if (running?.turnId === turnId && running.agent) return running.agent;
    throw new AppError({ code: 'session.conflict', message: 'this turn does not run' });
  }

  async #run(running: Running, request: TurnRequest): Promise<void> {
    const end = await this.#work(running, request).catch((cause: unknown): TurnEnd => {
      if (!(cause instanceof AppError)) this.#options.log(`turn ${running.turnId}: ${String(cause)}`);
      return {
        status: 'failed',
        reason: cause instanceof AppError ? cause.message : 'the agent failed, see the runner’s log',
      };
    });
    await this.#finish(running, end, request.conversation);
  }

  async #finish(running: Running, end: TurnEnd, earlier: string | null): Promise<void> {
    const { turnId, name } = running;
    for (const [handle, { text }] of running.items) handle.complete({ status: 'interrupted', text });
    const status = running.interrupted !== null && end.status !== 'completed' ? 'interrupted' : end.status;
    const known = this.#agents.get(name);
    const conversation = (known?.isAsked ? known.agent.conversation : null) ?? earlier;
    this.#running = null;
    // However its end is called: an agent that failed may be dead, and the next prompt starts it anew.
    if (end.status === 'failed') await this.#agents.close(name);
    const why = status === 'interrupted' ? (running.interrupted ?? end.reason) : end.reason;
    const reason = why === null ? null : bounded(why).slice(0, 2_000);
    this.#options.state({ type: 'turn.completed', payload: { turnId, status, reason, conversation } });
    this.#options.onEnd(turnId);
    const held = this.#held;
    this.#held = null;
    if (held) this.#begin(held);
  }

  /** A person began a turn in the terminal of this agent. */
  #begun({ name, harness, model }: TurnRequest['agent'], prompt: string): BegunTurn | null {
    const { ids, state } = this.#options;
    const known = this.#agents.get(name);
    if (this.#running || !known) return null;
    const turnId = newId('turn', ids);
    const running: Running = { turnId, name, agent: known.agent, interrupted: null, items: new Map() };
    this.#running = running;
    this.#newest = turnId;
    this.#options.onBegin(turnId);
    known.isAsked = true;
    state({ type: 'turn.begun', payload: { turnId, agent: name, harness, model, prompt: bounded(prompt) } });
    return { sink: this.#sink(running), end: (end) => void this.#finish(running, end, null) };
  }

  async #work(running: Running, request: TurnRequest): Promise<TurnEnd> {
    const started = await this.#agents.ready(request);
    running.agent = started.agent;
    this.#tell(running, started);
    if (!started.isGated) await this.#options.mayWrite();
    if (running.interrupted !== null) return { status: 'interrupted', reason: null };
    started.isAsked = true;
    return started.agent.turn(request.prompt, this.#sink(running));
  }

  #tell(running: Running, started: Started): void {
    const { notice } = started;
    if (!notice) return;
    started.notice = null;
    this.#item(running, { kind: 'notice', title: notice }).complete({ status: 'completed', text: notice });
  }

  #sink(running: Running): TurnSink {
    const { turnId, name } = running;
    return {
      item: (started) => this.#item(running, started),
      gate: (action, signal) => {
        const itemId = action.item ? (running.items.get(action.item)?.itemId ?? null) : null;
        const env = this.#agents.envOf(name);
        return this.#options.gate.ask({ ...action, agent: name, turnId, itemId, env }, signal);
      },
    };
  }

  /** Names in the checkout are read as seen from where agents work. */
  #inside(text: string): string {
    return this.#cwd === null ? text : text.replaceAll(`${this.#cwd}/`, '');
  }

  #item(running: Running, started: StartedItem): ItemHandle {
    const { ids, state } = this.#options;
    const { turnId, items } = running;
    const open: OpenItem = { itemId: newId('item', ids), started, text: '', sent: 0 };
    const { itemId } = open;
    const subject = {
      ...{ itemId, turnId, kind: started.kind },
      parentId: started.parent ? (items.get(started.parent)?.itemId ?? null) : null,
      title: toLine(this.#inside(started.title), 400, started.kind),
      command: typeof started.command === 'string' ? storable(started.command, 32_768) : null,
      path: started.path ? storable(this.#inside(started.path), 4_096) : null,
    };
    const handle: ItemHandle = {
      append: (text) => {
        if (!items.has(handle) || text === '') return;
        open.text += text;
        this.#texts.flushSoon();
      },
      restart: () => {
        if (!items.has(handle) || open.text === '') return;
        open.text = '';
        open.sent = 0;
      },
      complete: ({ status, text = open.text, exitCode = null }) => {
        if (!items.delete(handle)) return;
        state({ type: 'item.completed', payload: { ...subject, status, text: bounded(text), exitCode } });
      },
    };
    items.set(handle, open);
    state({ type: 'item.started', payload: subject });
    return handle;
  }
}
