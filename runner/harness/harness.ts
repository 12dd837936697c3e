/**
 * What a harness is: our adapter for one kind of agent CLI. The one interface between agents and everything else; each harness
 * is a folder beside this file, and nothing outside of it knows its name.
 */
import type { ProviderName } from '#protocol/provider.ts';
import type { ActionKind, ItemKind, ToolInput } from '#protocol/turn-event.ts';
import type { AgentAccess } from '../agent-access.ts';

/** What a harness can do. Declared, shown to people, and held against what is observed. */
export interface Capabilities {
  /** Which actions reach the gate before they happen. */
  gate: 'every-action' | 'agent-chosen' | 'none';
  /** What becomes of an action whose gate does not answer. */
  gateFailure: 'closed' | 'open' | 'none';
  /** `gateway`: each model call is counted as it passes. */
  usage: 'gateway' | 'none';
  /** `attach`: a terminal of its own beside the headless process; `same-process`: one or the other. */
  tui: 'attach' | 'same-process' | 'none';
  /** Whether a changed command can run in place of the one that was asked about. */
  canEdit: boolean;
  canSteer: boolean;
  /** Whether its program can, whatever sessions make of it: begin a second conversation from one that there is. */
  canFork: boolean;
  canResume: boolean;
  canInterrupt: boolean;
  /** Like `canFork`: pictures in a prompt, servers of tools. */
  takesImages: boolean;
  takesMcp: boolean;
}

/** Where an agent's program is. `problem` says what is missing and how to mend it; null when it can be used. */
export interface Found {
  path: string | null;
  version: string | null;
  /** Whether this version is the one that the harness was tested with. */
  isTested: boolean;
  problem: string | null;
}

/** An action before it happens. */
export interface ProposedAction {
  kind: ActionKind;
  /** The agent's own name of the tool; where it has none, the title that it gives to this use. */
  tool: string;
  /** What rules know it by where `tool` is a title: the kind of its protocol. */
  toolKind?: string;
  /** The item that shows it; null where the agent has none. */
  item: ItemHandle | null;
  command: string | null;
  /** As the agent names them. */
  paths: readonly string[];
  cwd: string;
  /** All that the tool is given: what people approve is this and nothing else. */
  input: ToolInput;
  /** The one request that it makes, where its input says so. `method` null: not known. */
  request?: { method: string | null; url: string };
  /** What of it the harness does not know for sure, as a phrase; then it is never allowed without a person. */
  unclear?: string;
  /** Whether the harness can have another command run in its place. */
  canEdit: boolean;
}

/** What else is known of an answer; nothing where the gate gave it itself. */
export interface GateWord {
  rule?: string;
  /** Of a connection: the same may be said of further ones like it. */
  isKept?: boolean;
  /** A person has decided. */
  isDecided?: boolean;
}

/** `deny` carries what the agent is told; `allow` a command to run in place of the proposed one, or null. */
export type GateAnswer = GateWord &
  ({ verdict: 'allow'; command: string | null } | { verdict: 'deny'; message: string });

/** One item of a turn on its way from started to completed. */
export interface ItemHandle {
  /** More of its text; shown at once, not recorded. */
  append(text: string): void;
  /** What was appended so far does not count: the model says it again. */
  restart(): void;
  /** Ends it, once. `text` is authoritative: what was appended is replaced. */
  complete(end: {
    status: 'completed' | 'failed' | 'denied' | 'interrupted';
    text?: string;
    exitCode?: number | null;
  }): void;
}

export interface StartedItem {
  kind: ItemKind;
  title: string;
  command?: string | null;
  path?: string | null;
  parent?: ItemHandle | null;
}

/** What a turn says and asks while it runs. */
export interface TurnSink {
  item(started: StartedItem): ItemHandle;
  /** Resolves with what is decided; the action must not happen before. Never rejects: without an answer it is a denial. */
  gate(action: ProposedAction, signal: AbortSignal): Promise<GateAnswer>;
}

export interface TurnEnd {
  status: 'completed' | 'failed' | 'interrupted' | 'denied';
  /** Why it did not complete, for people. */
  reason: string | null;
}

