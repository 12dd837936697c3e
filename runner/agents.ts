/**
 * The agents' side of one runner: gate, turns and what turns changed, wired together. Knows the link only as something
 * that may or may not take a message now.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionFacts } from '#protocol/action-facts.ts';
import { AppError } from '#protocol/error.ts';
import type { NewEvent } from '#protocol/event.ts';
import type { ActionId, IdSource, TurnId } from '#protocol/id.ts';
import type { Launch } from '#protocol/launch.ts';
import type { FromRunner, RunnerDiff, ToRunner } from '#protocol/runner-message.ts';
import { ActionFactsMaker } from './action-facts.ts';
import type { AgentPort } from './agent-port.ts';
import { createLauncher } from './agent-process.ts';
import { openAgentTerminal } from './agent-terminal.ts';
import type { Checkout } from './checkout/index.ts';
import type { FileChange } from './checkout/tree-diff.ts';
import { EffectCheck } from './effect-check.ts';
import { createEgress, createGateJudge, type Egress, type KeptVerdicts } from './egress/index.ts';
import { assertGoing, type Freezer } from './freezer.ts';
import { Gate } from './gate.ts';
import { harnessOf } from './harness/index.ts';
import { HoldClock } from './hold-clock.ts';
import type { Sandbox } from './sandbox/index.ts';
import type { TerminalSet } from './terminal-set.ts';
import { TurnSet } from './turn-set.ts';
import { TurnStates } from './turn-states.ts';

type Message<T extends ToRunner['type']> = ToRunner & { type: T };

/** The end waits no longer than this for the state that the last turn left, in ms: a host gives it 3 s. */
const keepMs = 2_000;

export interface AgentsOptions {
  launch: Launch;
  sandbox: Sandbox;
  ids: IdSource;
  /** Why the log does not take it, or null. */
  state: (fact: Pick<NewEvent, 'type' | 'payload'>) => string | null;
  /** Closed with them. */
  port: AgentPort;
  /** False without a link. */
  send: (message: FromRunner) => boolean;
  terminals: Pick<TerminalSet, 'open' | 'get' | 'close'>;
  freezer: Pick<Freezer, 'isFrozen' | 'going' | 'kill'>;
  /** What the server said of connections. */
  kept: KeptVerdicts;
  log: (line: string) => void;
}

export class Agents {
  readonly #options: AgentsOptions;
  readonly #gate: Gate;
  /** Stands still while the agents do: nobody is late with a verdict then. */
  readonly #clock = new HoldClock(() => performance.now());
  readonly #facts: ActionFactsMaker;
  readonly #effects: EffectCheck;
  readonly #turns: TurnSet;
  readonly #egress: Egress;
  #start: string;
  readonly #cwd: Promise<string>;
  /** Where they work. */
  #place: (cwd: string) => void = () => undefined;
  /** Null until the checkout is there. */
  #states: TurnStates | null = null;
  /** What turns said of themselves before: nobody works in a checkout that is not there. */
  readonly #early: ((states: TurnStates) => void)[] = [];
  /** Settles when what the last turn changed is stated. */
  #stated: Promise<void> = Promise.resolve();

