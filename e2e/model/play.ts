/** Plays one scripted answer onto an HTTP response: pieces, pauses, gates, faults. Knows no rule and no request. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dialect, Request, Voice } from './dialect.ts';
import type { Gates } from './gates.ts';
import { type Call, shellCall, writeCall } from './offered-tool.ts';
import type { Answer, Step } from './script.ts';

const notOffered = (what: string) => `script: the request offers no tool for ${what}`;

/** `text` in `chunks` pieces of about the same length; a word each where no number is given. */
function piecesOf(text: string, chunks: number | undefined): string[] {
  if (text === '') return [];
  if (chunks === undefined) return text.match(/\S+\s*|\s+/g) ?? [];
  const characters = [...text];
  const length = Math.max(1, Math.ceil(characters.length / chunks));
  return Array.from({ length: Math.ceil(characters.length / length) }, (_, n) =>
    characters.slice(n * length, (n + 1) * length).join(''),
  );
}

export interface Stage {
  response: ServerResponse;
  dialect: Dialect;
  request: Request;
  gates: Gates;
  /** Ends waits when the client has gone. */
  signal: AbortSignal;
  onBytes: (count: number) => void;
  /** The server itself cuts the connection. */
  onCut: () => void;
}

class Play {
  readonly #stage: Stage;
  readonly #voice: Voice;
  #isStarted = false;

  constructor(stage: Stage, answer: Answer) {
    this.#stage = stage;
    this.#voice = stage.dialect.voice(stage.request, answer.usage);
  }

  /** False ends the answer here: something else was sent, or the connection is cut. */
  async step(step: Step): Promise<boolean> {
    if ('gate' in step) return this.#gate(step.gate);
    if ('status' in step) return this.#refuse(step);
    if ('cut' in step) return this.#cut();
    if ('garbage' in step) return this.#garbage();
    if ('text' in step) return this.#text(step);
    if ('reasoning' in step) return this.#say(this.#voice.reasoning(step.reasoning));
    return this.#call(step);
  }

  end(answer: Answer): void {
    const { response, request } = this.#stage;
    this.#say(this.#voice.end(answer.usage));
    if (!request.isStream) this.#json(200, this.#voice.whole());
    else response.end();
  }

  #say(text: string): boolean {
    if (this.#stage.signal.aborted) return false;
    if (this.#stage.request.isStream) {
      const start = this.#isStarted ? '' : this.#voice.start();
      if (!this.#isStarted) this.#stage.response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.#isStarted = true;
      this.#write(start + text);
    }
    return true;
  }

  #write(text: string): void {
    this.#stage.onBytes(Buffer.byteLength(text));
    this.#stage.response.write(text);
  }

  #gate(name: string): Promise<boolean> {
    return this.#stage.gates.pass(name, this.#stage.signal);
  }

  #refuse({ status, headers, body }: Extract<Step, { status: unknown }>): boolean {
    const { dialect } = this.#stage;
    this.#json(status, body ?? dialect.error(status, `scripted ${status}`), headers);
    return false;
  }

  #json(status: number, body: unknown, headers: Record<string, string> = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    this.#stage.onBytes(Buffer.byteLength(text));
    this.#stage.response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  }

  #cut(): boolean {
    this.#stage.onCut();
    this.#stage.response.socket?.destroySoon();
    return false;
  }

  #garbage(): boolean {
    const { response } = this.#stage;
    if (!this.#isStarted) response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#write('data: {"type":"message_st\u0000\n\n}}}garbage{{{\n\n');
    response.end();
    return false;
  }

  async #text({ text, chunks, delayMs }: Extract<Step, { text: unknown }>): Promise<boolean> {
    let isFirst = true;
    for (const piece of piecesOf(text, chunks)) {
      if (delayMs) await sleep(delayMs, null, { signal: this.#stage.signal }).catch(() => null);
      if (!this.#say(this.#voice.text(piece, isFirst))) return false;
      isFirst = false;
    }
    return true;
  }

  #call(step: Step): boolean {
    const { tools } = this.#stage.request;
    const [call, what] = callOf(step, tools);
    if (call) return this.#say(this.#voice.call(call.name, call.input));
    return this.#say(this.#voice.text(notOffered(what), true));
  }
}

function callOf(step: Step, tools: Request['tools']): [Call | null, string] {
  if ('shell' in step) return [shellCall(tools, step.shell), 'commands'];
  if ('write' in step) return [writeCall(tools, step.write), 'files'];
  return ['tool' in step ? step.tool : null, 'this'];
}

/** Resolves when the answer is out, cut, or its client has gone. */
export async function play(stage: Stage, answer: Answer): Promise<void> {
  const performance = new Play(stage, answer);
  for (const step of answer.steps) if (!(await performance.step(step))) return;
  if (!stage.signal.aborted) performance.end(answer);
}
