/** The agents of a session that are started: one of each name, as it is wanted now, each with what it started. Knows no turn. */
import type { TurnId } from '#protocol/id.ts';
import type { AgentPort } from './agent-port.ts';
import type { HomeLauncher } from './agent-process.ts';
import { setUpCredentials } from './credential-setup.ts';
import { egressEnvironment } from './egress/index.ts';
import type { Agent, AgentOptions, AgentProcess, AgentTerminal, BegunTurn, Harness } from './harness/harness.ts';
import { untestedNotice } from './harness/untested.ts';

/** Which agent, and on what it goes on. */
export interface AgentRequest {
  agent: { name: string; harness: string; model: string | null };
  /** The agent's conversation so far, from its last turn; null for its first. */
  conversation: string | null;
}

/** A program in the terminal of the agent `name`; `home` is that agent's folder. */
export interface AgentProgram {
  name: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  home: string;
}

export interface AgentSetOptions {
  port: AgentPort;
  launcher: HomeLauncher;
  /** Absolute folder that agents work in, once it is there. Never rejects. */
  cwd: Promise<string>;
  /** Where programs are found. */
  env: Readonly<Record<string, string | undefined>>;
  /** Names of the variables that every program of a session gets. */
  passed: readonly string[];
  /** Absolute; the agent of this name keeps its settings and state there. */
  homeOf: (agent: string) => Promise<string>;
  /** Throws `input.invalid` for a type that is none. */
  harnessOf: (type: string) => Promise<Harness>;
  /** Opens the terminal of the agent of this name. */
  openTerminal: (program: AgentProgram) => Promise<AgentTerminal>;
  /** An agent has started, and may be asked. */
  onStarted: () => void;
  log: (line: string) => void;
}

/** What the side of turns does for a started agent. */
export interface AgentTurns {
  /** The turn that the agent of this name works on. */
  turnOf: (name: string) => TurnId | null;
  /** A person begins a turn in the agent's terminal; null while that cannot be. */
  begin: (agent: AgentRequest['agent'], prompt: string) => BegunTurn | null;
  /** The gate outside of any turn. */
  gate: (name: string, ...ask: Parameters<AgentOptions['gate']>) => ReturnType<AgentOptions['gate']>;
}

export interface Started {
  agent: Agent;
  harness: string;
  family: string;
  model: string | null;
  /** Whether it was asked anything: before that its conversation need not be known to anybody. */
  isAsked: boolean;
  /** Whether it changes nothing before the gate lets it. */
  isGated: boolean;
  /** To be told once; null: nothing is. */
  notice: string | null;
}

export class AgentSet {
  readonly #options: AgentSetOptions;
  readonly #turns: AgentTurns;
  readonly #agents = new Map<string, Started>();
  /** Starts that are under way: whoever wants the same agent waits for the same one. */
  readonly #starts = new Map<string, { harness: string; model: string | null; agent: Promise<Started> }>();
  /** Names of the variables that they were started with, sorted. */
  readonly #env = new Map<string, readonly string[]>();
  /** Whatever they started and still runs. */
  readonly #processes = new Set<AgentProcess>();
  #isClosing = false;

  constructor(options: AgentSetOptions, turns: AgentTurns) {
    this.#options = options;
    this.#turns = turns;
  }

