/** OpenAI Responses (`/v1/responses`). Source: https://platform.openai.com/docs/api-reference/responses-streaming */
import { randomUUID } from 'node:crypto';
import { asList, asRecord, asText, type Dialect, event, type Request, textOf, type Voice } from './dialect.ts';
import type { ScriptUsage } from './script.ts';

const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;

const usageOf = ({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: ScriptUsage) => {
  const all = input + cacheRead + cacheWrite5m + cacheWrite1h;
  return {
    input_tokens: all,
    input_tokens_details: { cached_tokens: cacheRead },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: all + output,
  };
};

const isResult = (item: Record<string, unknown>) => asText(item.type).endsWith('_call_output');
const isPrompt = (item: Record<string, unknown>) => item.role === 'user';

function read(body: Record<string, unknown>): Request {
  const items =
    typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : asList(body.input).map(asRecord);
  const from = Math.max(0, items.findLastIndex(isPrompt));
  return {
    model: asText(body.model),
    text: items
      .slice(from)
      .map((item) => textOf(item.content ?? item.output))
      .join('\n'),
    hasToolResult: isResult(items.at(-1) ?? {}),
    isStream: body.stream === true,
    tools: asList(body.tools).map((tool) => {
      const { name, type, parameters } = asRecord(tool);
      return { name: asText(name), schema: type === 'custom' ? null : asRecord(parameters) };
    }),
  };
}

class ResponsesVoice implements Voice {
  readonly #id = newId('resp');
  readonly #model: string;
  readonly #usage: ScriptUsage;
  readonly #output: Record<string, unknown>[] = [];
  #sequence = 0;
  #text: { id: string; text: string } | null = null;

  constructor(model: string, usage: ScriptUsage) {
    this.#model = model;
    this.#usage = usage;
  }

  start(): string {
    return this.#event('response.created', { response: this.#response('in_progress') });
  }

  text(delta: string, isFirst: boolean): string {
    let begun = '';
    if (isFirst || !this.#text) {
      begun = this.#close();
      this.#text = { id: newId('msg'), text: '' };
      const item = { id: this.#text.id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
      begun += this.#event('response.output_item.added', { output_index: this.#output.length, item });
      const part = { type: 'output_text', text: '', annotations: [] };
      begun += this.#event('response.content_part.added', { ...this.#place(), part });
    }
    this.#text.text += delta;
    return begun + this.#event('response.output_text.delta', { ...this.#place(), delta });
  }

  reasoning(text: string): string {
    const summary = [{ type: 'summary_text', text }];
    return this.#close() + this.#item({ id: newId('rs'), type: 'reasoning', summary, encrypted_content: null });
  }

  call(name: string, input: Record<string, unknown> | string): string {
    const callId = newId('call');
    if (typeof input === 'string') {
      return this.#close() + this.#item({ id: newId('ctc'), type: 'custom_tool_call', call_id: callId, name, input });
    }
    const id = newId('fc');
    const args = JSON.stringify(input);
    const delta = () =>
      this.#event('response.function_call_arguments.delta', {
        item_id: id,
        output_index: this.#output.length,
        delta: args,
      });
    return this.#close() + this.#item({ id, type: 'function_call', call_id: callId, name, arguments: args }, delta);
  }

  end(): string {
    return this.#close() + this.#event('response.completed', { response: this.#response('completed') });
  }

  whole(): unknown {
    return this.#response('completed');
  }

  #response(status: string): Record<string, unknown> {
    const usage = status === 'completed' ? usageOf(this.#usage) : null;
    return { id: this.#id, object: 'response', status, model: this.#model, output: [...this.#output], usage };
  }

  #event(type: string, data: Record<string, unknown>): string {
    return event({ type, sequence_number: this.#sequence++, ...data });
  }

  #place() {
    return { item_id: this.#text?.id, output_index: this.#output.length, content_index: 0 };
  }

  #item(item: Record<string, unknown>, deltas: () => string = () => ''): string {
    const output_index = this.#output.length;
    const added = { ...item, status: 'in_progress', ...('arguments' in item && { arguments: '' }) };
    const done = { ...item, status: 'completed' };
    const begun = this.#event('response.output_item.added', { output_index, item: added }) + deltas();
    this.#output.push(done);
    return begun + this.#event('response.output_item.done', { output_index, item: done });
  }

  #close(): string {
    if (!this.#text) return '';
    const { id, text } = this.#text;
    const part = { type: 'output_text', text, annotations: [] };
    const item = { id, type: 'message', role: 'assistant', status: 'completed', content: [part] };
    const done =
      this.#event('response.output_text.done', { ...this.#place(), text }) +
      this.#event('response.content_part.done', { ...this.#place(), part }) +
      this.#event('response.output_item.done', { output_index: this.#output.length, item });
    this.#text = null;
    this.#output.push(item);
    return done;
  }
}

/** OpenAI's APIs agree on this one. */
export const openAiError = (status: number, message: string) => ({
  error: { message, type: status === 429 ? 'rate_limit_exceeded' : 'invalid_request_error', param: null, code: null },
});

export const responses: Dialect = {
  read,
  voice: (request, usage) => new ResponsesVoice(request.model, usage),
  error: openAiError,
};