/** A running agent of one session. One turn at a time. */
export interface Agent {
  /** The harness's own name of the conversation, with which it can be resumed; null before there is one. */
  readonly conversation: string | null;
  readonly pid: number | null;
  /** Resolves when the turn is over, whatever became of it; rejects only when the agent cannot go on. */
  turn(prompt: string, sink: TurnSink): Promise<TurnEnd>;
  /** Adds to the running turn. Throws `input.unsupported` where the agent cannot. */
  steer(text: string): Promise<void>;
  /** Ends the running turn soon; `turn` resolves then. */
  interrupt(): Promise<void>;
  /** Ends the process and whatever it started. */
  close(): Promise<void>;
}

/** How a program of an agent is started: wrapped as its session demands. */
export interface Launcher {
  /** `cwd` is absolute; `readable` are files that the program reads beside itself, absolute. */
  spawn(
    command: readonly string[],
    env: Record<string, string>,
    place: { cwd: string; readable?: readonly string[] },
  ): Promise<AgentProcess>;
}

/** A child with pipes. */
export interface AgentProcess {
  readonly pid: number;
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  /** The last lines it wrote on stderr, for messages about its end. */
  readonly complaint: string;
  /** Resolves with how it ended, for people: `exit code 3`. */
  readonly ended: Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** A program in a terminal of the session: people see it, and the wheel goes round as in any other. */
export interface AgentTerminal {
  readonly pid: number;
  /** False: the program has not read what it was sent before, and this was dropped. */
  write(text: string): boolean;
  /** What it shows now, line by line. */
  lines(): Promise<readonly string[]>;
  /** Resolves when the program is over. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** A turn that a person began in the agent's own terminal. */
export interface BegunTurn {
  sink: TurnSink;
  end(end: TurnEnd): void;
}

export interface AgentOptions {
  /** Absolute folder that it works in, once that is there. */
  cwd: Promise<string>;
  /** Its own folder for settings and state, outside of the checkout. */
  home: string;
  /** Absolute paths of agent programs by variable, e.g. `OMNIGENT_CLAUDE_BIN`, and `PATH`. */
  env: Readonly<Record<string, string | undefined>>;
  /** As the person named it; null: the agent's default. */
  model: string | null;
  access: AgentAccess;
  launcher: Launcher;
  /** Opens the agent's terminal. Throws AppError `launch.failed`. */
  openTerminal(command: readonly string[], env: Record<string, string>): Promise<AgentTerminal>;
  /** States that a person began a turn; null while another one runs. */
  begin(prompt: string): BegunTurn | null;
  /** Asks about an action outside of any turn. */
  gate: TurnSink['gate'];
  /** A conversation to go on with. */
  conversation: string | null;
  log: (line: string) => void;
}

/** Of an agent whose program starts where it works. */
export type PlacedOptions = Omit<AgentOptions, 'cwd'> & { cwd: string };

/** Signing in inside the agent's own terminal. It stays with that agent of that session. */
export interface SignIn {
  /** As people read it: `Claude subscription`. */
  subscription: string;
  /** What is typed there. */
  command: string;
}

export interface Harness {
  /** Whether it works in a terminal that people see. */
  hasTerminal: boolean;
  /** Harnesses of one family share conversations: they are faces of the same agent. */
  family: string;
  /** As people read it: `Claude Code`. */
  title: string;
  /** The npm package of the program, with the version it was tested with; null where there is none to install. */
  npm: { name: string; version: string } | null;
  capabilities: Capabilities;
  /** Whether it may start before it is asked anything: nothing that it is told at its start changes until then. */
  startsEarly: boolean;
  /** Whose models it uses; null: that is for whoever runs it to know. */
  provider: ProviderName | null;
  /** How a person signs it in with a subscription instead of a key; null where that cannot be done here. */
  signIn: SignIn | null;
  /** Looks for the program. `PATH` and the folders of pinned CLIs come in `env`. */
  find(env: Readonly<Record<string, string | undefined>>): Promise<Found>;
  /** Starts an agent. Throws AppError `launch.failed` saying what to do. */
  start(options: AgentOptions): Promise<Agent>;
}

/** What a harness folder exports as `harnesses`: those with a name, and one for types like `acp:COMMAND`. */
export interface HarnessFolder {
  named: Readonly<Record<string, Harness>>;
  /** The harness of a type that has no name of its own; null when the type is not of this folder. */
  resolve(type: string): Harness | null;
}
