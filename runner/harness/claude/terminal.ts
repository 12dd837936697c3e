/**
 * Claude Code in a terminal that people see and type into: prompts are typed, turns are told by its hooks, and items come
 * from the record it keeps.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { AppError } from '#protocol/error.ts';
import type { Agent, AgentTerminal, PlacedOptions, TurnEnd, TurnSink } from '../harness.ts';
import { askGate, type ClaudeTurn } from './gate.ts';
import { RecordFile } from './record.ts';
import { prepareClaude } from './settings.ts';
import { AllowedCommands, askAboutShell, gatedShell } from './shell.ts';
import { SubagentRecord } from './subagent.ts';
import { Transcript } from './transcript.ts';

/** It shows its input line within this time, or it hangs, in ms. */
const readyMs = 60_000;
/** Between a pasted prompt and Enter: earlier it counts as part of the paste, in ms. */
const pasteMs = 250;
/** A prompt that was typed is taken within this time, or Enter is pressed again, in ms. */
const takenMs = 3_000;
const tries = 3;
/** How often the record is looked at while a turn runs, in ms. */
const pollMs = 40;
/** After the end of a turn its last lines are in the record within this time, in ms. */
const settleMs = 1_500;
/** After Esc a turn is over within this time, in ms. */
const interruptMs = 4_000;

const toldSchema = z.object({
  hook_event_name: z.string(),
  transcript_path: z.string(),
  prompt: z.string().optional(),
  delta: z.string().optional(),
  index: z.number().optional(),
  last_assistant_message: z.string().nullish(),
  error: z.unknown().optional(),
  agent_id: z.string().optional(),
});
type Told = z.infer<typeof toldSchema>;

interface Running extends ClaudeTurn {
  record: RecordFile | null;
  /** Of the agents that it started. */
  subagents: SubagentRecord[];
  /** The prompt was taken. */
  isTaken: boolean;
  finish: (end: TurnEnd) => void;
}

/** Without a turn its tools would be denied and its words be in no timeline. */
const turnedAway = {
  decision: 'block',
  reason: 'Another turn of this session runs. Ask again when it is over, or queue the prompt in Omnigent.',
};

export class TerminalClaude implements Agent {
  readonly conversation: string;
  readonly #options: PlacedOptions;
  readonly #allowed = new AllowedCommands();
  #terminal: AgentTerminal | null = null;
  #turn: Running | null = null;
  #isEnded = false;

  private constructor(options: PlacedOptions, conversation: string) {
    this.#options = options;
    this.conversation = conversation;
  }

