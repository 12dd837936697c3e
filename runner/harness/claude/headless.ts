/** Claude Code without a screen: one process, JSON lines both ways, one conversation. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AppError } from '#protocol/error.ts';
import type { Agent, AgentProcess, PlacedOptions, TurnEnd, TurnSink } from '../harness.ts';
import { askGate, type ClaudeTurn } from './gate.ts';
import { headlessArguments, prepareClaude } from './settings.ts';
import { plainShell } from './shell.ts';
import { Transcript } from './transcript.ts';

/** A CLI that does not answer its first request by then hangs, in ms. */
const greetingMs = 60_000;
/** An interrupted turn ends by itself within this time, or its process is ended, in ms. */
const interruptMs = 8_000;
/** A line longer than this is no message of ours; in characters. */
const maxLine = 64 * 1024 * 1024;

type Json = Record<string, unknown>;
type Reply = { ok: true; response: Json } | { ok: false; error: string };

interface Running extends ClaudeTurn {
  resolve: (end: TurnEnd) => void;
}

export class HeadlessClaude implements Agent {
  readonly conversation: string;
  readonly #process: AgentProcess;
  readonly #options: PlacedOptions;
  readonly #replies = new Map<string, (reply: Reply) => void>();
  #turn: Running | null = null;

  private constructor(options: PlacedOptions, process: AgentProcess, conversation: string) {
    this.#options = options;
    this.#process = process;
    this.conversation = conversation;
    const lines = createInterface({ input: process.stdout as Readable, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => this.#hear(line));
    void process.ended.then((how) => this.#gone(how));
    options.access.onPost('tool', async (body, signal) => (await askGate(body, this.#turn, options.cwd, signal)).said);
  }

  /** Throws `launch.failed` when it ends at once or does not answer. */
  static async start(options: PlacedOptions, file: string): Promise<HeadlessClaude> {
    const isNew = options.conversation === null;
    const conversation = options.conversation ?? randomUUID();
    const { args, env } = await prepareClaude(options, {
      conversation,
      isNew,
      canSignIn: false,
      told: [],
      shell: plainShell,
    });
    const process = await options.launcher.spawn([file, ...headlessArguments, ...args], env, { cwd: options.cwd });
    const agent = new HeadlessClaude(options, process, conversation);
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`it did not answer within ${greetingMs / 1_000} s`)), greetingMs).unref();
    });
    const gone = process.ended.then((how) => Promise.reject(new Error(`it ended (${how})`)));
    try {
      await Promise.race([agent.#control({ subtype: 'initialize' }), late, gone]);
      return agent;
    } catch (cause) {
      await agent.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      const complaint = process.complaint === '' ? '' : `: ${process.complaint}`;
      throw new AppError({ code: 'launch.failed', message: `Claude Code did not start, ${why}${complaint}`, cause });
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  turn(prompt: string, sink: TurnSink): Promise<TurnEnd> {
    return new Promise((resolve) => {
      this.#turn = { sink, transcript: new Transcript(sink), abort: new AbortController(), resolve };
      this.#say(prompt);
    });
  }

  /** Folded in at the next tool call. */
  async steer(text: string): Promise<void> {
    this.#say(text);
  }

  async interrupt(): Promise<void> {
    const turn = this.#turn;
    if (!turn) return;
    turn.abort.abort();
    const timer = setTimeout(() => {
      if (this.#turn === turn) this.#process.kill('SIGKILL');
    }, interruptMs);
    timer.unref();
    await this.#control({ subtype: 'interrupt' });
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.ended;
  }

  #say(text: string): void {
    const message = { role: 'user', content: text };
    this.#send({ type: 'user', message, parent_tool_use_id: null, session_id: '' });
  }

  #send(message: Json): void {
    this.#process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** Rejects with the CLI's own words. */
  #control(request: Json): Promise<Json> {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#replies.set(id, (reply) => (reply.ok ? resolve(reply.response) : reject(new Error(reply.error))));
      this.#send({ type: 'control_request', request_id: id, request });
    });
  }

  #hear(text: string): void {
    let line: Json;
    try {
      if (text.length > maxLine) throw new Error('too long');
      line = JSON.parse(text) as Json;
    } catch {
      this.#options.log(`claude: not a message: ${text.slice(0, 200)}`);
      return;
    }
    if (line.type === 'control_response') return this.#replied(line.response as Json);
    if (line.type === 'control_request') return this.#asked(line);
    if (line.type === 'result') return this.#ended(line);
    this.#turn?.transcript.line(line);
  }

  #replied({ request_id: id, subtype, response, error }: Json): void {
    const settle = this.#replies.get(String(id));
    this.#replies.delete(String(id));
    settle?.(
      subtype === 'success' ? { ok: true, response: (response ?? {}) as Json } : { ok: false, error: String(error) },
    );
  }

  /** Every call was asked about by the hook already; what asks a second time is something that only a person could answer. */
  #asked({ request_id, request }: Json): void {
    const { subtype } = request as Json;
    const response =
      subtype === 'can_use_tool'
        ? {
            subtype: 'success',
            request_id,
            response: { behavior: 'deny', message: 'nobody can be asked in this session' },
          }
        : { subtype: 'error', request_id, error: `${String(subtype)} is not supported` };
    this.#send({ type: 'control_response', response });
  }

  #ended(line: Json): void {
    const isFailed = line.subtype !== 'success' || line.is_error === true;
    const isCut = String(line.terminal_reason ?? '').startsWith('aborted');
    const errors = Array.isArray(line.errors) ? line.errors.join('; ') : '';
    const why = String(line.result ?? '') || errors || String(line.terminal_reason ?? line.subtype ?? 'it failed');
    if (isCut) this.#finish({ status: 'interrupted', reason: null });
    else if (isFailed) this.#finish({ status: 'failed', reason: why });
    else this.#finish({ status: 'completed', reason: null });
  }

  #gone(how: string): void {
    const complaint = this.#process.complaint === '' ? '' : `: ${this.#process.complaint}`;
    for (const settle of this.#replies.values()) settle({ ok: false, error: `it ended (${how})${complaint}` });
    this.#replies.clear();
    this.#finish({ status: 'failed', reason: `Claude Code ended (${how})${complaint}` });
  }

  #finish(end: TurnEnd): void {
    const turn = this.#turn;
    this.#turn = null;
    turn?.transcript.end(end.status === 'completed');
    turn?.abort.abort();
    turn?.resolve(end);
  }
}