  /** Pids of the agents that run, by name. */
  get pids(): Record<string, number> {
    return Object.fromEntries([...this.#agents].flatMap(([name, { agent }]) => (agent.pid ? [[name, agent.pid]] : [])));
  }

  get(name: string): Started | null {
    return this.#agents.get(name) ?? null;
  }

  /** Names of the variables that the agent of this name was started with, sorted. */
  envOf(name: string): readonly string[] {
    return this.#env.get(name) ?? [];
  }

  /** What an agent of this name is given beside what every program gets. */
  #given(name: string, own: Record<string, string>, more: Record<string, string>): Record<string, string> {
    // By this name `omnigent ps` finds the process.
    const env = { ...own, ...more, OMNIGENT_AGENT: name };
    this.#env.set(name, [...new Set([...this.#options.passed, ...Object.keys(env)])].sort());
    return env;
  }

  /** Whether an agent of this type may be started before it is asked something. */
  async startsEarly(harness: string): Promise<boolean> {
    const { startsEarly } = await this.#options.harnessOf(harness);
    return startsEarly && !this.#isClosing;
  }

  /** The agent as it is wanted, started where it is not. Throws `launch.failed` saying what to do. */
  ready(request: AgentRequest): Promise<Started> {
    const { name, harness, model } = request.agent;
    const before = this.#starts.get(name);
    if (before?.harness === harness && before.model === model) return before.agent;
    const settled = before?.agent.then(ignore, ignore) ?? Promise.resolve();
    const start = { harness, model, agent: settled.then(() => this.#start(request)) };
    this.#starts.set(name, start);
    const over = () => {
      if (this.#starts.get(name) === start) this.#starts.delete(name);
    };
    start.agent.then(over, over);
    return start.agent;
  }

  /** One of another harness or model is replaced, on the same conversation where it can. */
  async #start({ agent: wanted, conversation }: AgentRequest): Promise<Started> {
    const { harnessOf, homeOf, port, log, cwd, env, openTerminal } = this.#options;
    const { name, harness, model } = wanted;
    const known = this.#agents.get(name);
    if (known?.harness === harness && known.model === model) return known;
    const found = await harnessOf(harness);
    const isSame = known?.isAsked === true && known.family === found.family;
    const earlier = isSame ? known.agent.conversation : conversation;
    await this.close(name);
    const access = port.admit(name, () => this.#turns.turnOf(name));
    const home = await homeOf(name);
    const own = { ...egressEnvironment(access.url, access.programToken), ...(await setUpCredentials(access, home)) };
    const notice = untestedNotice(found, env);
    const agent = await found.start({
      ...{ cwd, env, home, model, access, conversation: earlier, log },
      launcher: {
        spawn: (command, more, place) => this.#spawn(name, command, this.#given(name, own, more), { ...place, home }),
      },
      openTerminal: async (command, more) => {
        const terminal = await openTerminal({ name, command, env: this.#given(name, own, more), home });
        void terminal.ended.then(() => this.#ended(name, terminal.pid));
        return terminal;
      },
      begin: (prompt) => this.#turns.begin(wanted, prompt),
      gate: (action, signal) => this.#turns.gate(name, action, signal),
    });
    const isGated = found.capabilities.gate === 'every-action';
    const { family } = found;
    const started = { agent, harness, family, model, isGated, isAsked: false, notice: await notice };
    this.#agents.set(name, started);
    this.#options.onStarted();
    return started;
  }

  async #spawn(name: string, ...start: Parameters<HomeLauncher['spawn']>): Promise<AgentProcess> {
    const process = await this.#options.launcher.spawn(...start);
    this.#processes.add(process);
    void process.ended.then(() => {
      this.#processes.delete(process);
      this.#ended(name, process.pid);
    });
    if (this.#isClosing) process.kill('SIGKILL');
    return process;
  }

  /** One whose program ends between turns is started anew by the next. */
  #ended(name: string, pid: number): void {
    if (this.#turns.turnOf(name) === null && this.#agents.get(name)?.agent.pid === pid) void this.close(name);
  }

  /** Ends the agent of this name; the next request starts it anew. */
  async close(name: string): Promise<void> {
    const known = this.#agents.get(name);
    this.#agents.delete(name);
    this.#options.port.revoke(name);
    await known?.agent.close();
  }

  /** Ends every agent and whatever they started, for good. */
  async closeAll(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#agents.keys()].map((name) => this.close(name)));
    for (const process of this.#processes) process.kill('SIGKILL');
  }
}

const ignore = (): void => undefined;