  constructor(options: AgentsOptions) {
    const { ids, launch, sandbox, state, log } = options;
    this.#options = options;
    this.#facts = new ActionFactsMaker({ policy: launch.policy, sandbox });
    this.#effects = new EffectCheck({ state, log, now: ids.now, factsOf: (action) => this.#facts.of(action) });
    this.#gate = new Gate({
      ids,
      factsOf: (action) => this.#facts.of(action),
      holdMs: launch.holdMs,
      state: (type, payload) => this.#state({ type, payload } as Pick<NewEvent, 'type' | 'payload'>),
      after: (ms, task) => this.#clock.after(ms, task),
      mayAct: () => options.freezer.going().then(() => this.#mayWrite()),
    });
    this.#start = launch.directory;
    this.#cwd = new Promise((resolve) => {
      this.#place = resolve;
    });
    this.#egress = createEgress({
      judge: createGateJudge({ gate: this.#gate, cwd: () => this.#start }),
      kept: options.kept,
      whose: (token) => options.port.whose(token),
      state: (fact) => void state(fact),
    });
    options.port.serve(this.#egress);
    this.#turns = this.#openTurns();
    // It starts while the checkout is made.
    if (!launch.agent) return;
    this.#expect(launch.agent);
    this.#facts.prepare().catch((cause: unknown) => log(`command parser: ${String(cause)}`));
  }

  /** When it comes to nothing the turn that wants it tries again, and says why. */
  #expect({ conversation, ...agent }: NonNullable<Launch['agent']>): void {
    this.#turns.expect(agent, conversation).catch((cause: unknown) => {
      this.#options.log(`agent ${agent.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    });
  }

  #openTurns(): TurnSet {
    const { launch, sandbox, ids, port, send, log, terminals, freezer } = this.#options;
    return new TurnSet({
      ...{ ids, log, gate: this.#gate, port, harnessOf, cwd: this.#cwd },
      state: (fact) => this.#state(fact),
      launcher: createLauncher(sandbox, () => freezer.going()),
      env: { PATH: process.env.PATH, ...launch.programs },
      passed: Object.keys(sandbox.env),
      homeOf: async (agent) => {
        const home = join(launch.directory, 'agents', agent);
        await mkdir(home, { recursive: true, mode: 0o700 });
        return home;
      },
      openTerminal: (program) => openAgentTerminal({ terminals, ids, ...program }),
      send: (delta) => void send({ type: 'delta', ...delta }),
      onBegin: (turnId) => this.#note((states) => states.began(turnId)),
      onStarted: () => {
        this.#note((states) => states.prepare());
        this.#effects.prepare();
      },
      onEnd: (turnId) => {
        this.#egress.endTurn(turnId);
        this.#note((states) => {
          this.#stated = this.#stateChanges(turnId, states.ended(turnId));
        });
      },
      mayWrite: () => this.#mayWrite(),
    });
  }

  /** What happens to actions is also what their effects are held against. */
  #state(fact: Pick<NewEvent, 'type' | 'payload'>): string | null {
    const refusal = this.#options.state(fact);
    if (refusal === null) this.#effects.note(fact);
    return refusal;
  }

  /** A person typed into a shell. */
  typed(): void {
    this.#effects.typed();
  }

  async #mayWrite(): Promise<void> {
    await this.#cwd;
    await this.#states?.whenRead();
  }

  #note(fact: (states: TurnStates) => void): void {
    if (this.#states) fact(this.#states);
    else this.#early.push(fact);
  }

  /** What the server learns with every new link. */
  get greeting(): { newestTurn: TurnId | null; actions: ActionId[] } {
    return { newestTurn: this.#turns.newest, actions: this.#gate.waiting };
  }

  /** The checkout is there, `isNew`: since just now. */
  enter(checkout: Checkout, isNew: boolean): void {
    const { launch, log } = this.#options;
    const states = new TurnStates({ checkout, isNew, directory: launch.directory, log });
    this.#states = states;
    for (const fact of this.#early.splice(0)) fact(states);
    this.#facts.enter(checkout);
    this.#effects.enter(checkout);
    this.#start = checkout.start;
    this.#place(checkout.start);
  }

  async #stateChanges(turnId: TurnId, changes: Promise<FileChange[]>): Promise<void> {
    const { state, log } = this.#options;
    try {
      for (const { path, change } of await changes) {
        state({ type: 'file.changed', payload: { turnId, path, change } });
      }
    } catch (cause) {
      log(`changes of ${turnId}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }

  start(message: Message<'turn.start'>): void {
    this.#turns.start(message);
  }

  async open({ agent, conversation }: Message<'agent.open'>): Promise<void> {
    if (!this.#states) throw new AppError({ code: 'session.not-running', message: 'the checkout is not there yet' });
    assertGoing(this.#options.freezer);
    await this.#turns.open(agent, conversation);
  }

  async steer({ turnId, text, by }: Message<'turn.steer'>): Promise<void> {
    await this.#turns.steer(turnId, text, by);
  }

  /** One that stands still hears nothing: it is ended, and the next turn starts it anew on its conversation. */
  async interrupt({ turnId, reason }: Message<'turn.interrupt'>): Promise<void> {
    const { freezer, log } = this.#options;
    const asked = this.#turns.interrupt(turnId, reason);
    const worker = freezer.isFrozen ? this.#turns.workerOf(turnId) : null;
    if (worker === null) return asked;
    freezer.kill(worker);
    await asked.catch((cause: unknown) => log(`interrupted while it stood still: ${String(cause)}`));
  }

  /** Whether time passes for what waits for a verdict. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#clock.stop();
    else this.#clock.go();
  }

  judged(message: Message<'action.verdict'>): void {
    if (message.command !== null) this.#effects.replaced(message.actionId, message.command);
    this.#gate.judged(message);
  }

  /** People have this long to decide about it. */
  holdFor({ actionId, ms }: Message<'action.hold'>): void {
    this.#gate.hold(actionId, ms);
  }

  /** Other rules are in force. */
  follow({ place }: Message<'policy.place'>): void {
    this.#facts.follow(place);
  }

  /** What a command would touch if an agent ran it. */
  async examine({ actionId, command, cwd }: Message<'action.examine'>): Promise<ActionFacts> {
    const facts = await this.#facts.of({ kind: 'command', command, paths: [], cwd });
    if (actionId) this.#gate.examined(actionId, command, facts);
    return facts;
  }

  /** Against its base, or where a turn began. Whatever the last turn changed is stated by then. */
  async diff({ turnId = null }: Message<'checkout.diff'>): Promise<RunnerDiff> {
    await this.#stated;
    if (!this.#states) throw new AppError({ code: 'session.not-running', message: 'the checkout is not there yet' });
    return { ...(await this.#states.diff(turnId)), turnId };
  }

  /** There is a new link: the text of open items is said from the beginning. */
  resume(): void {
    this.#turns.resume();
  }

  async closeAll(): Promise<void> {
    await this.#turns.closeAll();
    this.#egress.close();
    this.#options.port.close();
    await Promise.all([this.#states?.settled(keepMs), Promise.race([this.#effects.settled(), late(keepMs)])]);
  }
}

const late = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
