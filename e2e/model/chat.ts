/** OpenAI Chat Completions (`/v1/chat/completions`). Source: https://platform.openai.com/docs/api-reference/chat-streaming */
import { randomUUID } from 'node:crypto';
import { asList, asRecord, asText, type Dialect, type Request, textOf, type Voice } from './dialect.ts';
import { openAiError } from './responses.ts';
import type { ScriptUsage } from './script.ts';

const newId = (prefix: string) => `${prefix}${randomUUID().replaceAll('-', '')}`;

const usageOf = ({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: ScriptUsage) => {
  const prompt_tokens = input + cacheRead + cacheWrite5m + cacheWrite1h;
  return {
    prompt_tokens,
    completion_tokens: output,
    total_tokens: prompt_tokens + output,
    prompt_tokens_details: { cached_tokens: cacheRead },
  };
};

function read(body: Record<string, unknown>): Request {
  const messages = asList(body.messages).map(asRecord);
  const from = Math.max(
    0,
    messages.findLastIndex((message) => message.role === 'user'),
  );
  return {
    model: asText(body.model),
    text: messages
      .slice(from)
      .map((message) => textOf(message.content))
      .join('\n'),
    hasToolResult: messages.at(-1)?.role === 'tool',
    isStream: body.stream === true,
    wantsUsage: asRecord(body.stream_options).include_usage === true,
    tools: asList(body.tools).map((tool) => {
      const { name, parameters } = asRecord(asRecord(tool).function);
      return { name: asText(name), schema: asRecord(parameters) };
    }),
  };
}

class ChatVoice implements Voice {
  readonly #id = newId('chatcmpl-');
  readonly #model: string;
  readonly #usage: ScriptUsage;
  readonly #wantsUsage: boolean;
  readonly #calls: Record<string, unknown>[] = [];
  #text = '';
  #reasoning = '';

  constructor({ model, wantsUsage = false }: Request, usage: ScriptUsage) {
    this.#model = model;
    this.#wantsUsage = wantsUsage;
    this.#usage = usage;
  }

  start(): string {
    return this.#chunk({ role: 'assistant', content: '' });
  }

  text(delta: string): string {
    this.#text += delta;
    return this.#chunk({ content: delta });
  }

  reasoning(text: string): string {
    this.#reasoning += text;
    return this.#chunk({ reasoning_content: text });
  }

  call(name: string, input: Record<string, unknown> | string): string {
    const index = this.#calls.length;
    const args = typeof input === 'string' ? input : JSON.stringify(input);
    const call = { id: newId('call_'), type: 'function', function: { name, arguments: args } };
    this.#calls.push(call);
    return this.#chunk({ tool_calls: [{ index, ...call }] });
  }

  end(): string {
    const told = { ...this.#head(), choices: [], usage: usageOf(this.#usage) };
    const usage = this.#wantsUsage ? `data: ${JSON.stringify(told)}\n\n` : '';
    return `${this.#chunk({}, this.#finish())}${usage}data: [DONE]\n\n`;
  }

  whole(): unknown {
    const calls = this.#calls.length > 0 ? { tool_calls: this.#calls } : {};
    const reasoning = this.#reasoning ? { reasoning_content: this.#reasoning } : {};
    const message = { role: 'assistant', content: this.#text, ...reasoning, ...calls };
    const choices = [{ index: 0, finish_reason: this.#finish(), message }];
    return { ...this.#head(), object: 'chat.completion', choices, usage: usageOf(this.#usage) };
  }

  #finish(): string {
    return this.#calls.length > 0 ? 'tool_calls' : 'stop';
  }

  #head() {
    return { id: this.#id, object: 'chat.completion.chunk', created: 1, model: this.#model };
  }

  #chunk(delta: Record<string, unknown>, finish_reason: string | null = null): string {
    const choices = [{ index: 0, delta, finish_reason }];
    const usage = this.#wantsUsage ? { usage: null } : {};
    return `data: ${JSON.stringify({ ...this.#head(), choices, ...usage })}\n\n`;
  }
}

export const chat: Dialect = {
  read,
  voice: (request, usage) => new ChatVoice(request, usage),
  error: openAiError,
};