  /** Throws `launch.failed` with what the screen says when its input line does not appear. */
  static async start(options: PlacedOptions, file: string): Promise<TerminalClaude> {
    const isNew = options.conversation === null;
    const conversation = options.conversation ?? randomUUID();
    const { access, cwd } = options;
    const agent = new TerminalClaude(options, conversation);
    access.onPost('tool', (body, signal) => agent.#tool(body, signal));
    access.onPost('told', (body) => agent.#told(toldSchema.parse(body)));
    const shell = { allowed: agent.#allowed, gate: options.gate, cwd };
    access.onPost('shell', (body, signal) => askAboutShell(body, shell, signal));
    const told = ['UserPromptSubmit', 'MessageDisplay', 'SubagentStart', 'Stop', 'StopFailure'];
    const shellFile = gatedShell(access.url);
    const face = { conversation, isNew, canSignIn: true, told, shell: shellFile };
    const { args, env } = await prepareClaude(options, face);
    const terminal = await options.openTerminal([file, ...args], env);
    agent.#terminal = terminal;
    void terminal.ended.then(() => agent.#gone());
    await agent.#ready(terminal);
    return agent;
  }

  get pid(): number | null {
    return this.#terminal?.pid ?? null;
  }

  async turn(prompt: string, sink: TurnSink): Promise<TurnEnd> {
    const ended = new Promise<TurnEnd>((finish) => {
      this.#turn = newTurn(sink, finish);
    });
    const turn = this.#turn;
    if (turn) await this.#type(prompt, turn);
    return ended;
  }

  /** Waits in its own queue and is folded in at the next tool call. */
  async steer(text: string): Promise<void> {
    await this.#paste(text);
    this.#terminal?.write('\r');
  }

  async interrupt(): Promise<void> {
    const turn = this.#turn;
    if (!turn) return;
    turn.abort.abort();
    this.#terminal?.write('\x1b');
    setTimeout(() => this.#end(turn, { status: 'interrupted', reason: null }), interruptMs).unref();
  }

  async close(): Promise<void> {
    await this.#terminal?.close();
  }

  async #ready(terminal: AgentTerminal): Promise<void> {
    const deadline = performance.now() + readyMs;
    let lines: readonly string[] = [];
    while (!this.#isEnded && performance.now() < deadline) {
      lines = await terminal.lines();
      if (lines.some((line) => /^[\s│]*❯/.test(line))) return;
      await sleep(pollMs);
    }
    await this.close();
    const shown = lines
      .filter((line) => line.trim() !== '')
      .slice(-4)
      .join(' · ');
    throw new AppError({
      code: 'launch.failed',
      message: `Claude Code did not get ready in its terminal: ${shown}`.slice(0, 800),
    });
  }

  async #paste(text: string): Promise<void> {
    this.#terminal?.write(`\x1b[200~${text.replaceAll('\x1b', '')}\x1b[201~`);
    await sleep(pasteMs);
  }

  async #type(prompt: string, turn: Running): Promise<void> {
    await this.#paste(prompt);
    for (let n = 0; n < tries && this.#turn === turn && !turn.isTaken; n++) {
      this.#terminal?.write('\r');
      for (const deadline = performance.now() + takenMs; !turn.isTaken && performance.now() < deadline; )
        await sleep(20);
    }
    if (!turn.isTaken) this.#end(turn, { status: 'failed', reason: 'its terminal did not take the prompt' });
  }

  async #tool(body: unknown, gone: AbortSignal): Promise<object> {
    const answer = await askGate(body, this.#turn, this.#options.cwd, gone);
    if (answer.command !== null) this.#allowed.add(answer.command);
    return answer.said;
  }

  async #told(told: Told): Promise<object> {
    const { hook_event_name: name } = told;
    if (name === 'UserPromptSubmit' && !(await this.#taken(told))) return turnedAway;
    const turn = this.#turn;
    if (name === 'MessageDisplay' && told.delta) turn?.transcript.shown(told.delta, told.index === 0);
    if (name === 'SubagentStart' && told.agent_id !== undefined)
      turn?.subagents.push(new SubagentRecord(told.transcript_path, told.agent_id));
    if (name === 'Stop' && turn)
      void this.#settle(turn, { status: 'completed', reason: null }, told.last_assistant_message ?? '');
    if (name === 'StopFailure' && turn) void this.#settle(turn, { status: 'failed', reason: failureOf(told) }, '');
    return {};
  }

  /**
   * A prompt goes in: the one that was typed for us, one that steers, or one that a person began a turn with. False: it is no
   * turn, because another one runs.
   */
  async #taken({ prompt = '', transcript_path: path }: Told): Promise<boolean> {
    const record = await RecordFile.fromEnd(path);
    if (!this.#turn) {
      const begun = this.#options.begin(prompt);
      if (begun) this.#turn = newTurn(begun.sink, (end) => begun.end(end));
    }
    const turn = this.#turn;
    if (!turn) return false;
    if (turn.isTaken) return true;
    turn.isTaken = true;
    turn.record = record;
    void this.#follow(turn);
    return true;
  }

  async #follow(turn: Running): Promise<void> {
    while (this.#turn === turn) {
      await this.#read(turn);
      if (turn.transcript.isCut) this.#end(turn, { status: 'interrupted', reason: null });
      await sleep(pollMs);
    }
  }

  /** What ends a call comes after what was done in it. */
  async #read(turn: Running): Promise<void> {
    for (const subagent of turn.subagents) for (const line of await subagent.read()) turn.transcript.line(line);
    for (const record of (await turn.record?.read()) ?? []) turn.transcript.line(record);
  }

  /** The hook comes before the last line of the record. */
  async #settle(turn: Running, end: TurnEnd, lastText: string): Promise<void> {
    const deadline = performance.now() + settleMs;
    while (this.#turn === turn && turn.transcript.lastText.trim() !== lastText.trim() && performance.now() < deadline) {
      await sleep(pollMs / 2);
    }
    this.#end(turn, end);
  }

  #end(turn: Running, end: TurnEnd): void {
    if (this.#turn !== turn) return;
    this.#turn = null;
    turn.transcript.end(end.status === 'completed');
    turn.abort.abort();
    turn.finish(end);
  }

  #gone(): void {
    this.#isEnded = true;
    if (this.#turn) this.#end(this.#turn, { status: 'failed', reason: 'Claude Code ended in its terminal' });
  }
}

const newTurn = (sink: TurnSink, finish: (end: TurnEnd) => void): Running => ({
  ...{ sink, finish, transcript: new Transcript(sink), abort: new AbortController() },
  ...{ record: null, subagents: [], isTaken: false },
});

const failureOf = ({ error, last_assistant_message: said }: Told): string =>
  said || (typeof error === 'string' ? error : 'the model could not be reached');
