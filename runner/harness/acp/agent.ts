/** One agent behind the Agent Client Protocol (v1) on its standard streams. Knows no particular agent. */

import { Readable, Writable } from 'node:stream';
import {
  type ClientConnection,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptResponse,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
} from '@agentclientprotocol/sdk';
import { AppError } from '#protocol/error.ts';
import type { Agent, AgentOptions, AgentProcess, TurnEnd, TurnSink } from '../harness.ts';
import { lineGuard } from './line-guard.ts';
import { Transcript } from './transcript.ts';

/** An agent that has not greeted by then hangs, in ms. Some take ten seconds on a slow machine. */
const usualGreetingMs = 30_000;
/** After `session/cancel` an agent ends its turn; one that does not is ended itself, in ms. */
const cancelMs = 5_000;

export interface AcpStart {
  command: readonly string[];
  env: Record<string, string>;
  /** For an agent that is known to start slowly. */
  greetingMs?: number | undefined;
  /** Files and folders that its program reads beside itself, absolute. */
  readable?: readonly string[] | undefined;
}

/** Denials after which a turn is asked to go on. */
const maxDenials = 20;

interface Turn {
  sink: TurnSink;
  transcript: Transcript;
  abort: AbortController;
}

export class AcpAgent implements Agent {
  readonly #process: AgentProcess;
  readonly #connection: ClientConnection;
  readonly #options: AgentOptions;
  /** Why it was ended for what it printed. */
  #flood: string | null = null;
  #sessionId: string | null = null;
  #cwd = '/';
  #turn: Turn | null = null;

