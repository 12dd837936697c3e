/** Anthropic Messages (`/v1/messages`). Source: https://docs.anthropic.com/en/api/messages-streaming */
import { randomUUID } from 'node:crypto';
import { asList, asRecord, asText, type Dialect, event, type Request, textOf, type Voice } from './dialect.ts';
import type { ScriptUsage } from './script.ts';

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

const usageOf = (usage: ScriptUsage) => ({
  input_tokens: usage.input,
  cache_read_input_tokens: usage.cacheRead,
  cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
  cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite5m, ephemeral_1h_input_tokens: usage.cacheWrite1h },
  output_tokens: usage.output,
});

const isToolResult = (part: unknown) => asRecord(part).type === 'tool_result';
const hasResult = (message: Record<string, unknown>) => asList(message.content).some(isToolResult);
const isPrompt = (message: Record<string, unknown>) => message.role === 'user' && !hasResult(message);

function read(body: Record<string, unknown>): Request {
  const messages = asList(body.messages).map(asRecord);
  const from = Math.max(0, messages.findLastIndex(isPrompt));
  const newest = messages.findLast((message) => message.role === 'user');
  return {
    model: asText(body.model),
    text: messages
      .slice(from)
      .map((message) => textOf(message.content))
      .join('\n'),
    hasToolResult: newest !== undefined && hasResult(newest),
    isStream: body.stream === true,
    tools: asList(body.tools).map((tool) => {
      const { name, input_schema } = asRecord(tool);
      return { name: asText(name), schema: asRecord(input_schema) };
    }),
  };
}

class AnthropicVoice implements Voice {
  readonly #message = { id: newId('msg'), type: 'message', role: 'assistant' } as const;
  readonly #model: string;
  readonly #usage: ScriptUsage;
  readonly #content: Record<string, unknown>[] = [];
  #open: 'text' | null = null;
  #stopReason = 'end_turn';

  constructor(model: string, usage: ScriptUsage) {
    this.#model = model;
    this.#usage = usage;
  }

  start(): string {
    const usage = { ...usageOf(this.#usage), output_tokens: 1 };
    const message = {
      ...this.#message,
      model: this.#model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return event({ type: 'message_start', message }) + event({ type: 'ping' });
  }

  text(delta: string, isFirst: boolean): string {
    const begun = isFirst ? this.#close() + this.#begin({ type: 'text', text: '' }) : '';
    if (isFirst) this.#open = 'text';
    const block = this.#content.at(-1);
    if (block) block.text = asText(block.text) + delta;
    return begun + this.#delta({ type: 'text_delta', text: delta });
  }

  reasoning(text: string): string {
    const signature = 'c2NyaXB0ZWQ=';
    const begun = this.#close() + this.#begin({ type: 'thinking', thinking: '', signature: '' });
    Object.assign(this.#content.at(-1) ?? {}, { thinking: text, signature });
    const deltas = this.#delta({ type: 'thinking_delta', thinking: text });
    return begun + deltas + this.#delta({ type: 'signature_delta', signature }) + this.#stop();
  }

  call(name: string, input: Record<string, unknown> | string): string {
    this.#stopReason = 'tool_use';
    const begun = this.#close() + this.#begin({ type: 'tool_use', id: newId('toolu'), name, input: {} });
    Object.assign(this.#content.at(-1) ?? {}, { input });
    return begun + this.#delta({ type: 'input_json_delta', partial_json: JSON.stringify(input) }) + this.#stop();
  }

  end(usage: ScriptUsage): string {
    const delta = { stop_reason: this.#stopReason, stop_sequence: null };
    // As the provider does: the whole count again, but not for how long a cache keeps what was written.
    const { cache_creation: _, ...counted } = usageOf(usage);
    const closed = this.#close() + event({ type: 'message_delta', delta, usage: counted });
    return closed + event({ type: 'message_stop' });
  }

  whole(): unknown {
    const ending = { stop_reason: this.#stopReason, stop_sequence: null, usage: usageOf(this.#usage) };
    return { ...this.#message, model: this.#model, content: this.#content, ...ending };
  }

  #begin(block: Record<string, unknown>): string {
    this.#content.push({ ...block });
    return event({ type: 'content_block_start', index: this.#content.length - 1, content_block: block });
  }

  #delta(delta: Record<string, unknown>): string {
    return event({ type: 'content_block_delta', index: this.#content.length - 1, delta });
  }

  #stop(): string {
    return event({ type: 'content_block_stop', index: this.#content.length - 1 });
  }

  #close(): string {
    const isOpen = this.#open !== null;
    this.#open = null;
    return isOpen ? this.#stop() : '';
  }
}

const errorTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

export const anthropic: Dialect = {
  read,
  voice: (request, usage) => new AnthropicVoice(request.model, usage),
  error: (status, message) => ({ type: 'error', error: { type: errorTypes[status] ?? 'api_error', message } }),
};