  private constructor(options: AgentOptions, process: AgentProcess) {
    this.#options = options;
    this.#process = process;
    const output = Writable.toWeb(process.stdin as Writable) as WritableStream<Uint8Array>;
    const guard = lineGuard({
      log: options.log,
      onFlood: (why) => {
        this.#flood = why;
        process.kill('SIGKILL');
      },
    });
    const input = Readable.toWeb((process.stdout as Readable).pipe(guard)) as ReadableStream<Uint8Array>;
    this.#connection = client({ name: 'omnigent' })
      .onRequest(methods.client.session.requestPermission, ({ params }) => this.#permission(params))
      .onNotification(methods.client.session.update, ({ params }) => this.#turn?.transcript.update(params.update))
      .connect(ndJsonStream(output, input));
  }

  /** Throws `launch.failed` when the agent does not greet, speaks another protocol or ends at once. */
  static async start(options: AgentOptions, start: AcpStart): Promise<AcpAgent> {
    const { command, env, greetingMs = usualGreetingMs, readable = [] } = start;
    const process = await options.launcher.spawn(command, env, { cwd: await options.cwd, readable });
    const agent = new AcpAgent(options, process);
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`it did not greet within ${greetingMs / 1_000} s`)), greetingMs).unref();
    });
    const gone = process.ended.then((how) => Promise.reject(new Error(agent.#flood ?? `it ended (${how})`)));
    try {
      await Promise.race([agent.#greet(), late, gone]);
      return agent;
    } catch (failure) {
      // A stream that closes comes before the news of how the program ended.
      const moment = new Promise((resolve) => setTimeout(resolve, 300));
      const cause = await Promise.race([gone, moment]).then(
        () => failure,
        (end: unknown) => end,
      );
      await agent.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      const complaint = process.complaint === '' ? '' : `: ${process.complaint}`;
      throw new AppError({
        code: 'launch.failed',
        message: `${command[0]} does not work as an ACP agent, ${why}${complaint}`,
        cause,
      });
    }
  }

  get conversation(): string | null {
    return this.#sessionId;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async turn(prompt: string, sink: TurnSink): Promise<TurnEnd> {
    const turn = { sink, transcript: new Transcript(sink, this.#cwd), abort: new AbortController() };
    this.#turn = turn;
    const asked = this.#prompt(prompt, turn);
    const died = this.#process.ended.then(
      (how): TurnEnd => ({ status: 'failed', reason: this.#flood ?? `the agent ended (${how})` }),
    );
    try {
      return await Promise.race([asked.then(endOf), died]).then((end) => {
        turn.transcript.end(end.status === 'completed');
        return end;
      });
    } catch (cause) {
      turn.transcript.end(false);
      return { status: 'failed', reason: reasonOf(cause) };
    } finally {
      turn.abort.abort();
      this.#turn = null;
    }
  }

  /**
   * Some agents end their turn at a denial without a word to the model: it is told then, and goes on in the same turn.
   * Resolves with the last stop reason.
   */
  async #prompt(prompt: string, turn: Turn): Promise<string> {
    const sessionId = this.#session();
    for (let text = prompt, n = 0; ; n++) {
      const request = { sessionId, prompt: [{ type: 'text' as const, text }] };
      const answered: PromptResponse = await this.#connection.agent.request(methods.agent.session.prompt, request);
      const denial = turn.transcript.takeUntold();
      if (denial === null || turn.abort.signal.aborted || n >= maxDenials) return answered.stopReason;
      text = `${denial} Do not try it again the same way; go on without it, or end here.`;
    }
  }

  steer(): Promise<void> {
    return Promise.reject(
      new AppError({ code: 'input.unsupported', message: 'this agent takes nothing during a turn' }),
    );
  }

  async interrupt(): Promise<void> {
    const turn = this.#turn;
    if (!turn) return;
    turn.abort.abort();
    setTimeout(() => {
      if (this.#turn === turn) this.#process.kill('SIGKILL');
    }, cancelMs).unref();
    // One that reads nothing any more does not take this either, and is killed then.
    const said = this.#connection.agent.notify(methods.agent.session.cancel, { sessionId: this.#session() });
    await Promise.race([said.catch(() => undefined), this.#process.ended]);
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#process.kill('SIGKILL');
    await this.#process.ended;
  }

  async #greet(): Promise<void> {
    const { agent } = this.#connection;
    const { conversation } = this.#options;
    const greeting = await agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
      clientInfo: { name: 'omnigent', version: '0.1.0' },
    });
    if (greeting.protocolVersion !== PROTOCOL_VERSION) {
      throw new Error(`it speaks version ${greeting.protocolVersion} of the protocol, not ${PROTOCOL_VERSION}`);
    }
    const mcpServers: [] = [];
    const cwd = await this.#options.cwd;
    this.#cwd = cwd;
    if (conversation !== null && greeting.agentCapabilities?.loadSession) {
      await agent.request(methods.agent.session.load, { sessionId: conversation, cwd, mcpServers });
      this.#sessionId = conversation;
      return;
    }
    const { sessionId } = await agent.request(methods.agent.session.new, { cwd, mcpServers });
    this.#sessionId = sessionId;
  }

  #session(): string {
    if (this.#sessionId === null) throw new AppError({ code: 'server.internal', message: 'the agent has not greeted' });
    return this.#sessionId;
  }

  /** Without a turn, without an option that fits and without an answer nothing is allowed. */
  async #permission({ toolCall, options }: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const turn = this.#turn;
    const cancelled = { outcome: { outcome: 'cancelled' } } as const;
    if (!turn) return cancelled;
    await turn.transcript.whole(toolCall);
    const answer = await turn.sink.gate(turn.transcript.action(toolCall), turn.abort.signal);
    const wanted = answer.verdict === 'allow' ? 'allow_once' : 'reject_once';
    const option = options.find(({ kind }) => kind === wanted);
    const _meta = answer.verdict === 'deny' ? { reason: answer.message } : null;
    if (answer.verdict === 'deny') turn.transcript.denied(toolCall, answer.message);
    return option ? { outcome: { outcome: 'selected', optionId: option.optionId }, _meta } : cancelled;
  }
}

/** An agent's own words stand in the details of a JSON-RPC error, behind "Internal error". */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { data } = cause as Error & { data?: { details?: unknown } };
  return typeof data?.details === 'string' ? data.details : cause.message;
}

function endOf(stopReason: string): TurnEnd {
  switch (stopReason) {
    case 'end_turn':
      return { status: 'completed', reason: null };
    case 'cancelled':
      return { status: 'interrupted', reason: null };
    case 'refusal':
      return { status: 'failed', reason: 'the model refused' };
    default:
      return { status: 'failed', reason: `it stopped: ${stopReason.replaceAll('_', ' ')}` };
  }
}
